// What a Tofino 1 pipe holds, where it is less than the common sizes.
#ifndef FIRSTACK_TOFINO_SIZES
#define FIRSTACK_TOFINO_SIZES

#define SLOTS 32768
#define TRANSLATIONS 65536
#define ROUTES 12288
#define RACERS 8192
#define STEERING_MEMBERS 8192

#endif
