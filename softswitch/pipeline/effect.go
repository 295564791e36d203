package pipeline

import "github.com/firstack/firstack/softswitch/bmv2json"

// effect is what is known at compile time about a step's work on a packet's words. The zero value says nothing: the step
// may write to any word.
type effect struct {
	bounded bool   // it writes to no words but these
	writes  []int  // words it may write to
	sets    []fact // what words hold afterwards, whatever they held

	// Where pure is set, what it writes depends on nothing but reads and, where args is set too, the action's arguments,
	// and it does nothing else.
	pure  bool
	reads []int
	args  bool // it reads the action's arguments

	// Where idle.off is not 0: it does nothing when the word idle.off holds idle.v; when it holds something else, the words
	// of zeroed are zero afterwards.
	idle   fact
	zeroed []int
}

// fact is a word and what it holds.
type fact struct {
	off int
	v   uint64
}

// nothing is the effect of steps that write to no word.
var nothing = effect{bounded: true}

// effect tells what a primitive does.
func (c *compiler) effect(prim *bmv2json.Primitive) effect {
	a := prim.Params
	e := effect{args: c.usesArgs(a)}
	switch prim.Op {
	case "assign", "modify_field", "add", "subtract", "bit_and", "bit_or", "bit_xor", "shift_left", "shift_right":
		c.assigns(&e, &a[0], a[1:])
	case "add_to_field", "subtract_from_field":
		c.assigns(&e, &a[0], a)
	case "register_read", "modify_field_with_hash_based_offset", "modify_field_rng_uniform":
		e.writes, e.bounded = c.written(&a[0])
	case "execute_meter":
		e.writes, e.bounded = c.written(&a[2])
	case "register_write", "count", "generate_digest", "clone_ingress_pkt_to_egress", "clone_egress_pkt_to_egress", "resubmit",
		"recirculate", "truncate", "no_op", "assert", "assume", "log_msg", "exit":
		e.bounded = true
	case "add_header":
		if h := c.known(&a[0]); h != nil && h.valid != 0 {
			e.bounded, e.idle = true, fact{h.valid, 1}
			e.writes = append(h.words(), h.siblings...)
			e.sets = []fact{{h.valid, 1}}
			e.zeroed = append(h.numbers(), h.siblings...)
		}
	case "remove_header":
		if h := c.known(&a[0]); h != nil && h.valid != 0 {
			e.bounded, e.idle = true, fact{h.valid, 0}
			e.sets = []fact{{h.valid, 0}}
		}
	case "assign_header", "copy_header":
		if h := c.known(&a[0]); h != nil {
			e.bounded, e.writes = true, append(h.words(), h.siblings...)
			if h.valid != 0 {
				e.writes = append(e.writes, h.valid)
			}
		}
	case "mark_to_drop":
		if h := c.known(&a[0]); h != nil {
			e.bounded, e.writes = true, h.words()
		}
	}
	return e
}

// assigns is the effect of writing a number to a target.
func (c *compiler) assigns(e *effect, dst *bmv2json.Param, from []bmv2json.Param) {
	if e.writes, e.bounded = c.written(dst); !e.bounded || dst.Expr.Kind == bmv2json.KRegister {
		return
	}
	e.pure = true
	for i := range from {
		if from[i].Kind != bmv2json.PExpr || !c.readsOf(from[i].Expr, &e.reads) {
			e.pure = false
		}
	}
}

// written gives the words of a target that is known at compile time.
func (c *compiler) written(a *bmv2json.Param) ([]int, bool) {
	if a.Kind != bmv2json.PExpr {
		return nil, false
	}
	var s slot
	switch e := a.Expr; {
	case e.Kind == bmv2json.KRegister:
		return nil, true
	case e.Kind == bmv2json.KField:
		s = c.l.slot(e.Field)
	case e.Kind == bmv2json.KAccess && e.Left.Kind == bmv2json.KHeader:
		s = c.l.member(e.Left.Header.Index, e.Member)
	default:
		return nil, false
	}
	words := span(s.off, s.off+s.words)
	if s.varbit {
		words = append(words, s.length)
	}
	return words, true
}

// readsOf adds the words that an expression depends on; false when it may depend on something else.
func (c *compiler) readsOf(e *bmv2json.Expr, reads *[]int) bool {
	switch e.Kind {
	case bmv2json.KConst, bmv2json.KBool, bmv2json.KLocal:
		return true
	case bmv2json.KHeader:
		*reads = append(*reads, c.l.headers[e.Header.Index].valid) // all that "valid" looks at; comparisons are left out below
		return true
	case bmv2json.KField:
		return readSlot(c.l.slot(e.Field), reads)
	case bmv2json.KAccess:
		return e.Left.Kind == bmv2json.KHeader && readSlot(c.l.member(e.Left.Header.Index, e.Member), reads)
	case bmv2json.KOp:
		for _, part := range []*bmv2json.Expr{e.Left, e.Right, e.Cond} {
			if part == nil {
				continue
			}
			if part.Type == bmv2json.HeaderT && e.Op != "valid" || !c.readsOf(part, reads) {
				return false
			}
		}
		return true
	}
	return false
}

func readSlot(s slot, reads *[]int) bool {
	*reads = append(*reads, span(s.off, s.off+s.words)...)
	return !s.varbit
}

// usesArgs tells whether arguments of the action are among a primitive's.
func (c *compiler) usesArgs(params []bmv2json.Param) bool {
	for i := range params {
		if c.usesArgs(params[i].Vector) || params[i].Expr != nil && local(params[i].Expr) {
			return true
		}
	}
	return false
}

func local(e *bmv2json.Expr) bool {
	return e != nil && (e.Kind == bmv2json.KLocal || local(e.Left) || local(e.Right) || local(e.Cond))
}

// known gives a header that is known at compile time.
func (c *compiler) known(a *bmv2json.Param) *header {
	if a.Kind != bmv2json.PExpr || a.Expr.Kind != bmv2json.KHeader {
		return nil
	}
	return &c.l.headers[a.Expr.Header.Index]
}

// words are all of a header's but its validity.
func (h *header) words() []int { return span(h.start, h.end) }

// numbers are the words of a header's fields, without the lengths of variable ones.
func (h *header) numbers() (words []int) {
	for _, f := range h.fields {
		words = append(words, span(f.off, f.off+f.words)...)
	}
	return words
}

// validity is what making a header valid says of it and of the others in its union.
func (h *header) validity() []fact {
	facts := []fact{{h.valid, 1}}
	for _, other := range h.siblings {
		facts = append(facts, fact{other, 0})
	}
	return facts
}

func span(from, to int) (words []int) {
	for w := from; w < to; w++ {
		words = append(words, w)
	}
	return words
}
