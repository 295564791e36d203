// The tag, put on and taken off. It is the first option, so only the data offset and the lengths change.
#ifndef FIRSTACK_TAG
#define FIRSTACK_TAG

// FIG. 2, 210. A tag that is there already is modified instead (claims 15, 21).
control PutTag(inout headers_t hdr, in settings_t settings, in bit<1> permitted, in bit<1> direct,
               in bit<8> attempt) {
    apply {
        if (!hdr.tag.isValid()) {
            hdr.tag.setValid();
            hdr.tcp.data_offset = hdr.tcp.data_offset + TAG_WORDS;
            hdr.ipv4.total_len = hdr.ipv4.total_len + (bit<16>)TAG_LENGTH;
        }
        hdr.tag.kind = TAG_KIND;
        hdr.tag.length = TAG_LENGTH;
        hdr.tag.exid = TAG_EXID;
        hdr.tag.options = attempt;
        if (permitted == 1) {
            hdr.tag.options = hdr.tag.options | TAG_PERMITTED;
        }
        if (direct == 1) {
            hdr.tag.options = hdr.tag.options | TAG_DIRECT;
        }
        hdr.tag.epoch = settings.epoch;
        hdr.tag.gateway = settings.gateway;
        hdr.tag.mac = 0;
    }
}

control StripTag(inout headers_t hdr, inout checksum_t sum) {
    apply {
        if (hdr.tag.isValid()) {
            hdr.tag.setInvalid();
            hdr.tcp.data_offset = hdr.tcp.data_offset - TAG_WORDS;
            hdr.ipv4.total_len = hdr.ipv4.total_len - (bit<16>)TAG_LENGTH;
            sum.l4 = 1;
        }
    }
}

#endif
