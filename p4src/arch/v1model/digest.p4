// The digest to the controller.
#ifndef FIRSTACK_DIGEST
#define FIRSTACK_DIGEST

control Tell(in metadata_t meta, inout standard_metadata_t standard) {
    apply {
        if (meta.race.event != 0) {
            digest<flow_event_t>(1, FLOW_EVENT);
        }
    }
}

#endif
