package vector

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// A File is a data file as it stands.
type File struct {
	Program string             `yaml:"program"`
	Include []string           `yaml:"include"`
	Names   map[string]Text    `yaml:"names"`
	Entries []Entry            `yaml:"entries"`
	Sets    map[string][]Entry `yaml:"sets"`
	Scenes  map[string][]*Step `yaml:"scenes"`
	Vectors []*Vector          `yaml:"vectors"`
}

// A Vector is one sequence of packets and what must come of them.
type Vector struct {
	Name        string   `yaml:"name"`
	Description string   `yaml:"description"`
	Patent      []string `yaml:"patent"`
	Use         []string `yaml:"use"`
	After       []string `yaml:"after"`
	// Deviates says why the program does not do what the vector says, as long as it does not.
	Deviates string  `yaml:"deviates"`
	Entries  []Entry `yaml:"entries"`
	Steps    []*Step `yaml:"steps"`

	// Program and File are filled in by Load: the program that the vector is for, and where it stands
	// (file:line).
	Program string `yaml:"-"`
	Where   string `yaml:"-"`
}

// A Step gives the switch at most one packet.
type Step struct {
	At        *Duration       `yaml:"at"`
	Write     []Entry         `yaml:"write"`
	Modify    []Entry         `yaml:"modify"`
	Delete    []Entry         `yaml:"delete"`
	In        *Frame          `yaml:"in"`
	PacketOut *ControlPacket  `yaml:"packet_out"`
	Out       []*Frame        `yaml:"out"`
	PacketIns []ControlPacket `yaml:"packet_ins"`
	Digests   []Digest        `yaml:"digests"`
	Counters  map[string]int  `yaml:"counters"`
	Dropped   string          `yaml:"dropped"`
	// Unordered: frames at one port may leave in any order, as the copies of a multicast packet do.
	Unordered bool `yaml:"unordered"`

	// Where is filled in by Load (file:line).
	Where string `yaml:"-"`

	complete bool
}

// A Frame is a packet at a port of the switch.
type Frame struct {
	Port   uint32 `yaml:"port"`
	Packet string `yaml:"packet"`
	// Wrong is part of the fault that packet.CheckFrame must find in a frame that leaves; empty: none.
	Wrong string `yaml:"wrong"`

	// Bytes is filled in by Load.
	Bytes []byte `yaml:"-"`
}

// A ControlPacket is a packet between the switch and its controller (P4Runtime packet-in and packet-out).
type ControlPacket struct {
	Metadata map[string]Text `yaml:"metadata"`
	Packet   string          `yaml:"packet"`

	// Bytes is filled in by Load.
	Bytes []byte `yaml:"-"`
}

// A Digest is what the switch tells the controller of a packet. Every member of its struct is named;
// the value any matches whatever there is.
type Digest struct {
	List   string          `yaml:"list"`
	Fields map[string]Text `yaml:"fields"`
}

// An Entry is something written to the switch; see the package's documentation for its forms.
type Entry struct {
	Table     string          `yaml:"table"`
	Default   string          `yaml:"default"`
	Multicast uint32          `yaml:"multicast"`
	Clone     uint32          `yaml:"clone"`
	Profile   string          `yaml:"profile"`
	Meter     string          `yaml:"meter"`
	Key       map[string]Text `yaml:"key"`
	Action    string          `yaml:"action"`
	Args      map[string]Text `yaml:"args"`
	Priority  int32           `yaml:"priority"`
	Idle      Duration        `yaml:"idle"`
	Member    uint32          `yaml:"member"`
	Group     uint32          `yaml:"group"`
	Members   map[Text]int32  `yaml:"members"`
	Copies    []Copy          `yaml:"copies"`
	Index     int64           `yaml:"index"`
	CIR       int64           `yaml:"cir"`
	CBurst    int64           `yaml:"cburst"`
	PIR       int64           `yaml:"pir"`
	PBurst    int64           `yaml:"pburst"`
}

// A Copy is one replica of a multicast group or clone session.
type Copy struct {
	Port     uint32 `yaml:"port"`
	Instance uint32 `yaml:"instance"`
}

// Text is a YAML scalar as it is written, so that 0x10 and 10.1.0.2 need no quotes.
type Text string

// UnmarshalYAML implements yaml.NodeUnmarshaler.
func (t *Text) UnmarshalYAML(node ast.Node) error {
	switch n := node.(type) {
	case *ast.StringNode:
		*t = Text(n.Value)
	case *ast.LiteralNode:
		*t = Text(n.Value.Value)
	case ast.ScalarNode:
		*t = Text(n.GetToken().Value)
	default:
		return fmt.Errorf("a single value expected, not %s", node.Type())
	}
	return nil
}

// Duration is a time.Duration written as Go writes it: 1.5s.
type Duration time.Duration

// UnmarshalYAML implements yaml.BytesUnmarshaler.
func (d *Duration) UnmarshalYAML(text []byte) error {
	var s string
	if err := yaml.Unmarshal(text, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	if err == nil && v < 0 {
		err = fmt.Errorf("a duration can't be negative: %s", s)
	}
	*d = Duration(v)
	return err
}
