package strict

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What is read at most. The YAML library's effort grows with the square of the nesting, and a configuration's
// own nesting is below ten.
const (
	maxBytes = 8 << 20
	maxDepth = 32
)

// parse gives the body of the one document; nil for a file without any content.
func parse(data []byte) (body ast.Node, problem *Problem) {
	switch {
	case len(data) > maxBytes:
		return nil, &Problem{Message: fmt.Sprintf("longer than %d bytes", maxBytes)}
	case !utf8.Valid(data):
		return nil, &Problem{Message: "is not UTF-8 text"}
	}
	defer func() {
		if r := recover(); r != nil { // the library's, on input that nobody has tried on it yet
			body, problem = nil, &Problem{Message: fmt.Sprintf("cannot be read as YAML: %v", r)}
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if deep := tooDeep(tokens); deep != nil {
		return nil, &Problem{Position: Position{deep.Line, deep.Column}, Message: fmt.Sprintf("nested more than %d deep", maxDepth)}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, syntaxProblem(err)
	}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if body != nil {
			return nil, &Problem{Position: positionOf(doc.Body), Message: "a second document; a configuration is one"}
		}
		body = doc.Body
	}
	return body, nil
}

// tooDeep finds where brackets, or list dashes and question marks on one line, nest too deeply; blocks indent, so
// their depth costs the square of itself in bytes already.
func tooDeep(tokens token.Tokens) *token.Position {
	brackets, marks, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, marks = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			brackets++
		case token.SequenceEndType, token.MappingEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType:
			marks++
		}
		if brackets > maxDepth || marks > maxDepth {
			return t.Position
		}
	}
	return nil
}

func syntaxProblem(err error) *Problem {
	var e yaml.Error
	if errors.As(err, &e) && e.GetToken() != nil && e.GetToken().Position != nil {
		p := e.GetToken().Position
		return &Problem{Position: Position{p.Line, p.Column}, Message: e.GetMessage()}
	}
	return &Problem{Message: err.Error()}
}

// positionOf is where a node begins; a mapping in block style begins at its first key.
func positionOf(n ast.Node) Position {
	switch m := n.(type) {
	case *ast.MappingNode:
		if !m.IsFlowStyle && len(m.Values) > 0 {
			return positionOf(m.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return positionOf(m.Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Position{t.Position.Line, t.Position.Column}
	}
	return Position{}
}
