package grpcserver

import (
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// okFields begin the headers of an answer.
var okFields = []hpack.HeaderField{{Name: ":status", Value: "200"}, {Name: "content-type", Value: contentType}}

const detailsHeader = "grpc-status-details-bin"

// detailsOf is the value of detailsHeader, "" for a status without details.
func detailsOf(st *status.Status) string {
	if st == nil {
		return ""
	}
	p := st.Proto()
	if len(p.GetDetails()) == 0 {
		return ""
	}
	b, err := proto.Marshal(p)
	if err != nil { // the client still gets code and message
		return ""
	}
	return base64.RawStdEncoding.EncodeToString(b)
}

// appendMetadata adds metadata to headers, but for what is HTTP/2's or gRPC's own.
func appendMetadata(fields []hpack.HeaderField, md metadata.MD) []hpack.HeaderField {
	for name, values := range md {
		if strings.HasPrefix(name, ":") || reserved[name] {
			continue
		}
		for _, v := range values {
			if strings.HasSuffix(name, "-bin") {
				v = base64.RawStdEncoding.EncodeToString([]byte(v))
			}
			fields = append(fields, hpack.HeaderField{Name: name, Value: v})
		}
	}
	return fields
}

var reserved = map[string]bool{"content-type": true, "te": true, "user-agent": true, "grpc-encoding": true, "grpc-message": true,
	"grpc-message-type": true, "grpc-status": true, "grpc-timeout": true}

// listSize is the size of headers as clients limit it (RFC 9113, 10.5.1).
func listSize(fields []hpack.HeaderField) (n uint64) {
	for _, f := range fields {
		n += uint64(f.Size())
	}
	return n
}

// escape makes grpc-message: printable ASCII but for "%" as it is, other bytes percent-encoded (PROTOCOL-HTTP2.md,
// "Responses").
func escape(s string) string {
	plain := func(b byte) bool { return b >= ' ' && b <= '~' && b != '%' }
	clean := true
	for i := range len(s) {
		clean = clean && plain(s[i])
	}
	if clean {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(strings.ToValidUTF8(s, "\uFFFD")) {
		if plain(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
