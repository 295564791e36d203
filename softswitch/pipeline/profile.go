package pipeline

import (
	"fmt"
	"slices"

	"github.com/firstack/firstack/softswitch/bmv2json"
)

// Member is one action of an action profile.
type Member struct {
	ID     uint32 // not 0
	Action Call
}

// GroupMember is one member of a selector group.
type GroupMember struct {
	Member    uint32
	Weight    int32  // at least 1
	WatchPort uint32 // the member is passed over while this port is down
	Watch     bool   // WatchPort is meaningful
}

// Group is a group of an action selector.
type Group struct {
	ID      uint32 // not 0
	MaxSize int32  // 0 = no limit but the profile's; kept and given back
	Members []GroupMember
}

type profileDef struct {
	name     string
	size     int
	selector func(p *packet) uint64 // nil = no groups
	actions  []*action
}

// member is a slot of the profile; anonymous ones belong to one-shot sets.
type member struct {
	id   uint32
	call *call
	refs int // entries and groups that use it
}

// groupState is a slot of the profile; one-shot sets have id 0.
type groupState struct {
	id      uint32
	maxSize int32
	members []groupMember
	total   uint64 // sum of the weights
	refs    int    // entries that use it
}

type groupMember struct {
	slot  int
	upTo  uint64 // sum of the weights up to and with this member
	watch int64  // port, -1 = none
}

// Profile is a running action profile or action selector. Use it inside
// Pipeline.Do. Errors wrap this package's sentinels and name the profile.
type Profile struct {
	pl         *Pipeline
	def        *profileDef
	members    []*member
	groups     []*groupState
	freeMember []int
	freeGroup  []int
	memberSlot map[uint32]int
	groupSlot  map[uint32]int
}

func newProfile(pl *Pipeline, def *profileDef) *Profile {
	return &Profile{pl: pl, def: def, memberSlot: map[uint32]int{}, groupSlot: map[uint32]int{}}
}

func (c *compiler) profile(src *bmv2json.Profile) (*profileDef, error) {
	d := &profileDef{name: src.Name, size: src.MaxSize}
	for _, a := range src.Actions {
		d.actions = append(d.actions, c.out.actions[a.Index])
	}
	if src.Selector != nil {
		var err error
		if d.selector, err = c.calculation(src.Selector); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// Name is the profile's name in the JSON.
func (p *Profile) Name() string { return p.def.name }

// Size is the number of members the profile was declared for.
func (p *Profile) Size() int { return p.def.size }

// Selector tells whether the profile has groups.
func (p *Profile) Selector() bool { return p.def.selector != nil }

func (p *Profile) fail(err error, what string, id uint32) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("action profile %s: %s %d: %w", p.def.name, what, id, err)
}

func (p *Profile) parseCall(c *Call) (*call, error) {
	for _, a := range p.def.actions {
		if a.name == c.Action {
			return a.parse(c)
		}
	}
	return nil, fmt.Errorf("%w: action %q is none of the profile's", ErrInvalid, c.Action)
}

// AddMember adds a member. Errors: ErrExists, ErrFull, ErrInvalid.
func (p *Profile) AddMember(m Member) error {
	if m.ID == 0 {
		return p.fail(fmt.Errorf("%w: id 0", ErrInvalid), "member", m.ID)
	}
	if _, ok := p.memberSlot[m.ID]; ok {
		return p.fail(ErrExists, "member", m.ID)
	}
	if p.def.size > 0 && len(p.memberSlot) >= p.def.size {
		return p.fail(fmt.Errorf("%w: %d members", ErrFull, p.def.size), "member", m.ID)
	}
	k, err := p.parseCall(&m.Action)
	if err != nil {
		return p.fail(err, "member", m.ID)
	}
	p.memberSlot[m.ID] = p.newMember(&member{id: m.ID, call: k})
	return nil
}

func (p *Profile) newMember(m *member) int {
	if n := len(p.freeMember); n > 0 {
		slot := p.freeMember[n-1]
		p.freeMember = p.freeMember[:n-1]
		p.members[slot] = m
		return slot
	}
	p.members = append(p.members, m)
	return len(p.members) - 1
}

// ModifyMember changes a member's action. Errors: ErrNotFound, ErrInvalid.
func (p *Profile) ModifyMember(m Member) error {
	slot, ok := p.memberSlot[m.ID]
	if !ok {
		return p.fail(ErrNotFound, "member", m.ID)
	}
	k, err := p.parseCall(&m.Action)
	if err != nil {
		return p.fail(err, "member", m.ID)
	}
	p.members[slot].call = k
	return nil
}

// DeleteMember removes a member that nothing uses. Errors: ErrNotFound,
// ErrInUse.
func (p *Profile) DeleteMember(id uint32) error {
	slot, ok := p.memberSlot[id]
	if !ok {
		return p.fail(ErrNotFound, "member", id)
	}
	if p.members[slot].refs > 0 {
		return p.fail(ErrInUse, "member", id)
	}
	delete(p.memberSlot, id)
	p.freeMember = append(p.freeMember, slot)
	return nil
}

// Member finds a member.
func (p *Profile) Member(id uint32) (Member, bool) {
	slot, ok := p.memberSlot[id]
	if !ok {
		return Member{}, false
	}
	return Member{ID: id, Action: *p.members[slot].call.public()}, true
}

// Members lists all members in the order of their ids.
func (p *Profile) Members() []Member {
	out := make([]Member, 0, len(p.memberSlot))
	for id := range p.memberSlot {
		m, _ := p.Member(id)
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Member) int { return compareInt(int64(a.ID), int64(b.ID)) })
	return out
}

// hold counts the entries that refer to a member or group; a one-shot set dies
// with its entry.
func (p *Profile) hold(ref uint64, n int) {
	slot := int(uint32(ref))
	switch ref & refKind {
	case refMember:
		p.members[slot].refs += n
	case refGroup:
		g := p.groups[slot]
		g.refs += n
		if g.refs == 0 && g.id == 0 {
			p.dropGroup(slot)
		}
	}
}

// resolve gives the call of an entry's member, or of the group's member that
// the packet's selector fields pick; nil when the group has none.
func (p *Profile) resolve(ref uint64, pkt *packet) *call {
	slot := uint32(ref)
	if ref&refKind == refMember {
		return p.members[slot].call
	}
	g := p.groups[slot]
	if g.total == 0 || p.def.selector == nil {
		return nil
	}
	m := g.pick(p.pl, p.def.selector(pkt))
	if m < 0 {
		return nil
	}
	return p.members[m].call
}

// pick chooses by weight. When the choice watches a port that is down, it is
// made again among the members that are up, so that flows of other members stay
// where they are.
func (g *groupState) pick(pl *Pipeline, hash uint64) int {
	want := hash % g.total
	i, _ := slices.BinarySearchFunc(g.members, want, func(m groupMember, w uint64) int {
		if m.upTo <= w {
			return -1
		}
		return 1
	})
	if pl.isUp(g.members[i].watch) {
		return g.members[i].slot
	}
	var total, before uint64
	for i := range g.members {
		if pl.isUp(g.members[i].watch) {
			total += g.members[i].upTo - before
		}
		before = g.members[i].upTo
	}
	if total == 0 {
		return -1
	}
	want = hash % total
	before = 0
	for i := range g.members {
		weight := g.members[i].upTo - before
		before = g.members[i].upTo
		if !pl.isUp(g.members[i].watch) {
			continue
		}
		if want < weight {
			return g.members[i].slot
		}
		want -= weight
	}
	return -1
}
