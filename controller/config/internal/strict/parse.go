package strict

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
)

// maxBytes is what is read at most; a service with three replicas takes about 500.
const maxBytes = 8 << 20

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
	if problem := tooDear(tokens); problem != nil {
		return nil, problem
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
