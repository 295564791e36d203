package pipeline

import (
	"math/big"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// piece moves bits of one field word to a word of the packed key.
type piece struct {
	src, dst int
	right    uint8 // shift of the field word
	left     uint8 // shift into the key word
	mask     uint64
	direct   bool // the whole field word, to the start of the key word
}

// keyField is one field of a table's key and its place in the packed key.
type keyField struct {
	KeyField
	bit   int // offset in the packed key
	bound int // range fields: word offset of the bounds among a record's, else -1
}

// tableDef is the compiled form of a table, shared by all instances.
type tableDef struct {
	name    string
	index   int
	size    int
	keys    []keyField
	pieces  []piece
	words   int      // of the packed key
	full    []uint64 // mask of all key bits but those of range fields
	exact   bool     // one probe with the full key
	lpm     int      // index of the lpm field in tables ordered by prefix, -1
	bounds  int      // words of one bound of every range field
	actions []*action
	slotOf  map[*action]int // position in actions
	argMax  int             // words of the longest argument list
	profile int             // action profile index, -1

	counters bool
	timeout  bool
	meter    *meterDef

	next         []*node
	hitMiss      bool
	hit, miss    *node
	missDefault  *node
	defaultCall  *call
	defaultConst bool
	actionConst  bool
	entries      []bmv2json.Entry
	hasEntries   bool

	// Word offsets in a record.
	offAct, offArgs, offHit, offCount, offPrio, offNext, offRange, stride int
}

type meterDef struct {
	name   string
	bytes  bool
	result stdField
}

// call is an action with its arguments in words.
type call struct {
	action *action
	args   []uint64
}

func (c *compiler) call(src *bmv2json.Call) *call {
	a := c.out.actions[src.Action.Index]
	k := &call{action: a, args: make([]uint64, a.words)}
	for i, v := range src.Args {
		p := a.params[i]
		copy(k.args[p.off:], toWords(v, p.words))
	}
	return k
}

// table compiles a table but for its next nodes.
func (c *compiler) table(src *bmv2json.Table, profiles map[*bmv2json.Profile]int) (*tableDef, error) {
	t := &tableDef{
		name: src.Name, index: len(c.out.tables), size: src.Size,
		exact: src.Match == "exact", lpm: -1, profile: -1,
		counters: src.Counters, timeout: src.Timeout,
		slotOf: map[*action]int{}, defaultConst: src.DefaultConst, actionConst: src.DefaultActions,
		entries: src.Entries, hasEntries: src.HasEntries,
	}
	if src.Profile != nil {
		t.profile = profiles[src.Profile]
	}
	if err := c.tableKeys(t, src); err != nil {
		return nil, err
	}
	for _, a := range src.Actions {
		k := c.out.actions[a.Index]
		t.slotOf[k] = len(t.actions)
		t.actions = append(t.actions, k)
		t.argMax = max(t.argMax, k.words)
	}
	if src.Meter != nil {
		s := c.l.slot(*src.Meter.Result)
		if s.words != 1 || s.varbit {
			return nil, unsupported("direct meter %s: result field wider than 64 bits", src.Meter.Name)
		}
		t.meter = &meterDef{name: src.Meter.Name, bytes: src.Meter.Bytes, result: stdField{s.off, s.width, true}}
	}
	if src.Default != nil {
		t.defaultCall = c.call(src.Default)
	}
	t.recordLayout()
	return t, nil
}

// tableKeys places the key's fields in the packed key, range fields apart: they
// take part in no hash.
func (c *compiler) tableKeys(t *tableDef, src *bmv2json.Table) error {
	bit := 0
	kinds := map[string]MatchKind{"exact": Exact, "lpm": LPM, "ternary": Ternary, "range": Range}
	for i, k := range src.Key {
		f := keyField{KeyField: KeyField{Name: k.Name, Width: k.Target.Width(), Kind: kinds[k.Match]}, bit: bit, bound: -1}
		if f.Kind == LPM && src.Match == "lpm" {
			t.lpm = i
		}
		if f.Kind == Range {
			f.bound = t.bounds
			t.bounds += (f.Width + 63) / 64
		}
		s := c.l.slot(k.Target)
		t.pieces = append(t.pieces, pieces(s, bit, k.Mask)...)
		bit += f.Width
		t.keys = append(t.keys, f)
	}
	t.words = (bit + 63) / 64
	t.full = make([]uint64, t.words)
	for _, f := range t.keys {
		if f.Kind != Range {
			setBits(t.full, f.bit, f.Width)
		}
	}
	c.out.keyWords = max(c.out.keyWords, t.words)
	return nil
}

// pieces cuts a field along the word boundaries of both sides.
func pieces(s slot, bit int, mask *big.Int) []piece {
	masks := make([]uint64, s.words)
	for i := range masks {
		masks[i] = mask64(min(s.width-64*i, 64))
	}
	if mask != nil {
		for i, m := range toWords(mask, s.words) {
			masks[i] &= m
		}
	}
	var out []piece
	for at := 0; at < s.width; {
		word, right := at/64, at%64
		dst, left := (bit+at)/64, (bit+at)%64
		n := min(64-right, 64-left, s.width-at)
		p := piece{
			src: s.off + word, dst: dst, right: uint8(right), left: uint8(left),
			mask: masks[word] >> uint(right) & mask64(n),
		}
		p.direct = right == 0 && left == 0 && p.mask == mask64(min(s.width-64*word, 64))
		out = append(out, p)
		at += n
	}
	return out
}

// recordLayout decides what each record holds: the packed key, the action or
// member, the arguments, and what the table's features need.
func (t *tableDef) recordLayout() {
	n := t.words
	take := func(words int) int {
		at := n
		n += words
		return at
	}
	t.offAct = take(1)
	if t.profile < 0 {
		t.offArgs = take(t.argMax)
	}
	if t.timeout {
		t.offHit = take(2) // microseconds of the last hit, nanoseconds of the timeout
	}
	if t.counters {
		t.offCount = take(2)
	}
	if !t.exact {
		t.offPrio = take(1)
		t.offNext = take(1)
		t.offRange = take(2 * t.bounds) // all low ends, then all high ends
	}
	t.stride = n
}

// pack builds the packed key of a packet in p.key.
func (t *tableDef) pack(p *packet) []uint64 {
	key := p.key[:t.words]
	if len(t.pieces) == 1 && t.pieces[0].direct {
		key[0] = p.w[t.pieces[0].src]
		return key
	}
	clear(key)
	packPieces(t.pieces, p.w, key)
	return key
}

// packPieces adds pieces to a key.
func packPieces(pieces []piece, w, key []uint64) {
	for i := range pieces {
		x := &pieces[i]
		key[x.dst] |= w[x.src] >> (x.right & 63) & x.mask << (x.left & 63)
	}
}

// setBits sets n bits from bit on.
func setBits(w []uint64, bit, n int) {
	for n > 0 {
		k := min(64-bit%64, n)
		w[bit/64] |= mask64(k) << uint(bit%64)
		bit += k
		n -= k
	}
}

// getField copies a field out of a packed key.
func getField(key []uint64, bit, width int) []uint64 {
	out := make([]uint64, (width+63)/64)
	for i := range out {
		at := bit + 64*i
		v := key[at/64] >> uint(at%64)
		if r := at % 64; r > 0 && at/64+1 < len(key) {
			v |= key[at/64+1] << uint(64-r)
		}
		out[i] = v
	}
	maskLimbs(out, width)
	return out
}

// putField puts a field into a packed key that holds zeros there.
func putField(key, v []uint64, bit, width int) {
	for i, x := range v {
		x &= mask64(min(max(width-64*i, 0), 64))
		at := bit + 64*i
		if at/64 >= len(key) {
			return
		}
		key[at/64] |= x << uint(at%64)
		if r := at % 64; r > 0 && at/64+1 < len(key) {
			key[at/64+1] |= x >> uint(64-r)
		}
	}
}
