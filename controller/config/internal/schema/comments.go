package schema

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
)

// Comments collects the comments of all struct fields in a folder's Go files, by "Type.Field", each on one line.
func Comments(folder string) (map[string]string, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, fmt.Errorf("list Go files: %w", err)
	}
	comments := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if structure, ok := spec.Type.(*ast.StructType); ok {
				collect(spec.Name.Name, structure, comments)
			}
			return false
		})
	}
	return comments, nil
}

func collect(name string, structure *ast.StructType, comments map[string]string) {
	for _, f := range structure.Fields.List {
		for _, field := range f.Names {
			if text := strings.Join(strings.Fields(f.Doc.Text()), " "); text != "" {
				comments[name+"."+field.Name] = text
			}
		}
	}
}
