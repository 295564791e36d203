package gateway_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/controller/gateway/slowpath"
	"github.com/firstack/firstack/controller/p4rt/p4rttest"
	"github.com/firstack/firstack/tables/clientgateway"
	"github.com/firstack/firstack/tests/packet"
)

// packetIn has the switch hand a packet to the controller.
func (b *bench) packetIn(why slowpath.Reason, text string) {
	b.t.Helper()
	p, err := b.program.PacketIn.In(clientgateway.PacketIn{IngressPort: 2, Reason: uint8(why)}, packet.MustParse(text).Build())
	if err != nil {
		b.t.Fatal(err)
	}
	if !b.server.SendPacket(p) {
		b.t.Fatal("no primary to tell")
	}
}

// asks waits until the controller asks for somebody's Ethernet address, and gives all that it sent until then.
func (b *bench) asks(who string) (sent []string) {
	b.t.Helper()
	for deadline := time.After(time.Minute); ; {
		select {
		case out := <-b.server.PacketOuts():
			sent = append(sent, packet.Decode(out.GetPayload()).String())
			if strings.Contains(sent[len(sent)-1], "tpa="+who) {
				return sent
			}
		case <-deadline:
			b.t.Fatalf("not asked for %s, but sent %q", who, sent)
		}
	}
}

// TestUntranslatedPacketIsNotSentOn hands the controller packets of a connection that the switch could not translate yet:
// from before it has its entries, and one that was still on its way afterwards. They wait for nobody's Ethernet address.
func TestUntranslatedPacketIsNotSentOn(t *testing.T) {
	b := newBench(t, nil)
	e := b.event(claimed, 1000)
	e.ClientAddr = netip.MustParseAddr("10.0.0.7")
	b.send(e)
	b.holds(1, 1)
	const (
		toClient  = "eth aa>02 / ip 198.51.100.10>10.0.0.7 / tcp 8080>1000 PA seq=1 ack=1 / payload \"x\""
		stranger  = "eth aa>02 / ip 198.51.100.99>10.0.0.%d / udp 1>2"
		fromSeven = "eth 07>02 / arp reply sha=07 spa=10.0.0.7 tha=02 tpa=10.0.0.1"
	)
	b.packetIn(slowpath.NoRoute, fmt.Sprintf(stranger, 7))
	b.asks("10.0.0.7")
	b.packetIn(slowpath.ARP, fromSeven)
	b.settled()

	begun, release := make(chan struct{}, 10), make(chan struct{})
	b.server.Set(p4rttest.Faults{Write: func(ctx context.Context, r *p4v1.WriteRequest) error {
		for _, u := range r.GetUpdates() {
			if b.isTranslation(u) {
				begun <- struct{}{}
				select {
				case <-release:
				case <-ctx.Done():
				}
				return nil
			}
		}
		return nil
	}})
	b.reboot()
	<-begun
	b.packetIn(slowpath.NoRoute, toClient)
	b.packetIn(slowpath.NoRoute, fmt.Sprintf(stranger, 7)) // a connection that nobody knows of
	close(release)
	b.settled()
	b.packetIn(slowpath.NoRoute, toClient)
	b.packetIn(slowpath.NoRoute, fmt.Sprintf(stranger, 8))
	for _, sent := range b.asks("10.0.0.8") {
		if strings.Contains(sent, "10.0.0.7") && !strings.Contains(sent, "198.51.100.99>10.0.0.7") {
			t.Errorf("sent %s", sent)
		}
	}
	b.packetIn(slowpath.NoRoute, fmt.Sprintf(stranger, 7)) // which may be sent on
	b.asks("10.0.0.7")
}
