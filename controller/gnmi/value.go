package gnmi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"github.com/openconfig/goyang/pkg/yang"
)

// jsonOf gives the JSON of a value, whichever way it came.
func jsonOf(v *gpb.TypedValue) (json.RawMessage, error) {
	switch x := v.GetValue().(type) {
	case *gpb.TypedValue_JsonIetfVal:
		return checkJSON(x.JsonIetfVal)
	case *gpb.TypedValue_JsonVal:
		return checkJSON(x.JsonVal)
	case *gpb.TypedValue_StringVal:
		return json.Marshal(x.StringVal)
	case *gpb.TypedValue_IntVal:
		return json.Marshal(x.IntVal)
	case *gpb.TypedValue_UintVal:
		return json.Marshal(x.UintVal)
	case *gpb.TypedValue_BoolVal:
		return json.Marshal(x.BoolVal)
	case *gpb.TypedValue_LeaflistVal:
		list := []json.RawMessage{}
		for _, e := range x.LeaflistVal.GetElement() {
			one, err := jsonOf(e)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		return json.Marshal(list)
	case nil:
		return nil, fmt.Errorf("has no value")
	}
	return nil, fmt.Errorf("a value of type %T is not taken; JSON_IETF, JSON and scalars are", v.GetValue())
}

func checkJSON(text []byte) (json.RawMessage, error) {
	if !json.Valid(text) {
		return nil, fmt.Errorf("%.60q is not JSON", text)
	}
	return bytes.TrimSpace(text), nil
}

// scalar checks the JSON of one value against a leaf's type, and gives it as RFC 7951 has it.
func scalar(t *yang.YangType, raw json.RawMessage) (json.RawMessage, error) {
	switch t.Kind {
	case yang.Ybool:
		if text := string(raw); text != "true" && text != "false" {
			return nil, fmt.Errorf("%s is neither true nor false", short(raw))
		}
		return raw, nil
	case yang.Yenum:
		text, ok := stringOf(raw)
		if !ok || !t.Enum.IsDefined(text) {
			return nil, fmt.Errorf("%s is not one of %s", short(raw), strings.Join(t.Enum.Names(), ", "))
		}
		return raw, nil
	case yang.Ystring:
		text, ok := stringOf(raw)
		if !ok {
			return nil, fmt.Errorf("%s is not text", short(raw))
		}
		for _, pattern := range t.Pattern {
			if !compiled(pattern).MatchString(text) {
				return nil, fmt.Errorf("%s is not of type %s", short(raw), typeName(t))
			}
		}
		return raw, nil
	case yang.Yint8, yang.Yint16, yang.Yint32, yang.Yint64, yang.Yuint8, yang.Yuint16, yang.Yuint32, yang.Yuint64:
		return integer(t, raw)
	}
	return nil, fmt.Errorf("type %s cannot be set", t.Name) // the model has no other
}

// integer checks a number. 64 bits are text in RFC 7951, but numbers are taken for them too.
func integer(t *yang.YangType, raw json.RawMessage) (json.RawMessage, error) {
	text, wide := string(raw), t.Kind == yang.Yint64 || t.Kind == yang.Yuint64
	if unquoted, ok := stringOf(raw); ok && wide {
		text = unquoted
	}
	n, err := yang.ParseInt(text)
	if err != nil || strings.ContainsAny(text, "xX_+") {
		return nil, fmt.Errorf("%s is not a whole number", short(raw))
	}
	within := false
	for _, r := range t.Range {
		within = within || !n.Less(r.Min) && !r.Max.Less(n)
	}
	if !within {
		return nil, fmt.Errorf("%s is outside %s", n, strings.ReplaceAll(t.Range.String(), "..", " to "))
	}
	if wide {
		return json.RawMessage(strconv.Quote(n.String())), nil
	}
	return json.RawMessage(n.String()), nil
}

func stringOf(raw json.RawMessage) (string, bool) {
	var text string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &text) != nil {
		return "", false
	}
	return text, true
}

// short gives a value for an error's text.
func short(raw json.RawMessage) string {
	if len(raw) > 60 {
		return string(raw[:57]) + "..."
	}
	return string(raw)
}

func typeName(t *yang.YangType) string {
	_, name, imported := strings.Cut(t.Name, ":")
	if !imported {
		return t.Name
	}
	return name
}

var patterns sync.Map // string → *regexp.Regexp

// compiled gives a YANG pattern, which covers the whole of a text.
func compiled(pattern string) *regexp.Regexp {
	known, ok := patterns.Load(pattern)
	if !ok {
		known, _ = patterns.LoadOrStore(pattern, regexp.MustCompile("^(?:"+pattern+")$"))
	}
	return known.(*regexp.Regexp)
}
