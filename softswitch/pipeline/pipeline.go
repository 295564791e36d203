package pipeline

import (
	"cmp"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/firstack/firstack/softswitch/pre"
)

// Stats counts what happened to packets since the instance was made.
type Stats struct {
	Received     uint64 // frames given to Process
	Transmitted  uint64
	Dropped      uint64 // by the program, in ingress or egress
	NoGroup      uint64 // multicast to a group that is not there or empty
	NoSession    uint64 // clones to a session that is not there
	Overworked   uint64 // packets given up at MaxPasses or MaxCopies
	ParserErrors uint64
	Asserts      uint64 // failed assertions
}

// Pipeline is one running instance of a program.
type Pipeline struct {
	env      Env
	prog     *Program
	code     *code
	dropPort uint64
	pre      *pre.Engine
	seed     seed
	rng      *rand.PCG

	mu        sync.Mutex
	stats     Stats
	tables    []*Table
	profiles  []*Profile
	registers []*Register
	counters  []*Counter
	meters    []*Meter
	valueSets []*ValueSet
	byName    map[string]*Table
	down      map[int64]bool // ports that are down

	number uint64
	free   []*packet // recycled
	runs   []*run    // recycled
	before []uint64  // a packet's words before a step, for the tracer

	special *specializer
}

// New makes an instance. All its memory for registers, counters and meters is
// taken at once; tables grow with their entries.
func New(p *Program, env Env) *Pipeline {
	pl := &Pipeline{env: env, prog: p, code: p.code, dropPort: uint64(env.DropPort), pre: env.PRE, down: map[int64]bool{}, byName: map[string]*Table{}}
	if env.Strict && env.Tracer != nil {
		pl.code = p.strict()
	}
	if pl.dropPort == 0 {
		pl.dropPort = DefaultDropPort
	}
	if pl.pre == nil {
		pl.pre = pre.New()
	}
	pl.seed = seed{a: rand.Uint64(), b: rand.Uint64() | 1}
	pl.rng = rand.NewPCG(rand.Uint64(), uint64(time.Now().UnixNano()))
	for _, r := range p.src.Registers {
		pl.registers = append(pl.registers, newRegister(r.Name, r.Size, r.Width))
	}
	for _, c := range p.src.Counters {
		n := c.Size
		if c.Direct {
			n = 0
		}
		pl.counters = append(pl.counters, &Counter{name: c.Name, cells: make([]CounterData, n)})
	}
	for _, m := range p.src.Meters {
		n := m.Size
		if m.Direct {
			n = 0
		}
		pl.meters = append(pl.meters, &Meter{pl: pl, name: m.Name, bytes: m.Bytes, cells: make([]*meterCell, n)})
	}
	for _, v := range p.src.ValueSets {
		pl.valueSets = append(pl.valueSets, &ValueSet{name: v.Name, width: v.Width, size: v.Size})
	}
	for _, d := range pl.code.profiles {
		pl.profiles = append(pl.profiles, newProfile(pl, d))
	}
	for _, d := range pl.code.tables {
		t := newTable(pl, d)
		if err := t.loadEntries(); err != nil {
			panic(err) // Compile tried the same
		}
		pl.tables = append(pl.tables, t)
		pl.byName[d.name] = t
	}
	versions := max(cmp.Or(env.Versions, maxVersions), 0)
	if env.Tracer != nil {
		versions = 0
	}
	pl.special = newSpecializer(pl, versions)
	return pl
}

// now is the clock.
func (pl *Pipeline) now() uint64 {
	if pl.env.Now == nil {
		return 0
	}
	return pl.env.Now()
}

// random gives a number from 0 to n inclusive.
func (pl *Pipeline) random(n uint64) uint64 {
	next := pl.rng.Uint64
	if pl.env.Rand != nil {
		next = pl.env.Rand
	}
	if n == ^uint64(0) {
		return next()
	}
	return next() % (n + 1)
}

func (pl *Pipeline) isUp(port int64) bool { return port < 0 || len(pl.down) == 0 || !pl.down[port] }

// Do runs f with the instance locked: packets see all of what f does or
// nothing.
func (pl *Pipeline) Do(f func()) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	f()
}

// Versions is how many versions the instance has made (see Env). It locks the
// instance itself.
func (pl *Pipeline) Versions() int {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return pl.special.most - pl.special.left
}

// Program is the program the instance runs.
func (pl *Pipeline) Program() *Program { return pl.prog }

// Stats gives the instance's counters. It locks the instance itself.
func (pl *Pipeline) Stats() Stats {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	return pl.stats
}

// SetPortUp tells whether a port is up, for selector members that watch it. All
// ports are up at first. It locks the instance itself.
func (pl *Pipeline) SetPortUp(port uint32, up bool) {
	pl.mu.Lock()
	defer pl.mu.Unlock()
	if up {
		delete(pl.down, int64(port))
	} else {
		pl.down[int64(port)] = true
	}
}

// Table finds a table by its name in the JSON; nil when there is none.
func (pl *Pipeline) Table(name string) *Table { return pl.byName[name] }

// Tables lists all tables, those p4c made for statements included.
func (pl *Pipeline) Tables() []*Table { return pl.tables }

// Profile finds an action profile; nil when there is none.
func (pl *Pipeline) Profile(name string) *Profile { return named(pl.profiles, name) }

// Profiles lists all action profiles.
func (pl *Pipeline) Profiles() []*Profile { return pl.profiles }

// Register finds a register array; nil when there is none.
func (pl *Pipeline) Register(name string) *Register { return named(pl.registers, name) }

// Counter finds an array of indirect counters; nil when there is none.
func (pl *Pipeline) Counter(name string) *Counter { return named(pl.counters, name) }

// Meter finds an array of indirect meters; nil when there is none.
func (pl *Pipeline) Meter(name string) *Meter { return named(pl.meters, name) }

// ValueSet finds a parser value set; nil when there is none.
func (pl *Pipeline) ValueSet(name string) *ValueSet { return named(pl.valueSets, name) }

func named[T interface {
	comparable
	Name() string
}](list []T, name string) T {
	for _, x := range list {
		if x.Name() == name {
			return x
		}
	}
	var none T
	return none
}
