package witness

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/topo/link"
	"github.com/firstack/firstack/topo/plan"
	"github.com/firstack/firstack/topo/spec"
)

// The default topology: who is where, by its plan.
const (
	fromClient = "client>cg-frankfurt"
	toClient   = "cg-frankfurt>client"
	fromLondon = "rg-london>cg-frankfurt"
	fromTokyo  = "rg-tokyo>cg-frankfurt"
	toLondon   = "cg-frankfurt>rg-london"
	toTokyo    = "cg-frankfurt>rg-tokyo"
	toReplica  = "rg-london>replica-london"
	toOrigin   = "cg-frankfurt>sg-washington"

	syn    = "ip $client>$server / tcp 4000>80 S seq=100"
	synack = "ip $server>$client / tcp 80>4000 SA seq=7 ack=101"
	london = "ip $london>$client / tcp 80>4000 SA seq=7 ack=101"
	tokyo  = "ip $tokyo>$client / tcp 80>4000 SA seq=8 ack=101"
	tagged = "ip $client>$server / tcp 4000>80 S seq=100 tag=permitted,attempt=0,gw=1"
)

var names = strings.NewReplacer("$client", "10.1.0.10", "$server", "192.0.2.1", "$london", "10.3.0.10", "$tokyo", "10.4.0.10")

func newWitness(t *testing.T) *Witness {
	top, err := spec.Default()
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(top)
	if err != nil {
		t.Fatal(err)
	}
	return New(p)
}

// pass takes a frame over a link, given as "link: packet", in at one end and out at the other. A link that ends in ! loses
// it on the way.
func pass(t *testing.T, w *Witness, line string) {
	t.Helper()
	path, text, _ := strings.Cut(line, ": ")
	path, lost := strings.CutSuffix(path, "!")
	from, to, _ := strings.Cut(path, ">")
	p, err := packet.Parse("eth aa>bb / " + names.Replace(text))
	if err != nil {
		t.Fatal(err)
	}
	ev := link.TapEvent{Time: time.Now(), LinkID: path, From: from, To: to, Fate: link.Sent, Frame: p.Build()}
	if lost {
		ev.Fate = link.Lost
		w.See(ev)
		return
	}
	w.See(ev)
	ev.Fate = link.Delivered
	w.See(ev)
}

// won is a race that London has won, with an answer in A.
var won = []string{fromClient + ": " + syn, toOrigin + ": " + tagged, fromLondon + ": " + london, toClient + ": " + synack}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string // part of the fault; empty: none
	}{
		{"a race", append(won, fromTokyo+": "+tokyo, toTokyo+": ip $client>$tokyo / tcp 4000>80 R seq=101"), ""},
		{"a race in B", []string{fromClient + ": " + syn, fromLondon + ": ip $server>$client / " + london, toClient + ": " + synack,
			toLondon + ": ip $client>$london / tcp 4000>80 A seq=101"}, ""},
		{"a race in C", []string{fromClient + ": " + syn, fromLondon + ": ip $london>$client / " + synack, toClient + ": " + synack,
			toLondon + ": ip $client>$london / ip $client>$server / tcp 4000>80 A seq=101",
			fromTokyo + ": ip $tokyo>$client / ip $server>$client / tcp 80>4000 SA seq=8 ack=101",
			toTokyo + ": ip $client>$tokyo / ip $client>$server / tcp 4000>80 R seq=101"}, ""},
		{"a late answer without a reset", append(won, fromTokyo+": "+tokyo), "1 late answers from 10.4.0.10, but 0 resets"},
		{"a late answer whose reset is lost", append(won, fromTokyo+": "+tokyo, toTokyo+"!: ip $client>$tokyo / tcp 4000>80 R seq=101"), ""},
		{"two late answers and one reset", append(won, fromTokyo+": "+tokyo, fromTokyo+": "+tokyo, toTokyo+": ip $client>$tokyo / tcp 4000>80 R seq=101"), "2 late answers from 10.4.0.10, but 1 resets"},
		{"a late answer whose reset goes to another", append(won, fromTokyo+": "+tokyo, toLondon+": ip $client>$london / tcp 4000>80 R seq=101"), "but 0 resets"},
		{"two answers to a client", append(won, toClient+": ip $server>$client / tcp 80>4000 SA seq=8 ack=101"), "two answers"},
		{"the same answer again", append(won, fromLondon+": "+london, toClient+": "+synack), ""},
		{"a replica's address before a client", append(won, toClient+": ip $london>$client / tcp 80>4000 A seq=8"), "never sent to"},
		{"another port of the server", append(won, toClient+": ip $server>$client / tcp 81>4000 A seq=8"), "never sent to"},
		{"a port that the client did not use", append(won, toClient+": ip $server>$client / tcp 80>4001 A seq=8"), "never sent to"},
		{"a tunnel to a client", append(won, toClient+": ip $london>$client / "+synack), "given a tunnel"},
		{"a tag to a client", []string{fromClient + ": " + syn, toClient + ": ip $server>$client / tcp 80>4000 SA seq=7 ack=101 tag=answer,attempt=0,gw=1"}, "given a tag"},
		{"a tag to a replica", []string{toReplica + ": ip $client>$london / tcp 4000>80 S seq=100 tag=permitted,attempt=0,gw=1"}, "given a tag"},
		{"a connection that moves", append(won, toTokyo+": ip $client>$tokyo / tcp 4000>80 A seq=101"), "that 10.3.0.10 won sends to 10.4.0.10"},
		{"a connection that falls back to the server", append(won, toOrigin+": ip $client>$server / tcp 4000>80 A seq=101"), "sends to 192.0.2.1"},
		{"a connection that stays", append(won, toLondon+": ip $client>$london / tcp 4000>80 A seq=101"), ""},
		{"a wrong TCP checksum", []string{fromClient + ": ip $client>$server / tcp 4000>80 S seq=1 csum=+0x0100"}, "checksum"},
		{"a wrong IP checksum", []string{toLondon + ": ip $client>$london csum=+0x0100 / tcp 4000>80 S seq=1"}, "checksum"},
		{"an ICMP error about the client's packet", append(won, toClient+": ip 172.31.0.1>$client / icmp 3/4 mtu=1000 / quote 28 / ip $client>$server / tcp 4000>80 A seq=101"), ""},
		{"an ICMP error about a translated packet", append(won, toClient+": ip 172.31.0.1>$client / icmp 3/4 mtu=1000 / quote 28 / ip $client>$london / tcp 4000>80 A seq=101"), "never sent to"},
		{"an ICMP error about a tunnel", append(won, toClient+": ip 172.31.0.1>$client / icmp 3/4 mtu=1000 / quote 48 / ip $client>$london / ip $client>$server / tcp 4000>80 A seq=101"), "told of a tunnel"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWitness(t)
			for _, line := range c.lines {
				pass(t, w, line)
			}
			if owing := w.Owing(); owing != strings.Contains(c.want, "resets") {
				t.Errorf("a reset is owing: %v", owing)
			}
			w.Settle(time.Now().Add(time.Second))
			switch err := w.Err(); {
			case c.want == "" && err != nil:
				t.Errorf("a fault: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("the fault is %v, want one with %q", err, c.want)
			}
			if n := w.Totals().Connections; n != 0 {
				t.Errorf("%d connections are remembered after all are settled", n)
			}
		})
	}
}

func TestOpening(t *testing.T) {
	w := newWitness(t)
	client := netip.MustParseAddrPort("10.1.0.10:4000")
	if _, ok := w.Opening(client); ok {
		t.Error("an opening before there was one")
	}
	for _, line := range append(won, fromClient+": "+syn, fromTokyo+": "+tokyo,
		toTokyo+": ip $client>$tokyo / tcp 4000>80 R seq=101", fromLondon+": "+london, toClient+": "+synack) {
		pass(t, w, line)
	}
	o, ok := w.Opening(client)
	o.After = 0
	want := "{Server:192.0.2.1:80 SYNs:2 Tagged:1 Answered:true Winner:10.3.0.10 After:0s Late:1 Repeated:1 " +
		"Reset:[10.4.0.10] Speakers:[10.3.0.10 10.4.0.10 10.3.0.10]}"
	if got := fmt.Sprintf("%+v", o); !ok || got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if w.Winner(client) != netip.MustParseAddr("10.3.0.10") {
		t.Errorf("the winner is %v", w.Winner(client))
	}
	if totals := w.Totals(); totals.Late != 1 || totals.Resets != 1 || totals.SYNsAgain != 1 || totals.Repeated != 1 || totals.Opened != 1 {
		t.Errorf("%+v", totals)
	}
}

func TestTolerate(t *testing.T) {
	w := newWitness(t)
	w.Tolerate(func(ev link.TapEvent) bool { return ev.To == "client" })
	pass(t, w, toClient+": ip $london>$client / tcp 80>4000 A seq=8")
	if err := w.Err(); err != nil {
		t.Error(err)
	}
	w.Tolerate(nil)
	for range 2 * maxFaults {
		pass(t, w, toClient+": ip $london>$client / tcp 80>4000 A seq=8")
	}
	if err := w.Err(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("and %d faults more", maxFaults)) {
		t.Errorf("the faults: %v", err)
	}
}

// FuzzSee: no frame makes the witness panic, wherever it is seen.
func FuzzSee(f *testing.F) {
	for _, text := range []string{syn, synack, london, tagged, "ip $london>$client / " + synack,
		"ip 172.31.0.1>$client / icmp 3/4 mtu=1000 / quote 48 / ip $client>$london / ip $client>$server / tcp 4000>80 A seq=101"} {
		f.Add(packet.MustParse("eth aa>bb / " + names.Replace(text)).Build())
	}
	top, err := spec.Default()
	if err != nil {
		f.Fatal(err)
	}
	p, err := plan.New(top)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		w := New(p)
		for _, path := range []string{fromClient, toClient, fromLondon, toLondon, toReplica} {
			from, to, _ := strings.Cut(path, ">")
			for _, fate := range []link.Fate{link.Sent, link.Delivered} {
				w.See(link.TapEvent{Time: time.Now(), LinkID: path, From: from, To: to, Fate: fate, Frame: frame})
			}
		}
		w.Settle(time.Now())
	})
}
