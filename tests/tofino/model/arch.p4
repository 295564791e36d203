// v1model, rewriting in egress as TNA does.
#define REWRITE_IN_INGRESS(statement)
#define REWRITE_IN_EGRESS(statement) statement
#include "arch/v1model/arch.p4"
