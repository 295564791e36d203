package jsontree

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// untyped is v as encoding/json would decode it into an any, with numbers as they are written.
func untyped(v *Value) any {
	switch v.Kind {
	case Bool:
		b, _ := v.Truth()
		return b
	case Number:
		return json.Number(v.Raw)
	case String:
		s, _ := v.Text()
		return s
	case Array:
		list := []any{}
		for i := range v.Items {
			list = append(list, untyped(&v.Items[i]))
		}
		return list
	case Object:
		object := map[string]any{}
		for i := range v.Items {
			object[v.Items[i].Name] = untyped(&v.Items[i])
		}
		return object
	}
	return nil
}

// compare demands that a document means what encoding/json says it does, or is refused as there.
func compare(t *testing.T, document []byte) {
	t.Helper()
	v, err := Parse(document)
	var want any
	decoder := json.NewDecoder(strings.NewReader(string(document)))
	decoder.UseNumber()
	if !json.Valid(document) {
		if err == nil {
			t.Fatalf("%.100q is no JSON but was read", document)
		}
		return
	}
	if err != nil {
		t.Fatalf("%.100q: %v", document, err)
	}
	if decoder.Decode(&want) != nil {
		return // a number beyond every range
	}
	if got := untyped(v); !reflect.DeepEqual(got, want) {
		t.Errorf("%.100q:\ngot  %.300v\nwant %.300v", document, got, want)
	}
}

var documents = []string{
	`null`, `true`, ` false `, `0`, `-0`, `-12.5e+3`, `1E9`, `""`, `"aé\u00e9\n\"\\\/\b\f\r\t"`, `"\ud83d\ude00"`,
	`"\ud83d"`, `"\ud83d\u0041"`, `"\udc00x"`, `[]`, `[ 1 , [ ] , {} ]`, `{}`, `{"a":1,"a":{"b":[null]}, "\u0063" : "d"}`,
	``, ` `, `nul`, `truee`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `"`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\x01\"", `[1,]`, `[1 2]`, `[`,
	`{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, `1 2`, `{"a":"b`, `"\`, `[}`, "\"\xff\"", "[\"\xc3\x28\"]", `{"\u0061\":1}`,
}

func TestParse(t *testing.T) {
	for _, d := range documents {
		compare(t, []byte(d))
	}
	files, err := filepath.Glob("../../../p4src/build/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, data)
	}
}

func TestDepth(t *testing.T) {
	deep := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	compare(t, deep(maxDepth))
	compare(t, deep(maxDepth+1))
}

func TestSyntaxErrorNamesThePlace(t *testing.T) {
	_, err := Parse([]byte("{\n  \"a\": [1,\n  x]}"))
	var syntax *SyntaxError
	if !errors.As(err, &syntax) || syntax.Line != 3 || syntax.Column != 3 {
		t.Errorf("got %v, want line 3, column 3", err)
	}
}

func TestFill(t *testing.T) {
	type inner struct {
		N    int  `json:"n"`
		Flag bool `json:"flag"`
	}
	type outer struct {
		Name  string             `json:"name"`
		None  *string            `json:"none"`
		Some  *string            `json:"some"`
		List  []inner            `json:"list"`
		Map   map[string]*string `json:"map"`
		Any   *Value             `json:"any"`
		Apart string
	}
	document := `{"name": "x", "none": null, "some": "y", "list": [{"n": -3, "flag": true}, null], "map": {"k": null, "l": "m"},
		"any": [ 1, "z" ], "Apart": "no", "more": {}}`
	var got, want outer
	v, err := Parse([]byte(document))
	if err == nil {
		err = Fill(v, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	y, m := "y", "m"
	want = outer{Name: "x", Some: &y, List: []inner{{-3, true}, {}}, Map: map[string]*string{"k": nil, "l": &m}}
	if text := fmt.Sprintf("%v %.6s", got.Any, got.Any); text != `[ 1, "z" ] [ 1, "` {
		t.Errorf("prints as %s", text)
	}
	got.Any = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, wrong := range []string{
		`[]`, `{"name": 1}`, `{"list": {}}`, `{"list": [1]}`, `{"list": [{"n": 1.5}]}`, `{"list": [{"n": "1"}]}`,
		`{"list": [{"flag": 1}]}`, `{"map": []}`, `{"map": {"k": 1}}`, `{"list": [{"n": 99999999999999999999}]}`,
	} {
		v, err := Parse([]byte(wrong))
		if err != nil {
			t.Fatal(err)
		}
		if err := Fill(v, &outer{}); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, d := range documents {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		if !utf8.Valid(document) {
			// encoding/json replaces byte by byte; here a run becomes one character.
			_, err := Parse(document)
			if (err == nil) != json.Valid(document) {
				t.Errorf("%q: %v", document, err)
			}
			return
		}
		compare(t, document)
	})
}
