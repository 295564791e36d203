package embedded

import (
	"context"
	"fmt"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"pgregory.net/rapid"

	"github.com/firstack/firstack/tests/vector"
)

// noTimeout: the switch is in this process and answers.
var noTimeout = context.Background()

// TestRandomTranslations: whatever the addresses, ports, fields and errors of a packet, the client gateway's
// rewriting and tunnelling leave right checksums right and wrong ones as wrong as they were.
func TestRandomTranslations(t *testing.T) {
	b := newBench(t, "client_syn.yaml")
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		flow := map[string]vector.Text{
			"client_addr": vector.Text(s.client), "client_port": text(s.clientPort),
		}
		outKey, inKeyA, inKeyC := with(flow, "server", s.server, s.serverPort), with(flow, "peer", s.replica, s.replicaPort),
			with(flow, "peer", s.server, s.serverPort)
		a := []vector.Entry{
			{Table: "outbound", Key: outKey, Action: "to_replica", Args: with(nil, "replica", s.replica, s.replicaPort)},
			{Table: "inbound", Key: inKeyA, Action: "from_replica", Args: with(nil, "server", s.server, s.serverPort)},
		}
		c := []vector.Entry{
			{Table: "outbound", Key: outKey, Action: "into_tunnel", Args: map[string]vector.Text{"replica_addr": vector.Text(s.replica)}},
			{Table: "inbound", Key: inKeyC, Action: "from_tunnel", Args: map[string]vector.Text{"replica_addr": vector.Text(s.replica)}},
		}
		ip := func(src, dst string, ttl uint8) string { return fmt.Sprintf("ip %s>%s ttl=%d%s", src, dst, ttl, s.ip) }
		tcp := func(src, dst uint16) string {
			return fmt.Sprintf("tcp %d>%d PA seq=%d%s%s", src, dst, s.seq, s.tcp, s.payload)
		}

		b.write(t, p4v1.Update_INSERT, a...)
		b.pass(t, 1, "eth c1>a1 / "+ip(s.client, s.server, s.ttl)+" / "+tcp(s.clientPort, s.serverPort),
			2, "eth a2>d1 / "+ip(s.client, s.replica, s.ttl-1)+" / "+tcp(s.clientPort, s.replicaPort))
		b.pass(t, 2, "eth d1>a2 / "+ip(s.replica, s.client, s.ttl)+" / "+tcp(s.replicaPort, s.clientPort),
			1, "eth a1>c1 / "+ip(s.server, s.client, s.ttl-1)+" / "+tcp(s.serverPort, s.clientPort))
		b.write(t, p4v1.Update_DELETE, a...)

		b.write(t, p4v1.Update_INSERT, c...)
		b.pass(t, 1, "eth c1>a1 / "+ip(s.client, s.server, s.ttl)+" / "+tcp(s.clientPort, s.serverPort),
			2, "eth a2>d1 / "+s.outer(s.client, s.replica)+" / "+ip(s.client, s.server, s.ttl-1)+" / "+tcp(s.clientPort, s.serverPort))
		b.pass(t, 2, "eth d1>a2 / "+s.outer(s.replica, s.client)+" / "+ip(s.server, s.client, s.ttl)+" / "+tcp(s.serverPort, s.clientPort),
			1, "eth a1>c1 / "+ip(s.server, s.client, s.ttl-1)+" / "+tcp(s.serverPort, s.clientPort))
		b.write(t, p4v1.Update_DELETE, c...)
	})
}

// TestRandomTags: the tag goes into, and comes out of, any SYN likewise.
func TestRandomTags(t *testing.T) {
	client, server := newBench(t, "client_syn.yaml"), newBench(t, "server_syn.yaml")
	seq := uint32(0)
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		seq++ // every SYN opens another connection, or it would be a retransmission
		s.seq = seq
		options := rapid.SampledFrom([]string{"", " mss=1460", " mss=1460 sackok ws=7", " sackok mss=1200", " ts=1,2"}).Draw(t, "options")
		syn := func(tag string) string {
			return fmt.Sprintf("tcp %d>80 S seq=%d%s%s%s", s.clientPort, s.seq, s.tcp, tag, options)
		}
		const tag = " tag=permitted,attempt=0,gw=7"
		// A port that is used again takes its slot anew: the last SYN's must have expired.
		if err := client.target.Advance(client.later()); err != nil {
			t.Fatal(err)
		}
		client.pass(t, 1, fmt.Sprintf("eth c1>a1 / ip %s>%s ttl=%d%s / %s", s.client, s.server, s.ttl, s.ip, syn("")),
			2, fmt.Sprintf("eth a2>d1 / ip %s>%s ttl=%d%s / %s", s.client, s.server, s.ttl-1, s.ip, syn(tag)))

		// The origin's leg of a race of the server in the base file: stripped again.
		server.pass(t, 1, fmt.Sprintf("eth d1>b1 / ip %s>198.51.100.10 ttl=%d%s / %s", s.client, s.ttl, s.ip, syn(tag)),
			2, fmt.Sprintf("eth b2>e1 / ip %s>198.51.100.10 ttl=%d%s / %s", s.client, s.ttl-1, s.ip, syn("")))
	})
}

// TestRandomStandIns: cracking, spoofing and tunnelling at the replica gateway likewise.
func TestRandomStandIns(t *testing.T) {
	b := newBench(t, "replica.yaml")
	rapid.Check(t, func(t *rapid.T) {
		s := drawSample(t)
		const server = "198.51.100.10"
		ip := func(src, dst string, ttl uint8) string { return fmt.Sprintf("ip %s>%s ttl=%d%s", src, dst, ttl, s.ip) }
		syn := fmt.Sprintf("tcp %d>80 S seq=%d%s tag=permitted,attempt=0,gw=7 mss=1460", s.clientPort, s.seq, s.tcp)
		for _, replica := range []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"} {
			b.pass(t, 1, "eth d1>f1 / "+s.outer(server, replica)+" / "+ip(s.client, server, s.ttl)+" / "+syn,
				2, "eth f2>e1 / "+ip(s.client, replica, s.ttl-1)+" / "+fmt.Sprintf("tcp %d>80 S seq=%d%s mss=1440", s.clientPort, s.seq, s.tcp))
		}
		answer := func(mss int) string {
			return fmt.Sprintf("tcp 80>%d SA seq=%d%s mss=%d", s.clientPort, s.seq, s.tcp, mss)
		}
		b.pass(t, 2, "eth e1>f2 / "+ip("192.0.2.2", s.client, s.ttl)+" / "+answer(1460),
			1, "eth f1>d1 / "+s.outer(server, s.client)+" / "+ip("192.0.2.2", s.client, s.ttl-1)+" / "+answer(1460))
		b.pass(t, 2, "eth e1>f2 / "+ip("192.0.2.3", s.client, s.ttl)+" / "+answer(1460),
			1, "eth f1>d1 / "+s.outer("192.0.2.3", s.client)+" / "+ip(server, s.client, s.ttl-1)+" / "+answer(1440))
		data := fmt.Sprintf("tcp 80>%d A seq=%d%s%s", s.clientPort, s.seq, s.tcp, s.payload)
		b.pass(t, 2, "eth e1>f2 / "+ip("192.0.2.2", s.client, s.ttl)+" / "+data,
			1, "eth f1>d1 / "+ip(server, s.client, s.ttl-1)+" / "+data)
	})
}

func text(v uint16) vector.Text { return vector.Text(fmt.Sprint(v)) }

// with returns a copy of values with who_addr and who_port added.
func with(values map[string]vector.Text, who, addr string, port uint16) map[string]vector.Text {
	all := map[string]vector.Text{who + "_addr": vector.Text(addr), who + "_port": text(port)}
	for name, value := range values {
		all[name] = value
	}
	return all
}
