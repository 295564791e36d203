package observe_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/observe"
)

// The mode shows in the copies of a connection's first SYN, whatever becomes of later ones.
func TestMode(t *testing.T) {
	const (
		syn     = "ip 10.1.0.2>198.51.100.10 / tcp 40000>80 S seq=1 mss=1460"
		tagged  = "eth aa>bb / ip 10.1.0.2>198.51.100.10 / tcp 40000>80 S seq=1 tag=permitted mss=1460"
		plain   = "eth aa>bb / " + syn
		direct  = "eth aa>bb / ip 10.1.0.2>192.0.2.1 / ip 10.1.0.2>198.51.100.10 / tcp 40000>80 S seq=1 tag=permitted,direct mss=1460"
		another = "eth aa>bb / ip 10.1.0.2>192.0.2.2 / ip 10.1.0.2>198.51.100.10 / tcp 40000>80 S seq=1 tag=permitted,direct mss=1460"
	)
	for name, test := range map[string]struct {
		first, second []string // that leave for the client's first SYN, and for its second
		want          observe.Mode
	}{
		"discover":            {[]string{tagged}, nil, observe.Discover},
		"race":                {[]string{direct, another}, nil, observe.Racing},
		"race with discovery": {[]string{direct, tagged}, nil, observe.Racing},
		"direct":              {[]string{direct}, nil, observe.Direct},
		"direct, unanswered":  {[]string{direct}, []string{tagged}, observe.Direct},
		"plain":               {[]string{plain}, nil, observe.Plain},
		"nothing left":        {nil, nil, observe.Plain},
	} {
		t.Run(name, func(t *testing.T) {
			o := observe.New([]string{"cg"}, nil)
			see := func(text, from, to string, delivered bool) {
				p, err := packet.Parse(text)
				if err != nil {
					t.Fatal(err)
				}
				o.See(observe.Frame{At: time.Unix(1, 0), From: from, To: to, Delivered: delivered, Data: p.Build()})
			}
			for _, copies := range [][]string{test.first, test.second} {
				see(plain, "client", "cg", true)
				for _, c := range copies {
					see(c, "cg", "core", false)
				}
			}
			race := o.Race(netip.MustParseAddrPort("10.1.0.2:40000"))
			if race == nil || race.Mode() != test.want || len(race.Copies) != len(test.first)+len(test.second) {
				t.Errorf("%+v, want %s", race, test.want)
			}
		})
	}
}
