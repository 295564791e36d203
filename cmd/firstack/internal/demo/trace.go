package demo

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/topo/observe"
)

// Trace prints what the switches do with the packets of one client: tables hit, the flow slot before and after,
// header fields changed, what leaves.
type Trace struct {
	w      io.Writer
	mu     sync.Mutex
	client netip.Addr // whose packets; invalid: nobody's
	start  time.Time
	left   int // packets still to be printed
	more   int // packets of the client that were not
}

// tracePackets bounds a trace: the handshake and the first data of a connection.
const tracePackets = 60

// NewTrace makes a trace that is off.
func NewTrace(w io.Writer) *Trace { return &Trace{w: w} }

// Follow switches the trace on for a client's packets.
func (t *Trace) Follow(client netip.Addr) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client, t.start, t.left = client, time.Now(), tracePackets
}

// Stop switches it off.
func (t *Trace) Stop() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client = netip.Addr{}
	if t.more > 0 {
		fmt.Fprintf(t.w, "… and %d packets more\n", t.more)
		t.more = 0
	}
}

// For returns the tracer of one gateway's switch; nil for no trace.
func (t *Trace) For(gateway string) pipeline.Tracer {
	if t == nil {
		return nil
	}
	return &gatewayTrace{trace: t, gateway: gateway}
}

// gatewayTrace collects the events of one packet and prints them together when the packet has left.
type gatewayTrace struct {
	trace   *Trace
	gateway string
	on      bool
	parsing bool              // what the parser fills in is in the packet's own line
	slot    map[string]string // registers read, by name
	lines   strings.Builder
}

// Trace implements pipeline.Tracer.
func (g *gatewayTrace) Trace(e *pipeline.Event) {
	if e.Kind == pipeline.EventReceive {
		g.begin(e)
	}
	if !g.on {
		return
	}
	switch e.Kind {
	case pipeline.EventTable, pipeline.EventAction, pipeline.EventCondition:
		g.parsing = false
	}
	switch e.Kind {
	case pipeline.EventTable:
		if name, ok := shortName(e.Name); ok {
			g.table(name, e)
		}
	case pipeline.EventRegister:
		g.register(e)
	case pipeline.EventField:
		if name, ok := headerField(e.Name); ok && !g.parsing {
			g.printf("    %-24s %s → %s\n", name, number(name, e.Old), number(name, e.Value))
		}
	case pipeline.EventValid:
		if _, ok := headerField(e.Name); ok && !g.parsing {
			g.printf("    header %-17s %s\n", e.Name, map[bool]string{true: "added", false: "removed"}[e.Hit])
		}
	case pipeline.EventDigest:
		g.printf("    the controller is told (digest %s)\n", e.Name)
	case pipeline.EventReplicate:
		g.printf("    copies by multicast group %d\n", e.Index)
	case pipeline.EventDrop:
		g.printf("  dropped: %s\n", e.Name)
		g.flush()
	case pipeline.EventTransmit:
		g.printf("  out of port %d: %s\n", e.Port, describe(e.Frame))
		g.flush()
	}
}

// begin decides whether the packet is shown: one of the client's, and not too many yet.
func (g *gatewayTrace) begin(e *pipeline.Event) {
	g.flush()
	t := g.trace
	t.mu.Lock()
	defer t.mu.Unlock()
	seg, ok := observe.Decode(e.Frame)
	g.on = ok && t.client.IsValid() && (seg.Src.Addr() == t.client || seg.Dst.Addr() == t.client)
	if !g.on {
		return
	}
	if t.left == 0 {
		t.more++
		g.on = false
		return
	}
	t.left--
	g.parsing = true
	g.slot = map[string]string{}
	g.printf("%9.3f ms  %s, port %d: %s\n", float64(time.Since(t.start).Microseconds())/1e3, g.gateway, e.Port, describe(e.Frame))
}

func (g *gatewayTrace) table(name string, e *pipeline.Event) {
	var args []string
	for _, a := range e.Args {
		args = append(args, argument(a))
	}
	action, _ := shortName(e.Action)
	how := "hit"
	if !e.Hit {
		how = "default"
	}
	g.printf("    table %-18s %s(%s) [%s]\n", name, action, strings.Join(args, ", "), how)
}

func (g *gatewayTrace) register(e *pipeline.Event) {
	name, _ := shortName(e.Name)
	value := number(name, e.Value)
	if !e.Write {
		g.slot[name] = value
		return
	}
	g.printf("    slot %-5d %-13s %s → %s\n", e.Index, name, g.slot[name], value)
}

func (g *gatewayTrace) printf(format string, args ...any) { fmt.Fprintf(&g.lines, format, args...) }

func (g *gatewayTrace) flush() {
	if g.lines.Len() == 0 {
		return
	}
	text := g.lines.String()
	g.lines.Reset()
	g.trace.mu.Lock()
	defer g.trace.mu.Unlock()
	io.WriteString(g.trace.w, text)
}

// shortName drops the controls' names. False: the compiler made it up (it has no control's name).
func shortName(name string) (string, bool) {
	i := strings.LastIndexByte(name, '.')
	return name[i+1:], i >= 0
}

// headerField says whether a field belongs to a packet header, not to metadata.
func headerField(name string) (string, bool) {
	header, _, _ := strings.Cut(name, ".")
	switch header {
	case "ethernet", "arp", "ipv4", "inner", "icmp", "quoted", "quoted_inner", "quoted_tcp", "tcp", "tag", "mss":
		return name, true
	}
	return "", false
}

// number shows addresses as such, other values in decimal, long ones in hexadecimal.
func number(name string, v pipeline.Value) string {
	switch {
	case v.Width == 32 && strings.HasSuffix(name, "_addr"):
		return netip.AddrFrom4([4]byte(v.Bytes)).String()
	case v.Width == 48:
		return net.HardwareAddr(v.Bytes).String()
	case len(v.Bytes) > 4:
		return "0x" + hex.EncodeToString(v.Bytes)
	}
	var n uint64
	for _, b := range v.Bytes {
		n = n<<8 | uint64(b)
	}
	return fmt.Sprint(n)
}

// argument shows an action's argument, whose name the trace does not know: 32 bits with a high byte are an address.
func argument(v pipeline.Value) string {
	if v.Width == 32 && v.Bytes[0] != 0 {
		return number("_addr", v)
	}
	return number("", v)
}

// describe is a frame in one line.
func describe(frame []byte) string {
	seg, ok := observe.Decode(frame)
	if !ok {
		return fmt.Sprintf("%d bytes", len(frame))
	}
	var b strings.Builder
	if seg.Outer != nil {
		fmt.Fprintf(&b, "[%s → %s] ", seg.Outer.Src, seg.Outer.Dst)
	}
	fmt.Fprintf(&b, "%s → %s %s", seg.Src, seg.Dst, flags(seg))
	if n := len(seg.TCP.Payload); n > 0 {
		fmt.Fprintf(&b, " %d bytes", n)
	}
	if len(seg.TCP.Options) > 0 && seg.TCP.Options[0].OptionType == 253 {
		b.WriteString(" tagged")
	}
	return b.String()
}

func flags(seg observe.Segment) string {
	var names []string
	for _, f := range []struct {
		set  bool
		name string
	}{{seg.TCP.SYN, "SYN"}, {seg.TCP.FIN, "FIN"}, {seg.TCP.RST, "RST"}, {seg.TCP.PSH, "PSH"}, {seg.TCP.ACK, "ACK"}} {
		if f.set {
			names = append(names, f.name)
		}
	}
	return strings.Join(names, "+")
}
