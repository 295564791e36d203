package p4rt

// Where targets differ from the specification, or from what a controller would expect. Each has a name here, and
// the place in the code that minds it carries the name in a comment. These show by themselves, in an answer; what has to
// be known of a target beforehand is in package target.
//
//   - quirkStaleOK: BMv2 (PI) may send status OK together with an election id that is not ours while connections
//     come and go. A higher id than ours means that we are not primary, whatever the status says.
//   - quirkNoRegisters: BMv2 (PI) answers UNIMPLEMENTED to register reads and writes (p4lang/PI issue 376), so they
//     are refused here unless Options.Target says that the target has them.
//   - quirkReadUnimplemented: PI reads a digest configuration only by id and answers NOT_FOUND when there is none;
//     other targets do not read multicast groups, clone sessions or digests at all. What can't be read back is
//     written as an insert and, when that says ALREADY_EXISTS, as a modify.
//   - quirkReconcileNothing: BMv2 (PI) dies of RECONCILE_AND_COMMIT while it has no pipeline. It is asked for only
//     where there is one to keep something from. Targets may refuse it altogether: a pipeline that differs is then
//     pushed with VERIFY_AND_COMMIT, which empties the tables.
//   - quirkReconcileHalfDone: BMv2 (PI) that fails RECONCILE_AND_COMMIT halfway already names the new pipeline and
//     cookie while it still runs the old one, and takes no other before a COMMIT.
//   - quirkNoStandBy: Stratum answers INVALID_ARGUMENT to a client without an election id, as it does to one whose id
//     is taken (P4Service::StreamChannel).
//   - quirkReadDetails: Stratum answers UNKNOWN to a read of several entities of which one is not there, with a
//     p4.v1.Error for each in the details, after having sent the others.
//   - quirkNoConfigYet: before the first pipeline some targets answer FAILED_PRECONDITION or NOT_FOUND to
//     GetForwardingPipelineConfig, others a configuration without a P4Info, instead of an empty response.
//   - quirkOneRead: BMv2 (PI) answers a read in a single message whatever its size, hence the large receive limit.
//   - quirkNoTruncation: BMv2 (PI) refuses clone sessions that cut packets.
//   - quirkKeepalive: gRPC servers close connections that ping more often than every five minutes unless they
//     are told otherwise. Dead peers are found by TCP's own keepalive; gRPC's is off unless asked for.
const (
	maxReceive = 256 << 20 // quirkOneRead; bytes
)
