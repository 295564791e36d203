package jsontree

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep arrays and objects nest, as encoding/json does.
const maxDepth = 10000

// SyntaxError says where a document is no JSON.
type SyntaxError struct {
	Line, Column int // from 1; Column in bytes
	Problem      string
}

// Error implements error.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("JSON, line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Parse reads a document. Invalid UTF-8 becomes U+FFFD.
func Parse(data []byte) (*Value, error) {
	s := scanner{doc: string(data)}
	if !utf8.ValidString(s.doc) {
		s.doc = strings.ToValidUTF8(s.doc, "\uFFFD")
	}
	var v Value
	s.space()
	s.value(&v, 0)
	s.space()
	if s.problem == "" && s.at < len(s.doc) {
		s.fail("something after the value")
	}
	if s.problem != "" {
		before := s.doc[:s.at]
		return nil, &SyntaxError{
			Line:   strings.Count(before, "\n") + 1,
			Column: s.at - strings.LastIndexByte(before, '\n'), Problem: s.problem,
		}
	}
	return &v, nil
}

type scanner struct {
	doc     string
	at      int
	problem string  // the first one; nothing is scanned after it
	items   []Value // of the arrays and objects that are open
	free    []Value // room for those that are closed
}

// chunk is how many values are made at a time.
const chunk = 512

// keep takes what an array or object gathered since base off the stack that all share.
func (s *scanner) keep(base int) []Value {
	n := len(s.items) - base
	if n == 0 {
		return nil
	}
	if n > len(s.free) {
		s.free = make([]Value, max(n, chunk))
	}
	kept := s.free[:n:n]
	s.free = s.free[n:]
	copy(kept, s.items[base:])
	s.items = s.items[:base]
	return kept
}

func (s *scanner) fail(format string, args ...any) {
	if s.problem == "" {
		s.problem = fmt.Sprintf(format, args...)
	}
}

func (s *scanner) space() {
	for s.at < len(s.doc) {
		switch s.doc[s.at] {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return
		}
	}
}

// next takes c, after white space.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.at < len(s.doc) && s.doc[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) value(v *Value, depth int) {
	if s.problem != "" {
		return
	}
	start := s.at
	c := byte(0)
	if s.at < len(s.doc) {
		c = s.doc[s.at]
	}
	switch {
	case c == '{' || c == '[':
		if depth >= maxDepth {
			s.fail("nested more than %d deep", maxDepth)
			return
		}
		s.at++
		if c == '{' {
			v.Kind = Object
			s.object(v, depth)
		} else {
			v.Kind = Array
			s.array(v, depth)
		}
	case c == '"':
		v.Kind = String
		v.escapes = s.text()
	case c == '-' || c >= '0' && c <= '9':
		v.Kind = Number
		s.number()
	case s.word("null"):
	case s.word("true"), s.word("false"):
		v.Kind = Bool
	default:
		s.fail("a value expected")
	}
	v.Raw = s.doc[start:s.at]
}

func (s *scanner) word(w string) bool {
	if !strings.HasPrefix(s.doc[s.at:], w) {
		return false
	}
	s.at += len(w)
	return true
}

// array reads elements up to the closing bracket.
func (s *scanner) array(v *Value, depth int) {
	base := len(s.items)
	if !s.next(']') {
		for {
			s.space()
			var item Value
			s.value(&item, depth+1)
			s.items = append(s.items, item)
			if s.problem != "" || s.next(']') {
				break
			}
			if !s.next(',') {
				s.fail("a comma or ] expected")
				break
			}
		}
	}
	v.Items = s.keep(base)
}

func (s *scanner) object(v *Value, depth int) {
	base := len(s.items)
	if !s.next('}') {
		for {
			s.space()
			if s.at >= len(s.doc) || s.doc[s.at] != '"' {
				s.fail("a name expected")
				break
			}
			var item Value
			start := s.at
			if s.text() {
				item.Name = unescape(s.doc[start+1 : s.at-1])
			} else if s.problem == "" {
				item.Name = s.doc[start+1 : s.at-1]
			}
			if !s.next(':') {
				s.fail("a colon expected")
				break
			}
			s.space()
			s.value(&item, depth+1)
			s.items = append(s.items, item)
			if s.problem != "" || s.next('}') {
				break
			}
			if !s.next(',') {
				s.fail("a comma or } expected")
				break
			}
		}
	}
	v.Items = s.keep(base)
}

// number takes -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?
func (s *scanner) number() {
	if s.doc[s.at] == '-' {
		s.at++
	}
	digits := func() int {
		start := s.at
		for s.at < len(s.doc) && s.doc[s.at] >= '0' && s.doc[s.at] <= '9' {
			s.at++
		}
		return s.at - start
	}
	start := s.at
	if n := digits(); n == 0 || n > 1 && s.doc[start] == '0' {
		s.fail("a number expected, without leading zeros")
		return
	}
	if s.at < len(s.doc) && s.doc[s.at] == '.' {
		s.at++
		if digits() == 0 {
			s.fail("digits expected")
			return
		}
	}
	if s.at < len(s.doc) && (s.doc[s.at] == 'e' || s.doc[s.at] == 'E') {
		s.at++
		if s.at < len(s.doc) && (s.doc[s.at] == '+' || s.doc[s.at] == '-') {
			s.at++
		}
		if digits() == 0 {
			s.fail("digits expected")
		}
	}
}

// text takes a string and tells whether it has escapes.
func (s *scanner) text() (escapes bool) {
	for s.at++; s.at < len(s.doc); s.at++ {
		switch c := s.doc[s.at]; {
		case c == '"':
			s.at++
			return escapes
		case c < ' ':
			s.fail("a control character in a string")
			return false
		case c == '\\':
			escapes = true
			s.at++
			if !s.escape() {
				s.fail("an unknown escape in a string")
				return false
			}
		}
	}
	s.fail("a string without end")
	return false
}

// escape goes to the last character of an escape whose first one is next.
func (s *scanner) escape() bool {
	if s.at >= len(s.doc) {
		return false
	}
	if s.doc[s.at] != 'u' {
		return escapes[s.doc[s.at]] != 0
	}
	if _, ok := unit(s.doc[s.at-1:]); !ok {
		return false
	}
	s.at += 4
	return true
}
