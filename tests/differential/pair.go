package differential

import (
	"context"
	"errors"
	"fmt"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/tests/packet"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/bmv2"
	"github.com/firstack/firstack/tests/vector/embedded"
)

// patience is how long the reference switch may take for what it has to do at once.
const patience = 20 * time.Second

// tick is what the embedded switch's clock moves from packet to packet: more than a tick of the programs.
const tick = 2 * time.Millisecond

// A pair is the two switches with the same program, and what came of what they were given.
type pair struct {
	program *vector.Program
	ours    *embedded.Target
	theirs  *bmv2.Target // nil: there is none
	oneShot bool         // no members or groups were written
	clock   time.Duration
	batches int

	packets           int
	ourIns, theirIns  []*p4v1.PacketIn
	ourTold, theyTold []*p4v1.DigestList
	frames            int // that left each
}

// start starts both switches; without the reference one only the embedded one runs.
func start(ctx context.Context, program *vector.Program, reference bool) (*pair, error) {
	p := &pair{program: program}
	var err error
	if p.ours, err = embedded.Start(ctx); err != nil {
		return nil, err
	}
	if err = p.ours.Load(ctx, program); err == nil && reference {
		if p.theirs, err = bmv2.Start(ctx, nil); err == nil {
			err = p.theirs.Load(ctx, program)
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pair) close() error {
	err := p.ours.Close()
	if p.theirs != nil {
		err = errors.Join(err, p.theirs.Close())
	}
	return err
}

// write gives both the same updates in one request and demands that each update fares alike.
func (p *pair) write(ctx context.Context, updates []*p4v1.Update) error {
	ours, err := outcomes(p.ours.Write(ctx, updates), len(updates))
	if err != nil || p.theirs == nil {
		return err
	}
	theirs, err := outcomes(p.theirs.Write(ctx, updates), len(updates))
	if err != nil {
		return err
	}
	var faults []error
	for i := range updates {
		if ours[i] != theirs[i] && !sameRefusal(ours[i], theirs[i]) {
			faults = append(faults, fmt.Errorf("write: ours %q, theirs %q: %v", ours[i], theirs[i], updates[i]))
		}
	}
	return errors.Join(faults...)
}

// outcomes gives the code of each update of a Write.
func outcomes(err error, n int) ([]string, error) {
	list := make([]string, n)
	if err == nil {
		return list, nil
	}
	st, ok := status.FromError(err)
	if !ok || len(st.Details()) != n {
		return nil, err
	}
	for i, d := range st.Details() {
		if e, ok := d.(*p4v1.Error); ok && e.CanonicalCode != 0 {
			list[i] = fmt.Sprint(e.CanonicalCode)
		}
	}
	return list, nil
}

// sameRefusal tells whether both refuse an update, with different codes as they are known to: the reference switch
// has UNKNOWN for whatever its driver can't do, and INVALID_ARGUMENT for a member or group that is not there
// (known: RefusalCodes).
func sameRefusal(ours, theirs string) bool {
	code := func(c codes.Code) string { return fmt.Sprint(int(c)) }
	return ours != "" && theirs == code(codes.Unknown) || ours == code(codes.NotFound) && theirs == code(codes.InvalidArgument)
}

// markers are frames that leave by each port, and to the controller, after everything before them.
const (
	markerProtocol = 253
	cpuMarker      = 200 // last byte of its destination
)

func markerFrame(last, batch int) []byte {
	return packet.MustParse(fmt.Sprintf("eth a9>a8 / ip 203.0.113.254>203.0.113.%d proto=%d / payload hex:%08x", last, markerProtocol, batch)).Build()
}

// markerEntries lead the markers to their ports. Random entries don't meet them.
func markerEntries() []vector.Entry {
	var entries []vector.Entry
	for port := 1; port <= ports; port++ {
		entries = append(entries, vector.Entry{
			Table: "routes", Key: map[string]vector.Text{"dst_addr": vector.Text(fmt.Sprintf("203.0.113.%d/32", port))}, Action: "forward",
			Args: map[string]vector.Text{"port": vector.Text(fmt.Sprint(port)), "next_hop": "0"},
		})
	}
	return append(entries, vector.Entry{
		Table: "routes", Key: map[string]vector.Text{"dst_addr": vector.Text(fmt.Sprintf("203.0.113.%d/32", cpuMarker))}, Action: "local",
	})
}

// isMarker tells whether a frame is a marker; of this batch or another one.
func isMarker(frame []byte) bool {
	const protocol, src = 23, 26
	return len(frame) == 38 && frame[protocol] == markerProtocol && [4]byte(frame[src:src+4]) == [4]byte{203, 0, 113, 254}
}

// batch gives both the frames and compares what leaves them.
func (p *pair) batch(ctx context.Context, list []given) error {
	p.batches++
	groups := make([][]vector.Frame, len(list))
	for i, g := range list {
		p.clock += tick
		if err := errors.Join(p.ours.Advance(p.clock), p.ours.Send(g.port, g.frame)); err != nil {
			return err
		}
		groups[i] = p.ours.Frames()
		p.frames += len(groups[i])
	}
	p.packets += len(list)
	marks := make([][]byte, 0, ports+1)
	for port := 1; port <= ports; port++ {
		marks = append(marks, markerFrame(port, p.batches))
	}
	marks = append(marks, markerFrame(cpuMarker, p.batches))
	for _, m := range marks {
		if err := p.ours.Send(ports, m); err != nil {
			return err
		}
	}
	if n := len(p.ours.Frames()); n != ports {
		return fmt.Errorf("%d of %d markers left the embedded switch", n, ports)
	}
	if p.theirs == nil {
		return nil
	}
	for _, g := range list {
		if err := p.theirs.Send(g.port, g.frame); err != nil {
			return err
		}
	}
	for _, m := range marks {
		if err := p.theirs.Send(ports, m); err != nil {
			return err
		}
	}
	left, err := p.await(ctx)
	if err != nil {
		return err
	}
	return compareFrames(list, groups, left)
}

// await returns what leaves the reference switch, by port, up to the markers.
func (p *pair) await(ctx context.Context) (map[uint32][][]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	left, marked := map[uint32][][]byte{}, 0
	for marked < ports {
		select {
		case f := <-p.theirs.Frames():
			if isMarker(f.Bytes) {
				marked++
			} else {
				left[f.Port] = append(left[f.Port], f.Bytes)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("%d of %d markers left the reference switch: %w", marked, ports, ctx.Err())
		}
	}
	for {
		events, err := p.theirs.Control(ctx, vector.Count{PacketIns: 1})
		if err != nil || len(events.PacketIns) == 0 {
			return nil, fmt.Errorf("the controller's marker did not come from the reference switch: %w", errors.Join(err, ctx.Err()))
		}
		p.theyTold = append(p.theyTold, events.Digests...)
		last := len(events.PacketIns) - 1
		if isMarker(events.PacketIns[last].Payload) {
			p.theirIns = append(p.theirIns, events.PacketIns[:last]...)
			return left, nil
		}
		p.theirIns = append(p.theirIns, events.PacketIns...)
	}
}

// packetOut gives both a frame from the controller and compares what leaves.
func (p *pair) packetOut(ctx context.Context, out *p4v1.PacketOut) error {
	if err := p.ours.PacketOut(out); err != nil {
		return err
	}
	events, err := p.ours.Control(ctx)
	if err != nil {
		return err
	}
	p.keep(events)
	group := p.ours.Frames()
	p.frames += len(group)
	p.packets++
	if p.theirs == nil {
		return nil
	}
	if err := p.theirs.PacketOut(out); err != nil {
		return err
	}
	left := map[uint32][][]byte{}
	for range group {
		select {
		case f := <-p.theirs.Frames():
			left[f.Port] = append(left[f.Port], f.Bytes)
		case <-time.After(patience):
			return errors.New("a packet-out did not leave the reference switch")
		}
	}
	return compareFrames([]given{{text: "packet-out", frame: out.Payload}}, [][]vector.Frame{group}, left)
}

// keep remembers what our controller got, but for markers.
func (p *pair) keep(events vector.Events) {
	for _, in := range events.PacketIns {
		if !isMarker(in.Payload) {
			p.ourIns = append(p.ourIns, in)
		}
	}
	p.ourTold = append(p.ourTold, events.Digests...)
}

// finish compares what the controllers got, and what is in the tables.
func (p *pair) finish(ctx context.Context) error {
	events, err := p.ours.Control(ctx)
	if err != nil {
		return err
	}
	p.keep(events)
	if p.theirs == nil {
		return nil
	}
	// A digest may come after the frames: as many as ours are waited for, and one more batch shows extra ones.
	if missing := len(p.ourTold) - len(p.theyTold); missing > 0 {
		short, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
		events, err := p.theirs.Control(short, vector.Count{Digests: missing})
		cancel()
		if err != nil {
			return err
		}
		p.theyTold = append(p.theyTold, events.Digests...)
		p.theirIns = append(p.theirIns, events.PacketIns...)
	}
	if err := p.batch(ctx, nil); err != nil {
		return err
	}
	if events, err = p.ours.Control(ctx); err != nil {
		return err
	}
	p.keep(events)
	return errors.Join(p.comparePacketIns(), p.compareDigests(), p.compareEntities(ctx))
}
