package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program that reaches beyond a pipe's last stage does not fit, and the page says so; what stands around the figures stays.
func TestPage(t *testing.T) {
	used := func(number, sram int) stage {
		uses := make([]usage, len(resources))
		uses[0] = usage{sram, 80}
		return stage{number, uses}
	}
	long := &fit{program: "long", target: "tofino", stageCount: 12, stages: []stage{used(0, 3), used(12, 4)}}
	short := &fit{program: "short", target: "tofino", stageCount: 12, stages: []stage{used(11, 5)}}
	if long.fits() || !short.fits() {
		t.Errorf("13 stages fit 12: %v, 12 fit: %v", long.fits(), short.fits())
	}
	if u := long.total(0); u != (usage{7, 960}) {
		t.Errorf("SRAM: %v, want 7 of 960", u)
	}
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, []*fit{long, short}, "Version 1"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"before\n" + begin, end + "after\n", "**13 of 12: does not fit**", "| short | tofino | 12 of 12 | 5 of 960 |"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old figures are still there")
	}
	if err := os.WriteFile(page, []byte("no marks\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := writePage(page, nil, ""); err == nil || !strings.Contains(err.Error(), page) {
		t.Errorf("a page without marks: %v", err)
	}
}

// A stage of the compiler's log is read section by section; what is missing is named.
func TestReadStage(t *testing.T) {
	sections := map[string]json.RawMessage{"stage_number": json.RawMessage("7")}
	for _, r := range resources {
		fields := fmt.Sprintf(`{%q: [1, 2, 3], %q: 4`, r.list, r.size[0])
		if r.size[1] != "" {
			fields += fmt.Sprintf(`, %q: 5`, r.size[1])
		}
		sections[r.section] = json.RawMessage(fields + "}")
	}
	s, err := readStage(sections)
	if err != nil || s.number != 7 {
		t.Fatal(s, err)
	}
	for i, r := range resources {
		want := usage{3, 4}
		if r.size[1] != "" {
			want.of = 20
		}
		if s.uses[i] != want {
			t.Errorf("%s: %v, want %v", r.name, s.uses[i], want)
		}
	}
	delete(sections, "tcams")
	if _, err := readStage(sections); err == nil || !strings.Contains(err.Error(), "stage 7: tcams") {
		t.Errorf("without TCAMs: %v", err)
	}
}
