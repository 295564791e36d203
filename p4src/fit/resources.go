package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// fit is what one program takes of one chip's pipe.
type fit struct {
	program, target string
	took            time.Duration
	assembled       string
	err             error

	stages     []stage
	stageCount int // that a pipe has
	phv        map[container]usage
}

// resource is one of a stage's, and where the compiler's log has it.
type resource struct {
	name          string
	section, list string
	size          [2]string // how many there are: the product of these; the second may be none
}

var resources = []resource{
	{"SRAM", "rams", "srams", [2]string{"nRows", "nColumns"}},
	{"map RAM", "map_rams", "maprams", [2]string{"nRows", "nUnits"}},
	{"TCAM", "tcams", "tcams", [2]string{"nRows", "nColumns"}},
	{"stateful ALUs", "meter_alus", "meters", [2]string{"nAlus"}},
	{"counter ALUs", "statistic_alus", "stats", [2]string{"nAlus"}},
	{"hash bits", "hash_bits", "bits", [2]string{"nBits", "nFunctions"}},
	{"hash units", "hash_distribution_units", "units", [2]string{"nHashIds", "nUnitIds"}},
	{"gateways", "gateways", "gateways", [2]string{"nRows", "nUnits"}},
	{"logical tables", "logical_tables", "ids", [2]string{"size"}},
	{"instructions", "vliw", "instructions", [2]string{"size"}},
}

// stage is what is used of a match-action stage, ingress and egress together, and what there is, resource by resource.
type stage struct {
	number int
	uses   []usage
}

type usage struct{ used, of int }

func (u *usage) add(v usage) {
	u.used += v.used
	u.of += v.of
}

// container is a class of PHV containers.
type container struct {
	kind string // normal: for match and action; tagalong: carried only
	bits int
}

// resourcesLog is as much of the compiler's resources.json as is read.
type resourcesLog struct {
	Resources struct {
		MAU struct {
			Stages int                          `json:"nStages"`
			Used   []map[string]json.RawMessage `json:"mau_stages"`
		} `json:"mau"`
		PHV struct {
			Normal   []containerClass `json:"normal"`
			Tagalong []containerClass `json:"tagalong"`
		} `json:"phv_containers"`
	} `json:"resources"`
}

type containerClass struct {
	Units int `json:"units"`
	Width int `json:"width"`
}

// phvLog is as much of phv.json as is read.
type phvLog struct {
	Containers []struct {
		Bits   int    `json:"bit_width"`
		Kind   string `json:"container_type"`
		Slices []any  `json:"slices"`
	} `json:"containers"`
}

// read takes the figures from the compiler's logs.
func (f *fit) read(logs string) error {
	var r resourcesLog
	if err := readJSON(filepath.Join(logs, "resources.json"), &r); err != nil {
		return err
	}
	var p phvLog
	if err := readJSON(filepath.Join(logs, "phv.json"), &p); err != nil {
		return err
	}
	f.stageCount = r.Resources.MAU.Stages
	for _, sections := range r.Resources.MAU.Used {
		s, err := readStage(sections)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(logs, "resources.json"), err)
		}
		f.stages = append(f.stages, s)
	}
	f.phv = map[container]usage{}
	for kind, classes := range map[string][]containerClass{"normal": r.Resources.PHV.Normal, "tagalong": r.Resources.PHV.Tagalong} {
		for _, c := range classes {
			f.phv[container{kind, c.Width}] = usage{of: c.Units}
		}
	}
	for _, c := range p.Containers {
		if len(c.Slices) == 0 {
			continue
		}
		k := container{c.Kind, c.Bits}
		u := f.phv[k]
		u.used++
		f.phv[k] = u
	}
	return nil
}

func readJSON(path string, v any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func readStage(sections map[string]json.RawMessage) (s stage, err error) {
	if err := json.Unmarshal(sections["stage_number"], &s.number); err != nil {
		return s, fmt.Errorf("stage_number: %w", err)
	}
	for _, r := range resources {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(sections[r.section], &fields); err != nil {
			return s, fmt.Errorf("stage %d: %s: %w", s.number, r.section, err)
		}
		var list []any
		if err := json.Unmarshal(fields[r.list], &list); err != nil {
			return s, fmt.Errorf("stage %d: %s.%s: %w", s.number, r.section, r.list, err)
		}
		u := usage{len(list), 1}
		for _, factor := range r.size {
			if factor == "" {
				continue
			}
			var n int
			if err := json.Unmarshal(fields[factor], &n); err != nil {
				return s, fmt.Errorf("stage %d: %s.%s: %w", s.number, r.section, factor, err)
			}
			u.of *= n
		}
		s.uses = append(s.uses, u)
	}
	return s, nil
}

// total adds up a resource over the stages; stages that are not used have as much of it.
func (f *fit) total(resource int) usage {
	var sum usage
	for _, s := range f.stages {
		sum.add(s.uses[resource])
	}
	if n := len(f.stages); n > 0 {
		sum.of = sum.of / n * f.stageCount
	}
	return sum
}

// depth is how many stages the program spans.
func (f *fit) depth() int {
	last := -1
	for i := range f.stages {
		last = max(last, f.stages[i].number)
	}
	return last + 1
}

// fits tells whether the stages suffice: the compiler places tables beyond the last one, too.
func (f *fit) fits() bool { return f.err == nil && f.depth() <= f.stageCount }

func (f *fit) String() string {
	if f.err != nil {
		return fmt.Sprintf("%s for %s: no result", f.program, f.target)
	}
	verdict := "fits"
	if !f.fits() {
		verdict = "does not fit"
	}
	return fmt.Sprintf("%s for %s: %d of %d stages (%v): %s", f.program, f.target, f.depth(), f.stageCount, f.took, verdict)
}
