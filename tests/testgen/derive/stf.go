package main

import (
	"bufio"
	"fmt"
	"io"
	"math/big"
	"strconv"
	"strings"

	"encoding/hex"

	"github.com/firstack/firstack/tests/testgen"
)

// A test is what p4testgen derived from one path.
type test struct {
	testgen.Case
	// path tells paths apart: parser states, branches and table actions.
	path string
	// bypass and egress say what it is to skip and what it did.
	bypass, egress bool
}

// A path's steps in p4testgen's trace.
var steps = []string{"[State] ", "[Table Branch: ", "[Constant Table Branch: ", "[If Statement]: "}

// readTest reads one of p4testgen's STF files.
func readTest(r io.Reader) (*test, error) {
	t := &test{}
	tcp := residual{fields: map[string]uint64{}}
	var path strings.Builder
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		if trace, ok := strings.CutPrefix(line, "# "); ok {
			t.trace(trace, &path)
			tcp.trace(trace)
			continue
		}
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if err := t.command(words); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if t.In == nil {
		return nil, fmt.Errorf("there is no packet")
	}
	t.path = path.String()
	t.replicate()
	rightChecksums(t)
	sumOut(t)
	return t, tcp.set(t)
}

func (t *test) trace(line string, path *strings.Builder) {
	if strings.HasPrefix(line, "[ExtractFailure]") || strings.HasPrefix(line, "[Lookahead: Packet too short]") || strings.Contains(line, "too short") {
		t.Truncated = true
	}
	// With a port that is none, p4testgen goes through egress though that is to be skipped.
	t.bypass = t.bypass || strings.HasSuffix(line, "for_tm.bypass_egress = 1;")
	t.egress = t.egress || strings.Contains(line, "*.StartEgress")
	for _, step := range steps {
		rest, ok := strings.CutPrefix(line, step)
		if !ok {
			continue
		}
		if before, result, found := strings.Cut(rest, "Result: "); found { // without the values compared
			before, _, _ = strings.Cut(before, " Condition: ")
			rest = before + result
		} else if table, chosen, found := strings.Cut(rest, "Chosen action: "); found {
			table, _, _ = strings.Cut(table, " | ")
			rest = table + chosen
		}
		path.WriteString(rest + "\n")
	}
}

func (t *test) command(words []string) error {
	switch words[0] {
	case "add", "setdefault":
		e := testgen.Entry{Default: words[0] == "setdefault", Table: local(words[1])}
		call := words[len(words)-1]
		for _, word := range words[2 : len(words)-1] {
			name, value, found := strings.Cut(word, ":")
			if !found {
				continue // the priority
			}
			value, err := keyValue(value)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			e.Keys = append(e.Keys, name+"="+value)
		}
		name, args, found := strings.Cut(strings.TrimSuffix(call, ")"), "(")
		if !found {
			return fmt.Errorf("%q is no call of an action", call)
		}
		e.Action = name[strings.LastIndexByte(name, '.')+1:]
		if args != "" {
			e.Args = strings.Split(strings.ReplaceAll(args, ":", "="), ",")
		}
		t.Entries = append(t.Entries, e)
		return nil
	case "packet":
		port, err := strconv.ParseUint(words[1], 10, 9)
		if err != nil {
			return err
		}
		t.InPort = uint32(port)
		t.In, err = hex.DecodeString(words[2])
		return err
	case "expect":
		port, err := strconv.ParseUint(words[1], 10, 9)
		if err != nil {
			return err
		}
		t.OutPort = uint32(port)
		t.Out, t.Mask, err = testgen.DecodeMasked(strings.TrimSuffix(words[2], "$"))
		return err
	}
	return fmt.Errorf("unknown command %q", words[0])
}

// local leaves the program's control out of a table's name.
func local(name string) string {
	_, rest, found := strings.Cut(name, ".")
	if !found {
		return name
	}
	return rest
}

// keyValue turns 0b01** into VALUE&&&MASK.
func keyValue(text string) (string, error) {
	bits, found := strings.CutPrefix(text, "0b")
	if !found {
		return text, nil
	}
	value, ok := new(big.Int).SetString(strings.ReplaceAll(bits, "*", "0"), 2)
	if !ok {
		return "", fmt.Errorf("%q is no pattern of bits", text)
	}
	mask, _ := new(big.Int).SetString(strings.ReplaceAll(strings.ReplaceAll(bits, "0", "1"), "*", "0"), 2)
	return fmt.Sprintf("0x%x&&&0x%x", value, mask), nil
}

// replicate gives each multicast group that the entries name its copy (sources.go).
func (t *test) replicate() {
	for _, e := range t.Entries {
		for _, key := range e.Keys {
			name, value, _ := strings.Cut(key, "=")
			if number, err := strconv.ParseUint(value, 0, 16); err == nil && e.Table == "legs.legs" && name == "instance" {
				t.Groups = append(t.Groups, testgen.Group{ID: uint32(number), Instance: uint32(number)})
			}
		}
		for _, arg := range e.Args {
			name, value, _ := strings.Cut(arg, "=")
			number, err := strconv.ParseUint(value, 0, 16)
			if err == nil && e.Table == "steering.steering" && name == "group" && number != 0 {
				t.Groups = append(t.Groups, testgen.Group{ID: uint32(number), Instance: 1})
			}
		}
	}
}
