package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program that reaches beyond a pipe's last stage does not fit, and the page says so; what stands around the figures stays.
func TestPage(t *testing.T) {
	long := &fit{program: "long", target: "tofino", stageCount: 12,
		stages: []stage{{number: 0, sram: usage{3, 80}}, {number: 12, sram: usage{4, 80}}}}
	short := &fit{program: "short", target: "tofino", stageCount: 12, stages: []stage{{number: 11, sram: usage{5, 80}}}}
	if long.fits() || !short.fits() {
		t.Errorf("13 stages fit 12: %v, 12 fit: %v", long.fits(), short.fits())
	}
	if u := long.total(func(s *stage) usage { return s.sram }); u != (usage{7, 960}) {
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
