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

// stage is what is used of a match-action stage, ingress and egress together, and what there is.
type stage struct {
	number                                                                  int
	sram, mapRAM, tcam, gateways, tables, instructions, hashBits, hashUnits usage
	statefulALUs, statisticsALUs                                            usage
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
			Stages int `json:"nStages"`
			Used   []struct {
				Number int `json:"stage_number"`
				RAMs   struct {
					Columns int   `json:"nColumns"`
					Rows    int   `json:"nRows"`
					List    []any `json:"srams"`
				} `json:"rams"`
				MapRAMs struct {
					Rows  int   `json:"nRows"`
					Units int   `json:"nUnits"`
					List  []any `json:"maprams"`
				} `json:"map_rams"`
				TCAMs struct {
					Columns int   `json:"nColumns"`
					Rows    int   `json:"nRows"`
					List    []any `json:"tcams"`
				} `json:"tcams"`
				Gateways struct {
					Rows  int   `json:"nRows"`
					Units int   `json:"nUnits"`
					List  []any `json:"gateways"`
				} `json:"gateways"`
				Tables struct {
					Size int   `json:"size"`
					List []any `json:"ids"`
				} `json:"logical_tables"`
				Instructions struct {
					Size int   `json:"size"`
					List []any `json:"instructions"`
				} `json:"vliw"`
				HashBits struct {
					Bits      int   `json:"nBits"`
					Functions int   `json:"nFunctions"`
					List      []any `json:"bits"`
				} `json:"hash_bits"`
				HashUnits struct {
					IDs   int   `json:"nHashIds"`
					Units int   `json:"nUnitIds"`
					List  []any `json:"units"`
				} `json:"hash_distribution_units"`
				MeterALUs struct {
					Size int   `json:"nAlus"`
					List []any `json:"meters"`
				} `json:"meter_alus"`
				StatisticsALUs struct {
					Size int   `json:"nAlus"`
					List []any `json:"stats"`
				} `json:"statistic_alus"`
			} `json:"mau_stages"`
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
	for _, s := range r.Resources.MAU.Used {
		f.stages = append(f.stages, stage{
			number:         s.Number,
			sram:           usage{len(s.RAMs.List), s.RAMs.Columns * s.RAMs.Rows},
			mapRAM:         usage{len(s.MapRAMs.List), s.MapRAMs.Rows * s.MapRAMs.Units},
			tcam:           usage{len(s.TCAMs.List), s.TCAMs.Columns * s.TCAMs.Rows},
			gateways:       usage{len(s.Gateways.List), s.Gateways.Rows * s.Gateways.Units},
			tables:         usage{len(s.Tables.List), s.Tables.Size},
			instructions:   usage{len(s.Instructions.List), s.Instructions.Size},
			hashBits:       usage{len(s.HashBits.List), s.HashBits.Bits * s.HashBits.Functions},
			hashUnits:      usage{len(s.HashUnits.List), s.HashUnits.IDs * s.HashUnits.Units},
			statefulALUs:   usage{len(s.MeterALUs.List), s.MeterALUs.Size},
			statisticsALUs: usage{len(s.StatisticsALUs.List), s.StatisticsALUs.Size},
		})
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

// total adds up one resource over the stages; stages that are not used have as much of it.
func (f *fit) total(of func(*stage) usage) usage {
	var sum usage
	for i := range f.stages {
		sum.add(of(&f.stages[i]))
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
