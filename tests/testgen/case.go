package testgen

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Case is one packet, what the tables hold when it comes, and what becomes of it on TNA.
type Case struct {
	// Line is where the case stands in its file.
	Line    int
	Entries []Entry
	// Groups are the multicast groups; each has one copy, at port CopyPort.
	Groups []Group
	// InPort is TNA's; CPUPort is the controller.
	InPort uint32
	In     []byte
	// Truncated says that the packet ends within a header.
	Truncated bool
	// OutPort and Out are what leaves. Of Mask's bits those that are 0 do not matter. Out is nil where nothing leaves.
	OutPort uint32
	Out     []byte
	Mask    []byte
}

// An Entry of a table. Keys and arguments are NAME=VALUE, values as package vector reads them.
type Entry struct {
	Table   string
	Default bool // the table's default action; it has no keys
	Keys    []string
	Action  string
	Args    []string
}

// A Group is a multicast group with one copy.
type Group struct{ ID, Instance uint32 }

const (
	// CPUPort is the controller's port in the programs for TNA.
	CPUPort = 192
	// CopyPort is where the copies of multicast packets leave.
	CopyPort = 5
	// ControlHeader is the length of packet_in and packet_out: 9 bits of port, 7 of reason or padding.
	ControlHeader = 2
)

// Write writes the case as Read reads it.
func (c *Case) Write(w io.Writer) error {
	var b strings.Builder
	b.WriteString("case\n")
	for _, e := range c.Entries {
		kind := "add"
		if e.Default {
			kind = "default"
		}
		fmt.Fprintf(&b, "%s %s %s\n", kind, strings.Join(append([]string{e.Table}, e.Keys...), " "),
			strings.Join(append([]string{": " + e.Action}, e.Args...), " "))
	}
	for _, g := range c.Groups {
		fmt.Fprintf(&b, "group %d %d\n", g.ID, g.Instance)
	}
	fmt.Fprintf(&b, "in %d %x\n", c.InPort, c.In)
	if c.Truncated {
		b.WriteString("truncated\n")
	}
	if c.Out != nil {
		fmt.Fprintf(&b, "out %d %s\n", c.OutPort, c.outText())
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outText is hexadecimal, with a * for each half byte that does not matter, and =N for the packet's last N bytes where
// they leave as they came.
func (c *Case) outText() string {
	same := 0
	for same < len(c.Out) && same < len(c.In) && c.Mask[len(c.Mask)-1-same] == 0xff &&
		c.Out[len(c.Out)-1-same] == c.In[len(c.In)-1-same] {
		same++
	}
	text := []byte(hex.EncodeToString(c.Out[:len(c.Out)-same]))
	for i := range text {
		if c.Mask[i/2]>>(4*(1-i%2))&0xf != 0xf {
			text[i] = '*'
		}
	}
	if same > 0 {
		return fmt.Sprintf("%s=%d", text, same)
	}
	return string(text)
}

// Read reads cases. Errors name the line.
func Read(r io.Reader) ([]*Case, error) {
	var cases []*Case
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		kind, rest, _ := strings.Cut(lines.Text(), " ")
		if kind == "" || strings.HasPrefix(kind, "#") {
			continue
		}
		if kind == "case" {
			cases = append(cases, &Case{Line: n})
			continue
		}
		if len(cases) == 0 {
			return nil, fmt.Errorf("line %d: %s before the first case", n, kind)
		}
		if err := cases[len(cases)-1].read(kind, rest); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return cases, lines.Err()
}

func (c *Case) read(kind, rest string) error {
	var err error
	switch kind {
	case "add", "default":
		match, call, found := strings.Cut(rest, " : ")
		matches, calls := strings.Fields(match), strings.Fields(call)
		if !found || len(matches) == 0 || len(calls) == 0 {
			return fmt.Errorf("%s: want TABLE KEY=VALUE... : ACTION ARGUMENT=VALUE...", kind)
		}
		c.Entries = append(c.Entries, Entry{matches[0], kind == "default", matches[1:], calls[0], calls[1:]})
	case "group":
		var g Group
		if _, err := fmt.Sscanf(rest, "%d %d", &g.ID, &g.Instance); err != nil {
			return fmt.Errorf("group: %w", err)
		}
		c.Groups = append(c.Groups, g)
	case "in":
		var text string
		if c.InPort, text, err = cutPort(rest); err == nil {
			c.In, err = hex.DecodeString(text)
		}
	case "truncated":
		c.Truncated = true
	case "out":
		var text string
		if c.OutPort, text, err = cutPort(rest); err == nil {
			err = c.readOut(text)
		}
	default:
		return fmt.Errorf("unknown word %q", kind)
	}
	return err
}

func cutPort(text string) (uint32, string, error) {
	port, rest, _ := strings.Cut(text, " ")
	n, err := strconv.ParseUint(port, 10, 9)
	return uint32(n), rest, err
}

func (c *Case) readOut(text string) error {
	text, tail, found := strings.Cut(text, "=")
	same := 0
	if found {
		var err error
		if same, err = strconv.Atoi(tail); err != nil || same < 0 || same > len(c.In) {
			return fmt.Errorf("out: =%s of a packet of %d bytes", tail, len(c.In))
		}
	}
	var err error
	if c.Out, c.Mask, err = DecodeMasked(text); err != nil {
		return fmt.Errorf("out: %w", err)
	}
	c.Out = append(c.Out, c.In[len(c.In)-same:]...)
	for range same {
		c.Mask = append(c.Mask, 0xff)
	}
	return nil
}

// DecodeMasked reads hexadecimal with a * for each half byte that does not matter.
func DecodeMasked(text string) (value, mask []byte, err error) {
	if value, err = hex.DecodeString(strings.ReplaceAll(text, "*", "0")); err != nil {
		return nil, nil, err
	}
	mask = make([]byte, len(value))
	for i := range text {
		if text[i] != '*' {
			mask[i/2] |= 0xf << (4 * (1 - i%2))
		}
	}
	return value, mask, nil
}
