package controller_test

import (
	"context"
	"encoding/binary"
	"net"
	"testing"
	"time"

	"github.com/firstack/firstack/controller"
	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/tests/packet"
)

// BenchmarkLearn opens connections at a client gateway as fast as the controller learns them: a SYN and a SYN-ACK
// through the embedded switch, a digest, two entries over P4Runtime. One op is one connection; at most 65536 make
// sense, for then ports are used again.
func BenchmarkLearn(b *testing.B) {
	l := newLab(b)
	c := network(config.OriginStandby, "A")
	c.Switches = c.Switches[:1]
	c.Services = nil
	l.unchecked, l.queue = true, 0
	l.add("cg", "10.0.0.0/24")
	k, err := controller.New(c, controller.Options{Dial: l.dial, Logger: logger(), Probe: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- k.Run(ctx) }()
	defer func() { cancel(); <-done }()
	for k.Ready(ctx) != nil {
		time.Sleep(time.Millisecond)
	}
	syn := packet.MustParse("eth 41>81 / ip 10.0.0.10>192.0.2.80 df / tcp 0>80 S seq=1000 mss=1460").Build()
	answer := packet.MustParse("eth fe>01 / ip 198.51.100.10>10.0.0.10 df / tcp 8080>0 SA seq=5000 ack=1001 mss=1460").Build()
	learnt := func() int {
		list, err := k.Learning(ctx)
		if err != nil {
			b.Fatal(err)
		}
		return int(list[0].Learnt)
	}
	// SYNs whose slot is taken go untagged and are never claimed. What is waited for is that all claims are learnt.
	catchUp := func() int {
		list, err := k.Counters(ctx)
		if err != nil {
			b.Fatal(err)
		}
		claims := 0
		for _, one := range list {
			if one.Decision == "claim_a" {
				claims = int(one.Packets)
			}
		}
		n := learnt()
		for end := time.Now().Add(time.Second); n < claims && time.Now().Before(end); n = learnt() {
			time.Sleep(100 * time.Microsecond)
		}
		return n
	}
	b.ResetTimer()
	for i := range b.N {
		if i%4096 == 4095 {
			catchUp()
		}
		// Each has a port of its own; checksums do not matter here, since gateways change them by difference.
		binary.BigEndian.PutUint16(syn[34:], uint16(i))
		binary.BigEndian.PutUint16(answer[36:], uint16(i))
		l.switches["cg"].sw.Receive(lan, syn)
		l.switches["cg"].sw.Receive(wan, answer)
	}
	n := catchUp()
	b.StopTimer()
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "learnt/s")
	b.ReportMetric(float64(n)/float64(b.N), "learnt/op")
}
