package gnmi

import (
	"context"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/internal/gnmitree"
)

// Get implements gNMI. Each path has a notification: with one value for each node that it leads to, or with the values
// of all leaves there in PROTO.
func (s *Server) Get(ctx context.Context, req *gpb.GetRequest) (*gpb.GetResponse, error) {
	if err := checkEncoding(req.GetEncoding()); err != nil {
		return nil, err
	}
	if err := checkModels(req.GetUseModels()); err != nil {
		return nil, err
	}
	var paths []*gpb.Path
	for _, asked := range orRoot(req.GetPath()) {
		p, err := join(req.GetPrefix(), asked)
		if err != nil {
			return nil, err
		}
		if err := check(p); err != nil {
			return nil, status.Error(codes.InvalidArgument, err.Error())
		}
		paths = append(paths, p)
	}
	c, err := contentOf(req.GetType())
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		c.add(p)
	}
	snap, err := s.take(ctx, c)
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	response := &gpb.GetResponse{}
	for _, p := range paths {
		updates, err := snap.updates(p, req.GetEncoding())
		if err != nil {
			return nil, err
		}
		response.Notification = append(response.Notification, &gpb.Notification{
			Timestamp: snap.made.UnixNano(), Prefix: gnmitree.AnswerPrefix(req.GetPrefix()), Update: updates,
		})
	}
	return response, nil
}

// orRoot asks for everything where a request asks for nothing.
func orRoot(paths []*gpb.Path) []*gpb.Path {
	if len(paths) == 0 {
		return []*gpb.Path{{}}
	}
	return paths
}

func contentOf(t gpb.GetRequest_DataType) (content, error) {
	switch t {
	case gpb.GetRequest_ALL:
		return content{config: true, effective: true, operational: true}, nil
	case gpb.GetRequest_CONFIG:
		return content{config: true}, nil
	case gpb.GetRequest_STATE:
		return content{effective: true, operational: true}, nil
	case gpb.GetRequest_OPERATIONAL:
		return content{operational: true}, nil
	}
	return content{}, status.Errorf(codes.InvalidArgument, "type %v is unknown", t)
}

// updates gives the values that a path leads to.
func (s *snapshot) updates(p *gpb.Path, e gpb.Encoding) ([]*gpb.Update, error) {
	found := gnmitree.Expand(s.leaves, p)
	if len(found) == 0 && len(p.GetElem()) > 0 && !isPattern(p) {
		return nil, status.Errorf(codes.NotFound, "%s: has no data", gnmitree.Text(p))
	}
	var updates []*gpb.Update
	for _, l := range s.leaves {
		if n := gnmitree.Matches(p.GetElem(), l.Path.Elem); n >= 0 && (e == gpb.Encoding_PROTO || n == len(l.Path.Elem)) {
			value, err := encodeLeaf(&l, e)
			if err != nil {
				return nil, status.Error(codes.Internal, err.Error())
			}
			updates = append(updates, &gpb.Update{Path: l.Path, Val: value})
		}
	}
	if e == gpb.Encoding_PROTO {
		return updates, nil
	}
	for _, node := range found {
		if entry := schemaOf(node); entry.IsLeaf() || entry.IsLeafList() {
			continue
		}
		value, err := encodeNode(s.root, node, e)
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
		updates = append(updates, &gpb.Update{Path: node, Val: value})
	}
	return updates, nil
}
