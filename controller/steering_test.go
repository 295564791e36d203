package controller_test

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/packet"
)

// direct makes connections until there are so many that went direct.
func direct(t *testing.T, l *lab, k *running, port uint16, n int64) {
	t.Helper()
	for i := range uint16(100) {
		l.client(port+i, 1000*uint32(i)+1).open()
		k.settle()
		if k.counts()["cg/steer_direct"] >= n {
			return
		}
	}
	t.Fatalf("of 100 connections %d went direct: %v", k.counts()["cg/steer_direct"], k.counts())
}

// TestSteersWhatIsNotListed: a client gateway whose controller lists no service steers to the replicas that it learned.
func TestSteersWhatIsNotListed(t *testing.T) {
	l := newLab(t)
	all := network(config.OriginStandby, "A", "B", "C")
	l.build(all)
	l.control(edited(t, all, func(c *config.Config) { c.Switches = c.Switches[1:] }))
	mine := edited(t, all, func(c *config.Config) {
		c.Switches, c.Services = c.Switches[:1], nil
		c.Steering.Mode = config.SteeringDirect
	})
	k := l.control(mine)
	direct(t, l, k, 40000, 3)
	list, err := k.Steering(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Replicas) != 3 || list[0].Service != "" || list[0].Server.String() != serverAddr+":80" {
		t.Errorf("%+v, %v", list, err)
	}
	// A new controller finds them in the switch, and takes the switch's entries over.
	k.stop()
	k = l.control(mine)
	list, err = k.Steering(t.Context())
	if err != nil || len(list) != 1 || len(list[0].Replicas) != 3 {
		t.Errorf("found again: %+v, %v", list, err)
	}
	before := k.counts()
	direct(t, l, k, 41000, before["cg/steer_direct"]+3)
	if got := k.counts()["cg/tag_first"]; got != before["cg/tag_first"] {
		t.Errorf("%d connections were discovered by the new controller", got-before["cg/tag_first"])
	}
	// Steering that is turned off is taken out of the switch.
	k.apply(edited(t, mine, func(c *config.Config) { c.Steering.Mode = config.SteeringDiscover }))
	discovered := k.counts()["cg/tag_first"]
	l.client(42000, 1).open()
	if got := k.counts()["cg/tag_first"]; got != discovered+1 {
		t.Errorf("%d discovered after it was turned off, %d before", got, discovered)
	}
}

// TestSteersToListedReplicasOnly: an answer from somebody else may win a connection, but later ones are not sent there.
func TestSteersToListedReplicasOnly(t *testing.T) {
	l := newLab(t)
	c := edited(t, network(config.OriginStandby, "A"), func(c *config.Config) { c.Services[0].Steering.Mode = config.SteeringDirect })
	l.build(c)
	k := l.control(c)
	l.lose(func(from, to string) bool { return from == "cg" })
	stranger := "198.51.100.99"
	one := l.client(40000, 1000)
	one.syn()
	l.switches["cg"].receive(wan, packet.MustParse(fmt.Sprintf(
		"eth fe>01 / ip %s>%s df / tcp 8080>40000 SA seq=5000 ack=1001 mss=1460", stranger, clientAddr)).Build())
	if s, ok := one.next(); !ok || s.Ack != 1001 {
		t.Fatalf("%+v", s)
	}
	k.translated(1)
	l.lose(nil)
	direct(t, l, k, 41000, 3)
	list, err := k.Steering(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, r := range list[0].Replicas {
		if r.Address == netip.MustParseAddr(stranger) {
			t.Errorf("the stranger is a candidate: %+v", list[0])
		}
	}
}
