package spec

import (
	"errors"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add(string(DefaultYAML()))
	f.Add("name: [\n")
	f.Add("{name: a, sites: [{name: 1}], gateways: [{}], hosts: [{}], services: [{origins: []}], round_trips: {}}")
	f.Fuzz(func(t *testing.T, text string) {
		top, err := Parse("f.yaml", []byte(text), OpenEmbedded)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		if err := top.Resolve(nil); err != nil {
			t.Errorf("a completed topology is refused: %v", err)
		}
	})
}

func FuzzParseMatrix(f *testing.F) {
	f.Add("from,A,B\nA,0,1\nB,2,0\n")
	f.Add("# note\n\"from\",A\nA, 1.5\n")
	f.Fuzz(func(t *testing.T, text string) {
		matrix, err := ParseMatrix(strings.NewReader(text))
		for from, row := range matrix {
			for to, ms := range row {
				if err == nil && !(ms >= 0 && ms <= maxRoundTripMS) {
					t.Errorf("%s to %s: %v", from, to, ms)
				}
			}
		}
	})
}
