package model

import (
	"embed"
	"fmt"
	"io/fs"
	"strings"

	"github.com/openconfig/goyang/pkg/yang"
)

// Modules are the YANG modules, one file each.
//
//go:embed yang/*.yang
var Modules embed.FS

// Parse reads the YANG modules and gives the one that holds all nodes, descriptions included, which the schema in the
// generated code lacks.
func Parse() (*yang.Entry, error) {
	modules := yang.NewModules()
	files, err := fs.Glob(Modules, "yang/*.yang")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		text, err := fs.ReadFile(Modules, name)
		if err != nil {
			return nil, err
		}
		if err := modules.Parse(string(text), strings.TrimPrefix(name, "yang/")); err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
	}
	if errs := modules.Process(); len(errs) > 0 {
		return nil, fmt.Errorf("modules: %w", errs[0])
	}
	entry, errs := modules.GetModule(Module)
	if len(errs) > 0 {
		return nil, fmt.Errorf("module %s: %w", Module, errs[0])
	}
	return entry, nil
}
