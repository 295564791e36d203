package gnmi

import (
	"encoding/json"
	"fmt"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"
	"github.com/openconfig/ygot/ytypes"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/schema"
	"github.com/firstack/firstack/internal/gnmitree"
)

// encodeLeaf gives the value of a leaf in an encoding.
func encodeLeaf(l *leaf, e gpb.Encoding) (*gpb.TypedValue, error) {
	if e == gpb.Encoding_PROTO {
		return l.Value, nil
	}
	text, err := json.Marshal(plain(l.Value, wide(l.Path)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Text, err)
	}
	return jsonValue(text, e), nil
}

// wide says whether a leaf has 64 bits or a decimal fraction, which RFC 7951 writes as text.
func wide(p *gpb.Path) bool {
	switch schemaOf(p).Type.Kind {
	case yang.Yuint64, yang.Yint64, yang.Ydecimal64:
		return true
	}
	return false
}

// plain gives a scalar's value for JSON.
func plain(v *gpb.TypedValue, wide bool) any {
	switch x := v.GetValue().(type) {
	case *gpb.TypedValue_StringVal:
		return x.StringVal
	case *gpb.TypedValue_BoolVal:
		return x.BoolVal
	case *gpb.TypedValue_UintVal:
		if wide {
			return fmt.Sprint(x.UintVal)
		}
		return x.UintVal
	case *gpb.TypedValue_IntVal:
		if wide {
			return fmt.Sprint(x.IntVal)
		}
		return x.IntVal
	case *gpb.TypedValue_DoubleVal:
		if wide {
			return fmt.Sprint(x.DoubleVal)
		}
		return x.DoubleVal
	case *gpb.TypedValue_LeaflistVal:
		list := []any{}
		for _, e := range x.LeaflistVal.GetElement() {
			list = append(list, plain(e, wide))
		}
		return list
	}
	return nil
}

func jsonValue(text []byte, e gpb.Encoding) *gpb.TypedValue {
	if e == gpb.Encoding_JSON_IETF {
		return &gpb.TypedValue{Value: &gpb.TypedValue_JsonIetfVal{JsonIetfVal: text}}
	}
	return &gpb.TypedValue{Value: &gpb.TypedValue_JsonVal{JsonVal: text}}
}

// encodeNode gives a container or an entry of a list as JSON.
func encodeNode(root *schema.Root, p *gpb.Path, e gpb.Encoding) (*gpb.TypedValue, error) {
	nodes, err := ytypes.GetNode(model.Schema(), root, p)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gnmitree.Text(p), err)
	}
	text, err := ygot.Marshal7951(nodes[0].Data, &ygot.RFC7951JSONConfig{AppendModuleName: e == gpb.Encoding_JSON_IETF})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", gnmitree.Text(p), err)
	}
	return jsonValue(text, e), nil
}
