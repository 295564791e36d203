// Table and register sizes. An architecture may set its own before it includes this file.
#ifndef FIRSTACK_SIZES
#define FIRSTACK_SIZES

#ifndef SLOTS
#define SLOTS 65536            // a power of two up to 65536; young connections, not open ones
#endif
#ifndef TRANSLATIONS
#define TRANSLATIONS 1048576   // open connections that run to a replica
#endif
#ifndef ROUTES
#define ROUTES 12288
#endif
#define NEIGHBORS 4096
#define INTERFACE_ADDRESSES 256
#define REDIRECT_RULES 512
#define SERVICES 4096
#ifndef STEERING_MEMBERS
#define STEERING_MEMBERS 16384  // ways in which SYNs go out, over all services
#endif
#define STEERING_PER_GROUP 256
#define WATCHES 4096           // replicas that a client gateway sends SYNs to directly
#define WATCHED 16384          // and the forms of their answers, by server
#ifndef RACERS
#define RACERS 16384           // (service, replica) pairs of a client gateway
#endif
#define LEGS 16384             // (service, replica) pairs of a server gateway
#define ORIGINS 4096
#define ORIGIN_GROUPS 1024
#define ORIGINS_PER_GROUP 64
#define STAND_INS 4096         // (replica, server) pairs of a replica gateway
#define DIRECTS 256            // prefixes that talk to replicas as themselves

#endif
