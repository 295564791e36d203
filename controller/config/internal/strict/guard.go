package strict

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// The YAML library's effort grows with the square of the nesting and of the keys in one mapping. A configuration
// nests less than ten deep and has less than twenty keys in a mapping.
const (
	maxDepth = 32
	maxKeys  = 256
)

// tooDear says what in a file would cost more to parse than its size, before it is parsed.
func tooDear(tokens token.Tokens) *Problem {
	g := guard{keys: []map[int]int{{}}}
	for _, t := range tokens {
		if message := g.add(t); message != "" {
			return &Problem{Position: Position{t.Position.Line, t.Position.Column}, Message: message}
		}
	}
	return nil
}

type guard struct {
	line, marks int           // dashes and the like on the line at hand, where each nests into the one before
	keys        []map[int]int // keys by column: outside brackets, then within each bracket that is open
}

func (g *guard) add(t *token.Token) string {
	if t.Position.Line != g.line {
		g.line, g.marks = t.Position.Line, 0
	}
	switch t.Type {
	case token.SequenceStartType, token.MappingStartType:
		g.keys = append(g.keys, map[int]int{})
	case token.SequenceEndType, token.MappingEndType:
		if len(g.keys) > 1 {
			g.keys = g.keys[:len(g.keys)-1]
		}
	case token.SequenceEntryType:
		g.marks++
		g.leave(t.Position.Column)
	case token.MappingKeyType, token.AnchorType, token.TagType:
		g.marks++
	case token.MappingValueType:
		if g.key(t) > maxKeys {
			return fmt.Sprintf("more than %d keys in one mapping", maxKeys)
		}
	}
	if g.marks > maxDepth || len(g.keys) > maxDepth+1 {
		return fmt.Sprintf("nested more than %d deep", maxDepth)
	}
	return ""
}

// key counts a key's colon to the mapping it is in: in brackets to the innermost, else to the one of its column.
func (g *guard) key(colon *token.Token) int {
	column := 0
	if len(g.keys) == 1 {
		if column = colon.Position.Column; colon.Prev != nil && colon.Prev.Position.Line == colon.Position.Line {
			column = colon.Prev.Position.Column
		}
		g.leave(column)
	}
	innermost := g.keys[len(g.keys)-1]
	innermost[column]++
	return innermost[column]
}

// leave forgets the mappings further in, which end where something stands at a column.
func (g *guard) leave(column int) {
	innermost := g.keys[len(g.keys)-1]
	for c := range innermost {
		if c > column {
			delete(innermost, c)
		}
	}
}
