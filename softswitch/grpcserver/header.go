package grpcserver

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http2/hpack"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// request is what the headers of a call say.
type request struct {
	path     string
	method   *method
	encoding string // of compressed messages
	timeout  time.Duration
	limited  bool // timeout is given
	metadata metadata.MD
}

// refusal answers a call that does not begin.
type refusal struct {
	http   int
	status *status.Status
}

// malformed is not answered: the request breaks the rules of HTTP/2 (RFC 9113, 8.1.1).
var malformed = &refusal{}

func refuse(httpStatus int, code codes.Code, format string, args ...any) *refusal {
	return &refusal{httpStatus, status.Newf(code, format, args...)}
}

const contentType = "application/grpc"

// parseRequest reads the headers of a call (PROTOCOL-HTTP2.md, "Requests"; what is refused is what grpc-go refuses).
func parseRequest(fields []hpack.HeaderField) (r request, no *refusal) {
	r.metadata = make(metadata.MD, len(fields))
	var httpMethod, scheme, content string
	isGRPC := false
	for _, h := range fields {
		switch h.Name {
		case ":method":
			httpMethod = h.Value
		case ":path":
			r.path = h.Value
		case ":scheme":
			scheme = h.Value
		case "te", "grpc-message-type", "grpc-message", "grpc-status":
		case "content-type":
			content = h.Value
			rest, ok := strings.CutPrefix(content, contentType)
			isGRPC = ok && (rest == "" || rest[0] == '+' || rest[0] == ';')
			r.metadata[h.Name] = append(r.metadata[h.Name], h.Value)
		case "grpc-encoding":
			r.encoding = h.Value
		case "grpc-timeout":
			var err error
			if r.timeout, err = parseTimeout(h.Value); err != nil {
				no = refuse(http.StatusBadRequest, codes.Internal, "malformed grpc-timeout: %v", err)
			}
			r.limited = true
		case "connection":
			return r, malformed
		default:
			v := h.Value
			if strings.HasSuffix(h.Name, "-bin") {
				b, err := parseBinary(v)
				if err != nil {
					no = refuse(http.StatusBadRequest, codes.Internal, "malformed binary metadata in header %s: %v", h.Name, err)
				}
				v = string(b)
			}
			r.metadata[h.Name] = append(r.metadata[h.Name], v)
		}
	}
	authority, host := r.metadata[":authority"], r.metadata["host"]
	if len(authority) == 0 && len(host) > 0 {
		r.metadata[":authority"] = host
	}
	delete(r.metadata, "host")
	switch {
	case httpMethod == "" || scheme == "" || r.path == "":
		return r, malformed
	case len(authority) > 1 || len(host) > 1:
		return r, refuse(http.StatusBadRequest, codes.Internal, "several headers :authority or host: %q, %q", authority, host)
	case !isGRPC:
		return r, refuse(http.StatusUnsupportedMediaType, codes.InvalidArgument, "invalid gRPC request content-type %q", content)
	case no != nil:
		return r, no
	case len(authority)+len(host) == 0:
		return r, refuse(http.StatusBadRequest, codes.Internal, "no host or :authority header present")
	case httpMethod != http.MethodPost:
		return r, refuse(http.StatusMethodNotAllowed, codes.Internal, "Received a HEADERS frame with :method %q which should be POST", httpMethod)
	case r.limited && r.timeout <= 0:
		return r, refuse(http.StatusOK, codes.DeadlineExceeded, "context deadline exceeded")
	}
	return r, nil
}

// unknown says why a path is none of the server's.
func (s *Server) unknown(path string) *refusal {
	name, ok := strings.CutPrefix(path, "/")
	i := strings.LastIndex(name, "/")
	if !ok || i < 0 {
		return refuse(http.StatusOK, codes.Unimplemented, "malformed method name: %q", path)
	}
	if _, ok := s.services[name[:i]]; !ok {
		return refuse(http.StatusOK, codes.Unimplemented, "unknown service %s", name[:i])
	}
	return refuse(http.StatusOK, codes.Unimplemented, "unknown method %s for service %s", name[i+1:], name[:i])
}

var timeoutUnits = map[byte]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}

// parseTimeout reads grpc-timeout: at most eight digits and a unit.
func parseTimeout(s string) (time.Duration, error) {
	if len(s) < 2 || len(s) > 9 {
		return 0, fmt.Errorf("%q has not one to eight digits and a unit", s)
	}
	unit, ok := timeoutUnits[s[len(s)-1]]
	if !ok {
		return 0, fmt.Errorf("%q has an unknown unit", s)
	}
	n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
	if err != nil {
		return 0, fmt.Errorf("%q has not one to eight digits and a unit", s)
	}
	const longest = 1<<63 - 1
	if n > uint64(longest/unit) { // 292 years
		return longest, nil
	}
	return time.Duration(n) * unit, nil
}

// parseBinary reads a binary header's value; padding is optional.
func parseBinary(s string) ([]byte, error) {
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
}
