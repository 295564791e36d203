package packet

import (
	"fmt"
	"strconv"
	"strings"
)

// maxLayers bounds a text's layers.
const maxLayers = 32

// Parse reads a packet's text form.
func Parse(text string) (*Packet, error) {
	lines, err := split(text)
	if err != nil {
		return nil, err
	}
	if len(lines) > maxLayers {
		return nil, fmt.Errorf("more than %d layers", maxLayers)
	}
	p := &Packet{}
	size := 0
	for i, words := range lines {
		l, err := parseLayer(words)
		if err != nil {
			return nil, fmt.Errorf("layer %d (%s): %w", i+1, strings.Join(words, " "), err)
		}
		if err := fits(l, p.Layers); err != nil {
			return nil, fmt.Errorf("layer %d (%s): %w", i+1, strings.Join(words, " "), err)
		}
		p.Layers = append(p.Layers, l)
		size += len(marshal(enclosing{}, []Layer{l}))
	}
	if size > maxPayload {
		return nil, fmt.Errorf("the packet has %d bytes, more than %d", size, maxPayload)
	}
	return p, nil
}

// MustParse is Parse for texts that are part of a test's source.
func MustParse(text string) *Packet {
	p, err := Parse(text)
	if err != nil {
		panic("packet: " + err.Error())
	}
	return p
}

// fits tells why l can't follow the layers before it.
func fits(l Layer, before []Layer) error {
	var last Layer
	if len(before) > 0 {
		last = before[len(before)-1]
	}
	switch last.(type) {
	case *Cut:
		return fmt.Errorf("nothing may follow cut")
	case *Trailer:
		switch l.(type) {
		case *Cut, *Trailer:
			return nil
		}
		return fmt.Errorf("only cut may follow trailer")
	}
	if _, ok := l.(*Quote); ok {
		if _, ok := last.(*ICMP); !ok {
			return fmt.Errorf("quote must follow icmp")
		}
	}
	return nil
}

// split cuts a text into layers and these into words. A quoted string is one word with what precedes it.
func split(text string) ([][]string, error) {
	var lines [][]string
	var words []string
	var word strings.Builder
	endWord := func() {
		switch w := word.String(); w {
		case "":
		case "/":
			if len(words) > 0 {
				lines = append(lines, words)
			}
			words = nil
		default:
			words = append(words, w)
		}
		word.Reset()
	}
	for rest := text; rest != ""; {
		switch c := rest[0]; {
		case c == '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				return nil, fmt.Errorf("a quoted string does not end: %s", rest)
			}
			word.WriteString(quoted)
			rest = rest[len(quoted):]
			continue
		case c == '#' && word.Len() == 0:
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				rest = rest[end:]
			} else {
				rest = ""
			}
			continue
		case c == '\n':
			endWord()
			word.WriteByte('/')
			endWord()
		case c == ' ' || c == '\t' || c == '\r':
			endWord()
		default:
			word.WriteByte(c)
		}
		rest = rest[1:]
	}
	endWord()
	if len(words) > 0 {
		lines = append(lines, words)
	}
	return lines, nil
}
