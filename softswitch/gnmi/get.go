package gnmi

import (
	"context"
	"slices"
	"strings"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/gnmitree"
)

// Get implements gNMI. Each path has a notification: with one value for each node that it leads to, or with the values
// of all leaves there in PROTO.
func (s *Server) Get(_ context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	if err := checkEncoding(req.GetEncoding()); err != nil {
		return nil, err
	}
	if err := checkModels(req.GetUseModels()); err != nil {
		return nil, err
	}
	of, err := contentOf(req.GetType())
	if err != nil {
		return nil, err
	}
	asked := req.GetPath()
	if len(asked) == 0 {
		asked = []*gpb.Path{{}}
	}
	all, now := leaves(s.device.Interfaces()), time.Now()
	all = slices.DeleteFunc(all, func(l gnmitree.Leaf) bool { return !of(inner(l.Path)) })
	response := &gpb.GetResponse{}
	for _, one := range asked {
		p, err := locate(req.GetPrefix(), one)
		if err != nil {
			return nil, err
		}
		updates, err := values(all, p, req.GetEncoding())
		if err != nil {
			return nil, err
		}
		response.Notification = append(response.Notification, &gpb.Notification{
			Timestamp: now.UnixNano(), Prefix: gnmitree.AnswerPrefix(req.GetPrefix()), Update: updates,
		})
	}
	return response, nil
}

// contentOf says which leaves of an interface a type of data has.
func contentOf(t gpb.GetRequest_DataType) (func(path string) bool, error) {
	isState := func(path string) bool { return strings.Contains("/"+path, "/state/") }
	switch t {
	case gpb.GetRequest_ALL:
		return func(string) bool { return true }, nil
	case gpb.GetRequest_CONFIG:
		return func(path string) bool { return !isState(path) }, nil
	case gpb.GetRequest_STATE:
		return isState, nil
	case gpb.GetRequest_OPERATIONAL: // state that is not configuration in effect
		return func(path string) bool {
			applied := at(&gpb.Path{Elem: []*gpb.PathElem{{Name: "interfaces"}, {Name: nameOfInterface}, {Name: "config"}}}).children
			rest, ok := strings.CutPrefix(path, "state/")
			return isState(path) && !(ok && applied[rest] != nil)
		}, nil
	}
	return nil, status.Errorf(codes.InvalidArgument, "type %v is unknown", t)
}

// values gives what a path leads to.
func values(all []gnmitree.Leaf, p *gpb.Path, e gpb.Encoding) ([]*gpb.Update, error) {
	nodes := gnmitree.Expand(all, p)
	if len(nodes) == 0 && len(p.GetElem()) > 0 && !isPattern(p) {
		return nil, status.Errorf(codes.NotFound, "%s: has no data", gnmitree.Text(p))
	}
	var updates []*gpb.Update
	add := func(at *gpb.Path, v *gpb.TypedValue, err error) error {
		if err != nil {
			return status.Error(codes.Internal, err.Error())
		}
		updates = append(updates, &gpb.Update{Path: at, Val: v})
		return nil
	}
	for _, n := range nodes {
		var below []gnmitree.Leaf
		for _, l := range all {
			if gnmitree.Matches(n.Elem, l.Path.Elem) >= 0 {
				below = append(below, l)
			}
		}
		if e != gpb.Encoding_PROTO && at(n).leaf == nil {
			v, err := jsonValue(object(below, len(n.Elem), at(n), e == gpb.Encoding_JSON_IETF, ""), e)
			if err := add(n, v, err); err != nil {
				return nil, err
			}
			continue
		}
		for i := range below {
			v, err := encodeLeaf(&below[i], e)
			if err := add(below[i].Path, v, err); err != nil {
				return nil, err
			}
		}
	}
	return updates, nil
}
