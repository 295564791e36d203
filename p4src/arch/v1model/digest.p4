// The digest to the controller.
#ifndef FIRSTACK_DIGEST
#define FIRSTACK_DIGEST

// A digest takes fields as the end of ingress finds them, when a reset has flags of its own.
#define TELL_FLAGS meta.told.flags = hdr.tcp.flags;
#define FLAGS_TOLD meta.told.flags

control Tell(in metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (meta.race.event != 0) {
            digest<flow_event_t>(1, FLOW_EVENT);
        }
    }
}

#endif
