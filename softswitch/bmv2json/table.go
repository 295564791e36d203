package bmv2json

import (
	"math/big"
	"slices"
)

// rank orders the match kinds: a table is of the highest kind in its key.
var rank = map[string]int{"exact": 0, "lpm": 1, "ternary": 2, "range": 3}

func (d *decoder) table(r *rawTable, profiles map[string]*Profile) (*Table, error) {
	t := &Table{
		Name: r.Name, Match: r.MatchType, Size: r.MaxSize,
		Counters: r.WithCounters, Timeout: r.SupportTimeout, Source: r.Source.source(),
	}
	if _, ok := rank[r.MatchType]; !ok {
		return nil, unsupported("match_type %q", r.MatchType)
	}
	if r.MaxSize < 0 || r.MaxSize > maxTable {
		return nil, invalid("max_size %d", r.MaxSize)
	}
	var err error
	switch r.Type {
	case "simple":
	case "indirect", "indirect_ws":
		if t.Profile, err = find(profiles, "action profile", r.Profile); err != nil {
			return nil, err
		}
		if (t.Profile.Selector != nil) != (r.Type == "indirect_ws") {
			return nil, invalid("type %s with action profile %s", r.Type, r.Profile)
		}
	default:
		return nil, unsupported("type %q", r.Type)
	}
	if err := d.tableKey(t, r.Key); err != nil {
		return nil, err
	}
	if err := d.tableActions(t, r); err != nil {
		return nil, err
	}
	if r.DirectMeter != nil {
		if t.Meter, err = find(d.meterBy, "meter", *r.DirectMeter); err != nil {
			return nil, err
		}
		if !t.Meter.Direct {
			return nil, invalid("meter %s is not direct", t.Meter.Name)
		}
	}
	if r.Default != nil {
		if t.Default, err = d.call(r.Default.Action, r.Default.Data); err != nil {
			return nil, at(err, "default_entry")
		}
		if !slices.Contains(t.Actions, t.Default.Action) {
			return nil, invalid("default action %s is none of the table's", t.Default.Action.Name)
		}
		t.DefaultActions = r.Default.ActionConst
		t.DefaultConst = r.Default.EntryConst
	}
	if r.Entries != nil {
		if t.Profile != nil {
			return nil, invalid("entries in a table with an action profile")
		}
		t.HasEntries = true
		for i := range r.Entries {
			e, err := d.entry(t, &r.Entries[i])
			if err != nil {
				return nil, at(err, "entry %d", i)
			}
			t.Entries = append(t.Entries, e)
		}
		t.Size = max(t.Size, len(t.Entries))
	}
	return t, nil
}

func (d *decoder) tableKey(t *Table, keys []rawKey) error {
	lpm, top := 0, 0
	for _, r := range keys {
		k := Key{Name: r.Name, Match: r.Match}
		var err error
		if r.Match == "valid" {
			name, err := stringOf(r.Target)
			if err != nil {
				return err
			}
			if k.Target, err = d.field(name, "$valid$"); err != nil {
				return err
			}
			k.Match = "exact"
		} else if k.Target, err = d.fieldValue(r.Target); err != nil {
			return err
		}
		if k.Name == "" {
			k.Name = k.Target.Name()
		}
		level, ok := rank[k.Match]
		if !ok {
			return unsupported("key %s: match_type %q", k.Name, r.Match)
		}
		if k.Match == "lpm" {
			lpm++
		}
		top = max(top, level)
		if f := k.Target.Field; f != ValidField && k.Target.Header.Type.Fields[f].VarBit {
			return unsupported("key %s: variable-length field", k.Name)
		}
		if r.Mask != nil {
			m, err := hex(*r.Mask)
			if err != nil {
				return at(err, "key %s: mask", k.Name)
			}
			k.Mask = truncate(m, k.Target.Width())
		}
		t.Key = append(t.Key, k)
	}
	if lpm > 1 {
		return invalid("two lpm fields")
	}
	if top != rank[t.Match] {
		return invalid("match_type %s does not fit the key", t.Match)
	}
	return nil
}

func (d *decoder) tableActions(t *Table, r *rawTable) error {
	if len(r.ActionIDs) == 0 && len(r.Actions) > 0 {
		return unsupported("actions without action_ids")
	}
	for _, id := range r.ActionIDs {
		a, ok := d.actionByID[id]
		if !ok || slices.Contains(t.Actions, a) {
			return invalid("action id %d is unknown or there twice", id)
		}
		t.Actions = append(t.Actions, a)
		if t.Profile != nil && !slices.Contains(t.Profile.Actions, a) {
			t.Profile.Actions = append(t.Profile.Actions, a)
		}
	}
	return nil
}

func (d *decoder) entry(t *Table, r *rawEntry) (Entry, error) {
	e := Entry{Priority: r.Priority}
	if len(r.Key) != len(t.Key) {
		return e, invalid("%d fields for a key of %d", len(r.Key), len(t.Key))
	}
	for i := range r.Key {
		k, rk := &t.Key[i], &r.Key[i]
		want := rk.Match
		if want == "valid" {
			want = "exact"
		}
		if want != k.Match {
			return e, invalid("field %s is %s, not %s", k.Name, k.Match, rk.Match)
		}
		w := k.Target.Width()
		var m MatchField
		var err error
		number := func(s string) *big.Int {
			v, herr := hex(s)
			if herr != nil {
				err = herr
				return nil
			}
			return truncate(v, w)
		}
		if k.Match == "range" {
			m.Low, m.High = number(rk.Start), number(rk.End)
		} else {
			v, kerr := matchString(rk.Key)
			if kerr != nil {
				return e, at(kerr, "field %s", k.Name)
			}
			m.Value = truncate(v, w)
		}
		switch k.Match {
		case "ternary":
			m.Mask = number(rk.Mask)
		case "lpm":
			if m.Prefix = rk.Prefix; m.Prefix < 0 || m.Prefix > w {
				return e, invalid("field %s: prefix length %d", k.Name, m.Prefix)
			}
		}
		if err != nil {
			return e, at(err, "field %s", k.Name)
		}
		e.Key = append(e.Key, m)
	}
	var err error
	if e.Call, err = d.call(r.Action.ID, r.Action.Data); err != nil {
		return e, err
	}
	if !slices.Contains(t.Actions, e.Call.Action) {
		return e, invalid("action %s is none of the table's", e.Call.Action.Name)
	}
	return e, nil
}
