package pipeline

// maxRows bounds the constant entries that are looked through when a version is made.
const maxRows = 256

// table takes in a table: the action of a constant entry that every packet hits here, or a lookup as the version's way on,
// in which case ok is false.
func (b *assembler) table(n *node) (next *node, ok bool) {
	t := b.s.pl.tables[n.table]
	d := t.def
	l := &lookup{t: t, base: make([]uint64, d.words), misses: make([]*version, len(d.actions)+1)}
	open := make([]uint64, d.words) // bits of the key that are not known
	for _, x := range d.pieces {
		if b.f.known[x.src] {
			l.base[x.dst] |= b.f.w[x.src] >> x.right & x.mask << x.left
		} else {
			l.pieces = append(l.pieces, x)
			open[x.dst] |= x.mask << x.left
		}
	}
	if r, decided := l.among(open); decided {
		if r != noRecord {
			return b.entry(t, r), true
		}
		if d.defaultConst {
			return b.missed(t), true
		}
	}
	ways := len(d.actions)
	if t.frozen && d.profile < 0 {
		ways = int(t.recs.high)
	}
	l.hits = make([]*version, ways)
	b.v.look = l
	b.finish(toTable, n)
	return nil, false
}

// among finds the constant entries that a key of which some bits are open can match; decided: it is r for all such keys.
func (l *lookup) among(open []uint64) (r uint32, decided bool) {
	t := l.t
	n := t.def.words
	if !t.frozen || t.def.profile >= 0 || t.def.bounds > 0 {
		return noRecord, false
	}
	if t.recs.live == 0 {
		return noRecord, true
	}
	rows := t.linear
	if t.def.exact {
		if t.recs.live > maxRows {
			return noRecord, false
		}
		rows = t.rows()
	} else if rows == nil {
		return noRecord, false
	}
	for ; len(rows) > 0; rows = rows[2*n+1:] {
		possible, certain := true, true
		for i, m := range rows[n : 2*n] {
			possible = possible && (l.base[i]^rows[i])&m&^open[i] == 0
			certain = certain && m&open[i] == 0
		}
		if !possible {
			continue
		}
		if certain && len(l.rows) == 0 {
			return uint32(rows[2*n]), true
		}
		l.rows = append(l.rows, rows[:2*n+1]...)
		if certain {
			break
		}
	}
	l.scan = !t.def.exact || len(l.rows) <= 4*(2*n+1)
	return noRecord, len(l.rows) == 0
}

// rows is the flat form of an exact table's entries, as in linear.
func (t *Table) rows() (rows []uint64) {
	for r := range t.recs.high {
		rows = append(append(rows, t.recs.at(r)[:t.def.words]...), t.def.full...)
		rows = append(rows, uint64(r))
	}
	return rows
}

// entry takes in the action of a constant entry.
func (b *assembler) entry(t *Table, r uint32) *node {
	d := t.def
	rec := t.recs.at(r)
	if d.counters || d.timeout || d.meter != nil {
		b.steps = append(b.steps, step{do: func(p *packet) { t.touch(p, r, rec) }, e: nothing})
		b.f = d.measured(b.f)
	}
	i := uint32(rec[d.offAct])
	b.action(d.actions[i], rec[d.offArgs:d.offArgs+d.argMax], true, false)
	return d.afterHit(int(i))
}

// missed takes in a default action that cannot be changed.
func (b *assembler) missed(t *Table) *node {
	d := t.def
	if d.counters {
		b.steps = append(b.steps, step{do: t.countMiss, e: nothing})
	}
	if t.deflt == nil {
		return d.afterMiss(-1)
	}
	b.action(t.deflt.action, t.deflt.args, true, false)
	return d.afterMiss(t.defltSlot)
}
