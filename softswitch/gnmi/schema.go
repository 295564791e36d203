package gnmi

import (
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"

	"github.com/firstack/firstack/internal/gnmitree"
)

// The modules that the tree is a part of.
const (
	moduleInterfaces = "openconfig-interfaces"
	moduleEthernet   = "openconfig-if-ethernet"
	moduleP4RT       = "openconfig-p4rt" // adds the P4Runtime port number to interfaces
)

var modules = []string{moduleInterfaces, moduleEthernet, moduleP4RT}

// kind is how a leaf's value is written.
type kind uint8

const (
	text kind = iota
	boolean
	number   // of at most 32 bits
	number64 // of 64 bits: text in JSON_IETF (RFC 7951, section 6.1)
	identity
)

// leafSpec is a leaf of an interface.
type leafSpec struct {
	path    string
	module  string
	kind    kind
	counter bool
	// value gives it as PROTO has it; nil when the interface has none.
	value func(*Interface) *gpb.TypedValue
}

// The type of every port, and the module that has its name.
const (
	typeEthernet    = "ethernetCsmacd"
	typeModule      = "iana-if-type"
	enabledPath     = "config/enabled"
	statusUp        = "UP"
	statusDown      = "DOWN"
	nameOfInterface = "interface"
	key             = "name"
)

// leafSpecs are the leaves of an interface.
var leafSpecs = []leafSpec{
	{path: key, value: name},
	{path: "config/name", value: name},
	{path: "config/type", kind: identity, module: typeModule, value: constant(typeEthernet)},
	{path: enabledPath, kind: boolean, value: enabled},
	{path: "state/name", value: name},
	{path: "state/type", kind: identity, module: typeModule, value: constant(typeEthernet)},
	{path: "state/enabled", kind: boolean, value: enabled},
	{path: "state/ifindex", kind: number, value: func(i *Interface) *gpb.TypedValue { return unsigned(uint64(i.ID)) }},
	{path: "state/id", kind: number, module: moduleP4RT, value: func(i *Interface) *gpb.TypedValue { return known(uint64(i.ID)) }},
	{path: "state/admin-status", value: func(i *Interface) *gpb.TypedValue { return upOrDown(i.Enabled) }},
	{path: "state/oper-status", value: func(i *Interface) *gpb.TypedValue { return upOrDown(i.Up) }},
	{path: "state/last-change", kind: number64, value: func(i *Interface) *gpb.TypedValue { return unsigned(uint64(i.Changed.UnixNano())) }},
	{path: "state/mtu", kind: number, value: func(i *Interface) *gpb.TypedValue { return known(uint64(min(i.Link.MTU, 65535))) }},
	count("in-octets", func(i *Interface) uint64 { return i.Counters.InBytes }),
	count("in-pkts", func(i *Interface) uint64 { return i.Counters.InFrames }),
	count("in-discards", func(i *Interface) uint64 { return i.Counters.InDiscards }),
	count("out-octets", func(i *Interface) uint64 { return i.Counters.OutBytes }),
	count("out-pkts", func(i *Interface) uint64 { return i.Counters.OutFrames }),
	count("out-discards", func(i *Interface) uint64 { return i.Counters.OutDiscards }),
	count("out-errors", func(i *Interface) uint64 { return i.Counters.OutErrors }),
	{path: "ethernet/state/mac-address", value: func(i *Interface) *gpb.TypedValue {
		if len(i.Link.MAC) == 0 {
			return nil
		}
		return stringValue(i.Link.MAC.String())
	}},
	{path: "ethernet/state/port-speed", kind: identity, module: moduleEthernet, value: func(i *Interface) *gpb.TypedValue {
		if i.Link.Speed == 0 {
			return nil
		}
		if s, ok := speeds[i.Link.Speed/1e6]; ok {
			return stringValue(s)
		}
		return stringValue("SPEED_UNKNOWN")
	}},
}

// speeds by Mbit/s (identities of openconfig-if-ethernet).
var speeds = map[uint64]string{
	10: "SPEED_10MB", 100: "SPEED_100MB", 1000: "SPEED_1GB", 2500: "SPEED_2500MB", 5000: "SPEED_5GB", 10_000: "SPEED_10GB",
	25_000: "SPEED_25GB", 40_000: "SPEED_40GB", 50_000: "SPEED_50GB", 100_000: "SPEED_100GB", 200_000: "SPEED_200GB",
	400_000: "SPEED_400GB", 600_000: "SPEED_600GB", 800_000: "SPEED_800GB",
}

func name(i *Interface) *gpb.TypedValue    { return stringValue(i.Name) }
func enabled(i *Interface) *gpb.TypedValue { return boolValue(i.Enabled) }

func constant(s string) func(*Interface) *gpb.TypedValue {
	return func(*Interface) *gpb.TypedValue { return stringValue(s) }
}

func count(name string, of func(*Interface) uint64) leafSpec {
	return leafSpec{
		path: "state/counters/" + name, kind: number64, counter: true,
		value: func(i *Interface) *gpb.TypedValue { return unsigned(of(i)) },
	}
}

func upOrDown(up bool) *gpb.TypedValue {
	if up {
		return stringValue(statusUp)
	}
	return stringValue(statusDown)
}

// known gives a number that is left out when it is 0.
func known(n uint64) *gpb.TypedValue {
	if n == 0 {
		return nil
	}
	return unsigned(n)
}

func unsigned(n uint64) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_UintVal{UintVal: n}}
}

func stringValue(s string) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_StringVal{StringVal: s}}
}

func boolValue(b bool) *gpb.TypedValue {
	return &gpb.TypedValue{Value: &gpb.TypedValue_BoolVal{BoolVal: b}}
}

// node is a node of the schema.
type node struct {
	module   string
	list     bool // keyed by name
	leaf     *leafSpec
	children map[string]*node
}

// schema is the root.
var schema = func() *node {
	one := &node{module: moduleInterfaces, list: true, children: map[string]*node{}}
	for i := range leafSpecs {
		at, module := one, moduleInterfaces
		for _, name := range strings.Split(leafSpecs[i].path, "/") {
			if name == "ethernet" {
				module = moduleEthernet
			}
			next := at.children[name]
			if next == nil {
				next = &node{module: module, children: map[string]*node{}}
				at.children[name] = next
			}
			at = next
		}
		at.leaf = &leafSpecs[i]
		if leafSpecs[i].module == moduleP4RT {
			at.module = moduleP4RT
		}
	}
	all := &node{module: moduleInterfaces, children: map[string]*node{nameOfInterface: one}}
	return &node{children: map[string]*node{"interfaces": all}}
}()

// leaves lists the leaves of interfaces in the order of their paths.
func leaves(list []Interface) []gnmitree.Leaf {
	all := make([]gnmitree.Leaf, 0, len(list)*len(leafSpecs))
	for i := range list {
		base := []*gpb.PathElem{{Name: "interfaces"}, {Name: nameOfInterface, Key: map[string]string{key: list[i].Name}}}
		for j := range leafSpecs {
			v := leafSpecs[j].value(&list[i])
			if v == nil {
				continue
			}
			p := &gpb.Path{Elem: base[:2:2]}
			for _, name := range strings.Split(leafSpecs[j].path, "/") {
				p.Elem = append(p.Elem, &gpb.PathElem{Name: name})
			}
			all = append(all, gnmitree.Leaf{Path: p, Text: gnmitree.Text(p), Value: v})
		}
	}
	gnmitree.Sort(all)
	return all
}
