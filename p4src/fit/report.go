package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// The page has the figures between these lines.
const (
	begin = "<!-- made by make p4-tofino: do not edit -->\n"
	end   = "<!-- end of what make p4-tofino makes -->\n"
)

// writePage replaces the figures of the page.
func writePage(page string, fits []*fit, version string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s: no lines %q and %q, between which the figures belong", page, strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return os.WriteFile(page, []byte(head+begin+figures(fits, version)+end+tail), 0o644)
}

func figures(fits []*fit, version string) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "\nMade by `make p4-tofino` on %s with p4c-barefoot, %s, on %s/%s. Used of what a pipe has, ingress and egress together.\n\n",
		time.Now().UTC().Format(time.DateOnly), version, runtime.GOOS, runtime.GOARCH)
	b.WriteString("| program | chip | stages |")
	for _, r := range resources {
		fmt.Fprintf(&b, " %s |", r.name)
	}
	b.WriteString(" PHV, 8/16/32 bits | carried only | assembled | took |\n|---|---|---:|" + strings.Repeat("---:|", len(resources)) + "---|---|---|---:|\n")
	for _, f := range fits {
		if f.err != nil {
			fmt.Fprintf(&b, "| %s | %s | **no result** |%s\n", f.program, f.target, strings.Repeat(" |", len(resources)+4))
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %s |", f.program, f.target, f.span())
		for i := range resources {
			u := f.total(i)
			fmt.Fprintf(&b, " %d of %d |", u.used, u.of)
		}
		fmt.Fprintf(&b, " %s | %s | %s | %.0f s |\n", f.containers("normal"), f.containers("tagalong"), f.assembled, f.took.Seconds())
	}
	for _, f := range fits {
		if f.err == nil && f.target == targets[0].name {
			f.perStage(&b)
		}
	}
	return b.String() + "\n"
}

// perStage is where in a pipe the program lies.
func (f *fit) perStage(b *bytes.Buffer) {
	fmt.Fprintf(b, "\n%s on %s, by stage:\n\n| stage |", f.program, f.target)
	for _, r := range resources {
		fmt.Fprintf(b, " %s |", r.name)
	}
	b.WriteString("\n|---:|" + strings.Repeat("---:|", len(resources)) + "\n")
	for i := range f.stages {
		fmt.Fprintf(b, "| %d |", f.stages[i].number)
		for _, u := range f.stages[i].uses {
			fmt.Fprintf(b, " %d |", u.used)
		}
		b.WriteString("\n")
	}
}

// span is how many stages are taken, marked where there are not as many.
func (f *fit) span() string {
	if f.fits() {
		return fmt.Sprintf("%d of %d", f.depth(), f.stageCount)
	}
	return fmt.Sprintf("**%d of %d: does not fit**", f.depth(), f.stageCount)
}

func (f *fit) containers(kind string) string {
	var parts []string
	for _, bits := range []int{8, 16, 32} {
		u, ok := f.phv[container{kind, bits}]
		if !ok || u.of == 0 {
			return "none"
		}
		parts = append(parts, fmt.Sprintf("%d of %d", u.used, u.of))
	}
	return strings.Join(parts, ", ")
}
