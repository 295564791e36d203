package pipeline

import (
	"fmt"
	"slices"
	"strings"
)

// trace hands an event to the tracer, which is there.
func (pl *Pipeline) trace(p *packet, e Event) {
	e.Packet = p.number
	pl.env.Tracer.Trace(&e)
}

// note reports an event that has only a name, if somebody listens.
func (pl *Pipeline) note(p *packet, kind EventKind, name string) {
	if pl.env.Tracer != nil {
		pl.trace(p, Event{Kind: kind, Name: name})
	}
}

func (pl *Pipeline) value(width int, w []uint64) Value {
	return Value{Width: width, Bytes: wordsToBytes(w, width)}
}

func (pl *Pipeline) traceReceive(p *packet) {
	pl.trace(p, Event{Kind: EventReceive, Port: p.port, Frame: p.in})
	pl.traceSnapshot(p)
}

// traceSnapshot remembers the packet's words for traceChanges.
func (pl *Pipeline) traceSnapshot(p *packet) { pl.before = append(pl.before[:0], p.w...) }

// traceChanges reports what has changed since the last snapshot and takes a new
// one.
func (pl *Pipeline) traceChanges(p *packet) {
	if slices.Equal(pl.before, p.w) || len(pl.before) != len(p.w) {
		pl.traceSnapshot(p)
		return
	}
	old := pl.before
	for i := range pl.code.l.headers {
		h := &pl.code.l.headers[i]
		if old[h.valid] != p.w[h.valid] {
			pl.trace(p, Event{Kind: EventValid, Name: h.def.Name, Hit: p.w[h.valid] != 0})
		}
		if p.w[h.valid] == 0 {
			continue
		}
		for j := range h.fields {
			f := &h.fields[j]
			a, b := old[f.off:f.off+f.words], p.w[f.off:f.off+f.words]
			if !slices.Equal(a, b) {
				pl.trace(p, Event{
					Kind: EventField, Name: h.def.Name + "." + h.def.Type.Fields[j].Name,
					Old: pl.value(f.width, a), Value: pl.value(f.width, b),
				})
			}
		}
	}
	pl.traceSnapshot(p)
}

// traceAction carries out an action that no table chose.
func (pl *Pipeline) traceAction(p *packet, k *call) {
	pl.trace(p, Event{Kind: EventAction, Action: k.action.name, Args: pl.args(k)})
	p.args = k.args
	k.action.run(p)
	pl.traceChanges(p)
}

func (pl *Pipeline) args(k *call) []Value {
	var v []Value
	for _, q := range k.action.params {
		v = append(v, pl.value(q.width, k.args[q.off:q.off+q.words]))
	}
	return v
}

// traced is Table.run with events.
func (t *Table) traced(p *packet) *node {
	e := Event{Kind: EventTable, Name: t.def.name, Const: t.frozen}
	key := t.def.pack(p)
	for i := range t.def.keys {
		f := &t.def.keys[i]
		e.Key = append(e.Key, t.pl.value(f.Width, getField(key, f.bit, f.Width)))
	}
	r := t.lookup(p, key)
	k := t.deflt
	if r != noRecord {
		e.Hit = true
		rec := t.recs.at(r)
		if ref := rec[t.def.offAct] &^ refLive; t.def.profile < 0 {
			k = &call{action: t.def.actions[uint32(ref)], args: rec[t.def.offArgs:]}
		} else {
			k = t.Profile().resolve(ref, p)
		}
	}
	if k != nil {
		e.Action, e.Args = k.action.name, t.pl.args(k)
	}
	t.pl.trace(p, e)
	var next *node
	if r == noRecord {
		next = t.missed(p)
	} else {
		next = t.hit(p, r)
	}
	t.pl.traceChanges(p)
	return next
}

func (pl *Pipeline) traceRegister(p *packet, id int, i uint64, write bool) {
	r := pl.registers[id]
	at := int(i) * r.words
	pl.trace(p, Event{
		Kind: EventRegister, Name: r.name, Index: i, Write: write,
		Value: pl.value(r.width, r.cells[at:at+r.words]),
	})
}

// logText fills the braces of a log_msg format; \{ and \} stand for themselves.
func logText(p *packet, format string, args []func(p *packet) uint64) string {
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		c := format[i]
		switch {
		case c == '\\' && i+1 < len(format) && (format[i+1] == '{' || format[i+1] == '}'):
			i++
			b.WriteByte(format[i])
		case c == '{' && len(args) > 0 && strings.IndexByte(format[i:], '}') > 0:
			fmt.Fprintf(&b, "%d", args[0](p))
			args = args[1:]
			i += strings.IndexByte(format[i:], '}')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
