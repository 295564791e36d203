// Package doc describes a YANG module as a page of Markdown: a table for each container or list, its leaves in the order
// of their names.
package doc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/openconfig/goyang/pkg/yang"
)

const head = `# The model

<!-- Made by go generate ./controller/model from the YANG modules in controller/model/yang. -->

%s

Everything stands below ` + "`/firstack`" + `. What may be written is under a container ` + "`config`" + `; beside it ` + "`state`" + ` has the same
leaves as they are in effect, defaults included, and what is only told. [gnmi.md](gnmi.md) shows how to get, set and
follow it.

`

// Page renders a module.
func Page(module *yang.Entry) string {
	var b strings.Builder
	fmt.Fprintf(&b, head, line(module.Description))
	for _, e := range children(module) {
		section(&b, "", e)
	}
	return b.String()
}

// section writes the containers config and state of a node, then the nodes below it.
func section(b *strings.Builder, parent string, e *yang.Entry) {
	path := parent + "/" + e.Name
	if e.IsList() {
		path += "[" + strings.ReplaceAll(e.Key, " ", "][") + "]"
	}
	config, state := e.Dir["config"], e.Dir["state"]
	if config != nil || state != nil {
		fmt.Fprintf(b, "## %s\n\n%s\n\n| leaf | type | default | what |\n|---|---|---|---|\n", path, line(e.Description))
		if config != nil {
			rows(b, "config/", config, nil)
		}
		if state != nil {
			rows(b, "state/", state, config)
		}
		b.WriteString("\n")
	}
	for _, c := range children(e) {
		if c.Name != "config" && c.Name != "state" && c.IsDir() {
			section(b, path, c)
		}
	}
}

// rows writes the leaves of a container, without those that another has too.
func rows(b *strings.Builder, prefix string, e, but *yang.Entry) {
	for _, c := range children(e) {
		if but != nil && but.Dir[c.Name] != nil {
			continue
		}
		if c.IsDir() {
			rows(b, prefix+c.Name+"/", c, nil)
			continue
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", prefix+c.Name, typeOf(c), defaultOf(c), line(c.Description))
	}
}

func typeOf(e *yang.Entry) string {
	t := e.Type
	_, text, imported := strings.Cut(t.Name, ":")
	if !imported {
		text = t.Name
	}
	switch {
	case t.Kind == yang.Yenum:
		names := t.Enum.Names()
		slices.SortFunc(names, func(a, b string) int { return cmp.Compare(t.Enum.Value(a), t.Enum.Value(b)) })
		text = "`" + strings.Join(names, "`, `") + "`"
	case yang.TypeKindFromName[t.Name] != yang.Ynone && len(t.Range) > 0 && !t.Range.Equal(yang.BaseTypedefs[t.Name].YangType.Range):
		text += " " + strings.ReplaceAll(t.Range.String(), "..", " to ")
	}
	if e.Units != "" {
		text += ", " + e.Units
	}
	if e.IsLeafList() {
		text = "list of " + text
	}
	return text
}

func defaultOf(e *yang.Entry) string {
	if value, ok := e.SingleDefaultValue(); ok {
		return "`" + value + "`"
	}
	return ""
}

func children(e *yang.Entry) []*yang.Entry {
	var all []*yang.Entry
	for _, c := range e.Dir {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *yang.Entry) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// line joins the lines of a description.
func line(text string) string { return strings.Join(strings.Fields(text), " ") }
