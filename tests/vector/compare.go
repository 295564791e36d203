package vector

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/firstack/firstack/tests/packet"
)

// compareFrames compares what left with what should: in order per port unless unordered, ports among each
// other in any order.
func compareFrames(want []*Frame, got []Frame, unordered bool) error {
	var faults []error
	if unordered {
		want, got = slices.Clone(want), slices.Clone(got)
		slices.SortFunc(want, func(a, b *Frame) int { return bytes.Compare(a.Bytes, b.Bytes) })
		slices.SortFunc(got, func(a, b Frame) int { return bytes.Compare(a.Bytes, b.Bytes) })
	}
	wantBy, gotBy := map[uint32][]*Frame{}, map[uint32][]Frame{}
	for _, f := range want {
		wantBy[f.Port] = append(wantBy[f.Port], f)
	}
	for _, f := range got {
		gotBy[f.Port] = append(gotBy[f.Port], f)
	}
	ports := maps.Clone(wantBy)
	for port := range gotBy {
		if _, ok := ports[port]; !ok {
			ports[port] = nil
		}
	}
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		w, g := wantBy[port], gotBy[port]
		for i := range max(len(w), len(g)) {
			switch {
			case i >= len(g):
				faults = append(faults, fmt.Errorf("port %d: missing: %s", port, packet.Decode(w[i].Bytes)))
			case i >= len(w):
				faults = append(faults, fmt.Errorf("port %d: unexpected: %s", port, packet.Decode(g[i].Bytes)))
			default:
				if d := packet.Diff(w[i].Bytes, g[i].Bytes); d != "" {
					faults = append(faults, fmt.Errorf("port %d:\nwant %s\ngot  %s\n%s", port,
						packet.Decode(w[i].Bytes), packet.Decode(g[i].Bytes), strings.TrimRight(d, "\n")))
				}
				if err := checkFrame(w[i].Wrong, g[i].Bytes); err != nil {
					faults = append(faults, fmt.Errorf("port %d: %w", port, err))
				}
			}
		}
	}
	return errors.Join(faults...)
}

// checkFrame demands a frame without fault, or with the one that is expected and no other.
func checkFrame(wrong string, frame []byte) error {
	err := packet.CheckFrame(frame)
	switch {
	case wrong == "":
		return err
	case err == nil:
		return fmt.Errorf("the frame is right, but should still have the fault %q", wrong)
	}
	for line := range strings.Lines(err.Error()) {
		if !strings.Contains(line, wrong) {
			return err
		}
	}
	return nil
}
