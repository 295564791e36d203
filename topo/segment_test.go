package topo

import (
	"slices"
	"testing"

	"github.com/firstack/firstack/topo/link"
)

// Frames on a LAN go to whom they are addressed, and those to a group to all others.
func TestSegment(t *testing.T) {
	gateway, a, b := [6]byte{2, 0, 0, 0, 0, 1}, [6]byte{2, 0, 0, 0, 0, 0xa}, [6]byte{2, 0, 0, 0, 0, 0xb}
	nobody, all := [6]byte{2, 9}, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for _, test := range []struct {
		name        string
		from, to    [6]byte
		fromGateway bool
		want        []string
	}{
		{"gateway to a host", gateway, a, true, []string{"a"}},
		{"gateway to nobody", gateway, nobody, true, nil},
		{"gateway to all", gateway, all, true, []string{"a", "b"}},
		{"host to the gateway", a, gateway, false, []string{"gateway"}},
		{"host to another", a, b, false, []string{"b"}},
		{"host to nobody", a, nobody, false, nil},
		{"host to all", a, all, false, []string{"b", "gateway"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			f, err := link.NewFabric(link.Options{})
			if err != nil {
				t.Fatal(err)
			}
			got := make(chan string, 10)
			hosts := make(map[[6]byte]*link.Link)
			for name, mac := range map[string][6]byte{"a": a, "b": b} {
				l, err := f.Connect(name, "lan", name, link.Shape{}, func([]byte) { got <- name })
				if err != nil {
					t.Fatal(err)
				}
				hosts[mac] = l
			}
			s := &segment{name: "lan", gateway: gateway, hosts: hosts, toNode: func([]byte) { got <- "gateway" }}
			frame := append(append(test.to[:], test.from[:]...), make([]byte, 48)...)
			if test.fromGateway {
				if err := s.Send(frame); err != nil {
					t.Error(err)
				}
			} else {
				s.receive(frame)
			}
			var names []string
			for range test.want {
				names = append(names, <-got)
			}
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			slices.Sort(names)
			if !slices.Equal(names, test.want) || len(got) > 0 {
				t.Errorf("arrived at %v and %d more, want %v", names, len(got), test.want)
			}
		})
	}
	if err := (&segment{}).Send(make([]byte, 13)); err == nil {
		t.Error("a frame without a header is taken")
	}
}
