package model

import (
	"fmt"
	"sync"

	"github.com/openconfig/goyang/pkg/yang"
	"github.com/openconfig/ygot/ygot"

	"github.com/firstack/firstack/controller/model/schema"
)

// Module is the name of the YANG module that all nodes belong to; RFC 7951 puts it before the name of the topmost.
const (
	Module = "firstack"
	// Revision of the modules.
	Revision = "2026-11-29"
)

// Schema is the root of the schema: the parent of /firstack.
var Schema = sync.OnceValue(func() *yang.Entry {
	s, err := schema.Schema()
	if err != nil {
		panic(fmt.Sprintf("generated schema: %v", err)) // the tests have seen it load
	}
	return s.RootSchema()
})

// Copy gives a tree that shares nothing with the first.
func Copy(root *schema.Root) *schema.Root {
	c, err := ygot.DeepCopy(root)
	if err != nil {
		panic(fmt.Sprintf("copy tree: %v", err)) // generated structs can be copied
	}
	return c.(*schema.Root)
}

// Encode gives the JSON form of a tree (RFC 7951), the same for equal trees.
func Encode(root *schema.Root) ([]byte, error) {
	return ygot.Marshal7951(root, &ygot.RFC7951JSONConfig{AppendModuleName: true}, ygot.JSONIndent("  "))
}

// Decode reads what Encode gives.
func Decode(data []byte) (*schema.Root, error) {
	root := &schema.Root{}
	if err := schema.Unmarshal(data, root); err != nil {
		return nil, fmt.Errorf("decode tree: %w", err)
	}
	return root, nil
}
