package gnmi

import (
	"encoding/json"
	"fmt"
	"strconv"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/internal/gnmitree"
)

// encodeLeaf gives the value of a leaf in an encoding.
func encodeLeaf(l *gnmitree.Leaf, e gpb.Encoding) (*gpb.TypedValue, error) {
	if e == gpb.Encoding_PROTO {
		return l.Value, nil
	}
	return jsonValue(plain(l, e == gpb.Encoding_JSON_IETF), e)
}

// plain gives a leaf's value for JSON.
func plain(l *gnmitree.Leaf, ietf bool) any {
	spec := at(l.Path).leaf
	switch x := l.Value.GetValue().(type) {
	case *gpb.TypedValue_BoolVal:
		return x.BoolVal
	case *gpb.TypedValue_UintVal:
		if spec.kind == number64 {
			return strconv.FormatUint(x.UintVal, 10)
		}
		return x.UintVal
	}
	s := l.Value.GetStringVal()
	if ietf && spec.kind == identity {
		return spec.module + ":" + s // RFC 7951, section 6.8
	}
	return s
}

func jsonValue(v any, e gpb.Encoding) (*gpb.TypedValue, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	if e == gpb.Encoding_JSON_IETF {
		return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: text}}, nil
	}
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonVal{JsonVal: text}}, nil
}

// object gives the JSON of the node that is depth elements down the path of its leaves, which are all there are below
// it (RFC 7951). In JSON_IETF names have their module where it is not that of the parent; "" = none has been named yet.
func object(leaves []gnmitree.Leaf, depth int, n *node, ietf bool, module string) map[string]any {
	members := map[string]any{}
	for len(leaves) > 0 {
		elem := leaves[0].Path.Elem[depth]
		end := 1
		for end < len(leaves) && same(leaves[end].Path.Elem[depth], elem) {
			end++
		}
		c, name := n.children[elem.Name], elem.Name
		if ietf && c.module != module {
			name = c.module + ":" + name
		}
		switch below := leaves[:end]; {
		case c.leaf != nil:
			members[name] = plain(&below[0], ietf)
		case c.list:
			list, _ := members[name].([]any)
			members[name] = append(list, object(below, depth+1, c, ietf, c.module))
		default:
			members[name] = object(below, depth+1, c, ietf, c.module)
		}
		leaves = leaves[end:]
	}
	return members
}

func same(a, b *gpb.PathElem) bool { return a.Name == b.Name && a.Key[key] == b.Key[key] }
