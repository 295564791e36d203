package p4rt

import (
	"fmt"
	"slices"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/softswitch/bmv2json"
	"github.com/firstack/firstack/softswitch/p4rt/schema"
	"github.com/firstack/firstack/softswitch/pipeline"
	"github.com/firstack/firstack/softswitch/pre"
)

// bound is a program with its P4Info: an instance of it, and what P4Runtime keeps beside the
// instance. It is changed under Server.mu, and read by the data plane only where it never changes.
type bound struct {
	config *p4v1.ForwardingPipelineConfig
	schema *schema.Schema
	pl     *pipeline.Pipeline
	engine *pre.Engine
	now    func() uint64

	tables      map[uint32]*table
	tableList   []*table
	tableByName map[string]*table
	idleTables  bool // some table has an idle timeout
	profiles    map[uint32]*profile
	counters    map[uint32]*counter
	meters      map[uint32]*meter
	registers   map[uint32]*register
	valueSets   map[uint32]*valueSet

	groups        map[uint32]*p4v1.MulticastGroupEntry
	clones        map[uint32]*p4v1.CloneSessionEntry
	digestConfigs map[uint32]*p4v1.DigestEntry_Config // of those that are enabled
}

// table is a table of the P4Info with that of the program.
type table struct {
	*schema.Table
	pt            *pipeline.Table
	owner         string   // in errors
	profile       *profile // nil for a direct table
	defaultCookie []byte
	defaultSet    bool // by a client
}

type counter struct {
	*schema.Counter
	pc *pipeline.Counter
}

type meter struct {
	*schema.Meter
	pm *pipeline.Meter
}

type register struct {
	*schema.Register
	pr *pipeline.Register
}

// loaded is a configuration that was read and found good by itself. Switches share it: only config is this
// one's own.
type loaded struct {
	config *p4v1.ForwardingPipelineConfig
	schema *schema.Schema
	prog   *pipeline.Program
	tables map[string]*bmv2json.Table
	lists  []*bmv2json.FieldList // digests
	// initial holds the entries that a program gives to tables whose entries may be changed. BMv2
	// JSON does not tell them from constant ones; the P4Info does.
	initial map[string][]bmv2json.Entry
}

// load reads a configuration, or remembers what it was read to before.
func load(cfg *p4v1.ForwardingPipelineConfig) (*loaded, error) {
	key, err := contents(cfg)
	if err != nil {
		return nil, err
	}
	if l := programs.get(key, cfg); l != nil {
		return l, nil
	}
	l, err := read(cfg)
	if err == nil {
		programs.put(key, l)
	}
	return l, err
}

// read reads a configuration: P4Info, and BMv2 JSON.
func read(cfg *p4v1.ForwardingPipelineConfig) (*loaded, error) {
	sc, err := schema.New(cfg.GetP4Info())
	if err != nil {
		return nil, err
	}
	json, err := deviceData(cfg.GetP4DeviceConfig())
	if err != nil {
		return nil, fmt.Errorf("p4_device_config: %w", err)
	}
	parsed, err := bmv2json.Parse(json)
	if err != nil {
		return nil, fmt.Errorf("p4_device_config: %w", err)
	}
	l := &loaded{config: cfg, schema: sc, tables: map[string]*bmv2json.Table{}, lists: parsed.LearnLists, initial: map[string][]bmv2json.Entry{}}
	for _, c := range parsed.Controls {
		for _, t := range c.Tables {
			l.tables[t.Name] = t
			if st := sc.TableNamed(t.Name); st != nil && st.InitialEntries && !st.Const {
				l.initial[t.Name] = t.Entries
				t.Entries, t.HasEntries = nil, false
				t.Size = int(min(max(st.Size, int64(t.Size)), maxInitialTable))
			}
		}
	}
	if l.prog, err = pipeline.Compile(parsed); err != nil {
		return nil, fmt.Errorf("p4_device_config: %w", err)
	}
	return l, nil
}

// maxInitialTable bounds the size that a P4Info gives to a table with initial entries, for which
// BMv2 JSON has their number instead.
const maxInitialTable = 1 << 24

// bind makes an instance of a program and finds everything in the P4Info in it, by name. Errors
// say what the P4Info has and the program has not, or has otherwise.
func (s *Server) bind(l *loaded) (*bound, error) {
	engine := pre.New()
	b := &bound{
		config: l.config, schema: l.schema, engine: engine, now: s.opt.Now,
		pl:     s.device.NewPipeline(l.prog, engine),
		tables: map[uint32]*table{}, tableByName: map[string]*table{},
		profiles: map[uint32]*profile{}, counters: map[uint32]*counter{}, meters: map[uint32]*meter{},
		registers: map[uint32]*register{}, valueSets: map[uint32]*valueSet{},
		groups: map[uint32]*p4v1.MulticastGroupEntry{}, clones: map[uint32]*p4v1.CloneSessionEntry{},
		digestConfigs: map[uint32]*p4v1.DigestEntry_Config{},
	}
	for _, bind := range []func(*loaded) error{b.bindProfiles, b.bindTables, b.bindArrays, b.bindValueSets, b.checkDigests} {
		if err := bind(l); err != nil {
			return nil, fmt.Errorf("P4Info and p4_device_config do not belong together: %w", err)
		}
	}
	return b, nil
}

func (b *bound) bindProfiles(*loaded) error {
	for id, sp := range b.schema.Profiles {
		p := &profile{
			Profile: sp, pp: b.pl.Profile(sp.Name), owner: fmt.Sprintf("action profile %q", sp.Name),
			members: map[uint32]*p4v1.ActionProfileMember{}, groups: map[uint32]*p4v1.ActionProfileGroup{},
		}
		if p.pp == nil {
			return fmt.Errorf("%s is not in the program", p.owner)
		}
		b.profiles[id] = p
	}
	return nil
}

func (b *bound) bindTables(l *loaded) error {
	for _, st := range b.schema.TableList() {
		t := &table{Table: st, pt: b.pl.Table(st.Name), owner: fmt.Sprintf("table %q", st.Name)}
		if t.pt == nil {
			return fmt.Errorf("%s is not in the program", t.owner)
		}
		if err := t.check(l.tables[st.Name]); err != nil {
			return err
		}
		if err := t.addInitial(l.initial[st.Name]); err != nil {
			return err
		}
		if st.Profile != nil {
			t.profile = b.profiles[st.Profile.ID]
		}
		b.idleTables = b.idleTables || st.IdleTimeout
		b.tables[st.ID], b.tableByName[st.Name] = t, t
		b.tableList = append(b.tableList, t)
	}
	return nil
}

// check compares a table's key and actions in P4Info and program.
func (t *table) check(jt *bmv2json.Table) error {
	keys := t.pt.Keys()
	if len(keys) != len(t.Fields) {
		return fmt.Errorf("%s has %d match fields in the P4Info and %d in the program", t.owner, len(t.Fields), len(keys))
	}
	for i, f := range t.Fields {
		k := keys[i]
		if k.Width != f.Width || !sameKind(f.Kind, k.Kind) || k.Name != f.Name {
			return fmt.Errorf("%s: match field %d is %q, %v of %d bits in the P4Info, but %q, %v of %d bits in the program",
				t.owner, i+1, f.Name, f.Kind, f.Width, k.Name, k.Kind, k.Width)
		}
	}
	for _, a := range t.Actions {
		i := slices.IndexFunc(jt.Actions, func(ja *bmv2json.Action) bool { return ja.Name == a.Name })
		if i < 0 {
			return fmt.Errorf("%s: action %q is not in the program", t.owner, a.Name)
		}
		params := jt.Actions[i].Params
		if len(params) != len(a.Params) {
			return fmt.Errorf("%s: action %q has %d parameters in the P4Info and %d in the program", t.owner, a.Name, len(a.Params), len(params))
		}
		for i, p := range a.Params {
			if params[i].Width != p.Width || params[i].Name != p.Name {
				return fmt.Errorf("%s: action %q: parameter %d is %q of %d bits in the P4Info, but %q of %d bits in the program",
					t.owner, a.Name, i+1, p.Name, p.Width, params[i].Name, params[i].Width)
			}
		}
	}
	return nil
}

// addInitial inserts the entries that the program gives to a table whose entries may be changed.
// The first is the best, and they count down to priority 1, as those of constant tables do.
func (t *table) addInitial(entries []bmv2json.Entry) error {
	worst := 0
	for _, e := range entries {
		worst = max(worst, e.Priority)
	}
	for i, e := range entries {
		n := pipeline.Entry{Action: pipeline.Call{Action: e.Call.Action.Name}}
		for _, a := range e.Call.Args {
			n.Action.Args = append(n.Action.Args, a.Bytes())
		}
		if t.Priority {
			n.Priority = int32(worst - e.Priority + 1)
		}
		for j, m := range e.Key {
			n.Key = append(n.Key, initialField(t.Fields[j].Kind, m))
		}
		if err := t.pt.Insert(n); err != nil {
			return fmt.Errorf("%s: initial entry %d: %w", t.owner, i+1, err)
		}
	}
	return nil
}

func initialField(kind schema.Kind, m bmv2json.MatchField) pipeline.Field {
	f := pipeline.Field{Present: true}
	switch kind {
	case p4configv1.MatchField_LPM:
		f.Value, f.PrefixLen, f.Present = m.Value.Bytes(), m.Prefix, m.Prefix > 0
	case p4configv1.MatchField_TERNARY, p4configv1.MatchField_OPTIONAL:
		f.Value, f.Mask, f.Present = m.Value.Bytes(), m.Mask.Bytes(), m.Mask.Sign() != 0
	case p4configv1.MatchField_RANGE:
		f.Low, f.High = m.Low.Bytes(), m.High.Bytes()
	default:
		f.Value = m.Value.Bytes()
	}
	return f
}

// sameKind compares match kinds; BMv2 JSON has ternary for optional.
func sameKind(k schema.Kind, p pipeline.MatchKind) bool {
	switch k {
	case p4configv1.MatchField_EXACT:
		return p == pipeline.Exact
	case p4configv1.MatchField_LPM:
		return p == pipeline.LPM
	case p4configv1.MatchField_RANGE:
		return p == pipeline.Range
	}
	return p == pipeline.Ternary
}

func (b *bound) bindArrays(*loaded) error {
	for id, sc := range b.schema.Counters {
		c := &counter{sc, b.pl.Counter(sc.Name)}
		if c.pc == nil || int64(c.pc.Size()) != sc.Size {
			return fmt.Errorf("counter %q of size %d is not in the program", sc.Name, sc.Size)
		}
		b.counters[id] = c
	}
	for id, sm := range b.schema.Meters {
		m := &meter{sm, b.pl.Meter(sm.Name)}
		if m.pm == nil || int64(m.pm.Size()) != sm.Size {
			return fmt.Errorf("meter %q of size %d is not in the program", sm.Name, sm.Size)
		}
		b.meters[id] = m
	}
	for id, sr := range b.schema.Registers {
		r := &register{sr, b.pl.Register(sr.Name)}
		if r.pr == nil || int64(r.pr.Size()) != sr.Size || r.pr.Width() != sr.Width {
			return fmt.Errorf("register %q of %d cells of %d bits is not in the program", sr.Name, sr.Size, sr.Width)
		}
		b.registers[id] = r
	}
	return nil
}

func (b *bound) bindValueSets(*loaded) error {
	for id, sv := range b.schema.ValueSets {
		v := &valueSet{ValueSet: sv, pv: b.pl.ValueSet(sv.Name)}
		if v.pv == nil {
			return fmt.Errorf("value set %q is not in the program", sv.Name)
		}
		width := 0
		for _, f := range sv.Fields {
			if f.Kind == p4configv1.MatchField_RANGE {
				return fmt.Errorf("value set %q: range fields are not supported", sv.Name)
			}
			width += f.Width
		}
		if width != v.pv.Width() {
			return fmt.Errorf("value set %q has %d bits in the P4Info and %d in the program", sv.Name, width, v.pv.Width())
		}
		b.valueSets[id] = v
	}
	return nil
}

// checkDigests compares the messages of digests. A program has a list for each call of a digest,
// all with its name.
func (b *bound) checkDigests(l *loaded) error {
	for _, d := range b.schema.Digests {
		want := d.Type.Widths()
		found := false
		for _, list := range l.lists {
			if list.Name != d.Name {
				continue
			}
			found = true
			var have []int
			for _, f := range list.Fields {
				have = append(have, f.Width())
			}
			if !slices.Equal(have, want) {
				return fmt.Errorf("digest %q has fields of %v bits in the P4Info and of %v in the program", d.Name, want, have)
			}
		}
		if !found {
			return fmt.Errorf("digest %q is not in the program", d.Name)
		}
	}
	return nil
}
