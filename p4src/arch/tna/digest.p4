// The digest to the controller: the deparser sends it.
#ifndef FIRSTACK_DIGEST
#define FIRSTACK_DIGEST

control Tell(in metadata_t meta, inout ingress_intrinsic_metadata_for_deparser_t for_deparser,
             inout ingress_intrinsic_metadata_for_tm_t for_tm) {
    apply {
        if (meta.race.event != 0) {
            for_deparser.digest_type = 1;
        }
    }
}

#endif
