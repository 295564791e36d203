package gnmitree

import (
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// SetResponse tells what was done, in the order in which it was.
func SetResponse(req *gpb.SetRequest) *gpb.SetResponse {
	r := &gpb.SetResponse{Prefix: req.GetPrefix(), Timestamp: time.Now().UnixNano()}
	add := func(p *gpb.Path, op gpb.UpdateResult_Operation) {
		r.Response = append(r.Response, &gpb.UpdateResult{Path: p, Op: op})
	}
	for _, p := range req.GetDelete() {
		add(p, gpb.UpdateResult_DELETE)
	}
	for _, u := range req.GetReplace() {
		add(u.GetPath(), gpb.UpdateResult_REPLACE)
	}
	for _, u := range req.GetUpdate() {
		add(u.GetPath(), gpb.UpdateResult_UPDATE)
	}
	return r
}
