package bmv2json

import "github.com/firstack/firstack/softswitch/bmv2json/jsontree"

// externs only remembers the names: v1model's own externs have sections of
// their own, so that an instance here is one the target would have to know.
func (d *decoder) externs() error {
	for _, r := range d.raw.Externs {
		return unsupported("%s: extern type %q", r.Name, r.Type)
	}
	return nil
}

func (d *decoder) valueSets() error {
	for _, r := range d.raw.ValueSets {
		if r.Width < 1 || r.Width > maxFieldWidth {
			return invalid("%s: %d bits", r.Name, r.Width)
		}
		v := &ValueSet{Name: r.Name, Width: r.Width, Size: r.Size, Index: len(d.p.ValueSets)}
		if err := add(d.vsetByName, "value set", r.Name, v); err != nil {
			return err
		}
		d.p.ValueSets = append(d.p.ValueSets, v)
	}
	return nil
}

func (d *decoder) errors() error {
	for _, raw := range d.raw.Errors {
		t, err := tuple(raw, 2)
		if err != nil {
			return err
		}
		name, err := stringOf(&t[0])
		if err != nil {
			return err
		}
		if d.p.Errors[name], err = intOf(&t[1]); err != nil {
			return at(err, "%s", name)
		}
	}
	return nil
}

func (d *decoder) calculations() error {
	for _, r := range d.raw.Calculations {
		in, err := d.calcInput(r.Input)
		if err != nil {
			return at(err, "%s", r.Name)
		}
		c := &Calculation{Name: r.Name, Algo: r.Algo, Input: in, Index: len(d.p.Calculations)}
		if err := add(d.calcByName, "calculation", r.Name, c); err != nil {
			return err
		}
		d.p.Calculations = append(d.p.Calculations, c)
	}
	return nil
}

func (d *decoder) calcInput(raw []rawValue) ([]CalcInput, error) {
	var in []CalcInput
	for _, v := range raw {
		switch v.Type {
		case "field":
			ref, err := d.fieldValue(v.Value)
			if err != nil {
				return nil, err
			}
			in = append(in, CalcInput{Field: &ref})
		case "hexstr":
			s, err := stringOf(v.Value)
			if err != nil {
				return nil, err
			}
			c, err := hex(s)
			if err != nil {
				return nil, err
			}
			if v.Bitwidth < 1 || v.Bitwidth > maxFieldWidth || c.Sign() < 0 {
				return nil, invalid("constant %s of %d bits", s, v.Bitwidth)
			}
			in = append(in, CalcInput{Const: c, Width: v.Bitwidth})
		case "header":
			name, err := stringOf(v.Value)
			if err != nil {
				return nil, err
			}
			h, err := find(d.headerByName, "header", name)
			if err != nil {
				return nil, err
			}
			in = append(in, CalcInput{Header: h})
		case "payload":
			in = append(in, CalcInput{Payload: true})
		default:
			return nil, unsupported("input of type %q", v.Type)
		}
	}
	return in, nil
}

func arraySize(size int) error {
	if size < 0 || size > maxArray {
		return invalid("size %d, allowed is 0 to %d", size, maxArray)
	}
	return nil
}

func (d *decoder) counters() error {
	for _, r := range d.raw.Counters {
		if err := arraySize(r.Size); err != nil {
			return at(err, "%s", r.Name)
		}
		c := &Counter{Name: r.Name, Size: r.Size, Direct: r.Direct, Table: r.Table, Index: len(d.p.Counters)}
		if err := add(d.counterBy, "counter", r.Name, c); err != nil {
			return err
		}
		d.p.Counters = append(d.p.Counters, c)
	}
	return nil
}

func (d *decoder) meters() error {
	for _, r := range d.raw.Meters {
		if err := arraySize(r.Size); err != nil {
			return at(err, "%s", r.Name)
		}
		m := &Meter{Name: r.Name, Size: r.Size, Rates: r.Rates, Direct: r.Direct, Table: r.Table, Index: len(d.p.Meters)}
		switch r.Type {
		case "bytes":
			m.Bytes = true
		case "packets":
		default:
			return unsupported("%s: meter of type %q", r.Name, r.Type)
		}
		if r.Rates != 2 {
			return unsupported("%s: meter with %d rates", r.Name, r.Rates)
		}
		if r.Direct {
			if len(r.Result) != 2 {
				return invalid("%s: result_target", r.Name)
			}
			ref, err := d.field(r.Result[0], r.Result[1])
			if err != nil {
				return at(err, "%s: result_target", r.Name)
			}
			m.Result = &ref
		}
		if err := add(d.meterBy, "meter", r.Name, m); err != nil {
			return err
		}
		d.p.Meters = append(d.p.Meters, m)
	}
	return nil
}

func (d *decoder) registers() error {
	for _, r := range d.raw.Registers {
		if err := arraySize(r.Size); err != nil {
			return at(err, "%s", r.Name)
		}
		if r.Width < 1 || r.Width > maxFieldWidth || r.Size > maxRegBits/r.Width {
			return invalid("%s: %d cells of %d bits", r.Name, r.Size, r.Width)
		}
		reg := &Register{Name: r.Name, Size: r.Size, Width: r.Width, Index: len(d.p.Registers)}
		if err := add(d.regByName, "register", r.Name, reg); err != nil {
			return err
		}
		d.p.Registers = append(d.p.Registers, reg)
	}
	return nil
}

func (d *decoder) learnLists() (err error) {
	d.p.LearnLists, err = d.lists(d.raw.LearnLists)
	return err
}

func (d *decoder) fieldLists() (err error) {
	d.p.FieldLists, err = d.lists(d.raw.FieldLists)
	return err
}

func (d *decoder) lists(raw []rawFieldList) ([]*FieldList, error) {
	var lists []*FieldList
	ids := map[int]bool{}
	for _, r := range raw {
		l := &FieldList{Name: r.Name, ID: r.ID}
		if ids[r.ID] || r.ID < 0 {
			return nil, invalid("%s: id %d is negative or there twice", r.Name, r.ID)
		}
		ids[r.ID] = true
		for _, v := range r.Elements {
			if v.Type != "field" {
				return nil, unsupported("%s: element of type %q", r.Name, v.Type)
			}
			ref, err := d.fieldValue(v.Value)
			if err != nil {
				return nil, at(err, "%s", r.Name)
			}
			l.Fields = append(l.Fields, ref)
		}
		lists = append(lists, l)
	}
	return lists, nil
}

func (d *decoder) checksums() error {
	for _, r := range d.raw.Checksums {
		if r.Type != "generic" {
			return unsupported("%s: checksum of type %q", r.Name, r.Type)
		}
		if len(r.Target) != 2 {
			return invalid("%s: target", r.Name)
		}
		ref, err := d.field(r.Target[0], r.Target[1])
		if err != nil {
			return at(err, "%s", r.Name)
		}
		c := &Checksum{Name: r.Name, Target: ref, Update: r.Update == nil || *r.Update, Verify: r.Verify == nil || *r.Verify}
		if c.Calculation, err = find(d.calcByName, "calculation", r.Calculation); err != nil {
			return at(err, "%s", r.Name)
		}
		if !r.Cond.IsNull() {
			if c.Cond, err = d.condition(r.Cond); err != nil {
				return at(err, "%s: if_cond", r.Name)
			}
		}
		d.p.Checksums = append(d.p.Checksums, c)
	}
	return nil
}

// condition decodes a boolean expression without action parameters.
func (d *decoder) condition(raw *jsontree.Value) (*Expr, error) {
	e, err := d.typed(raw, Bool)
	if err != nil {
		return nil, err
	}
	return e, noLocals(e, 0)
}

// noLocals refuses references to action parameters beyond the first n, and
// lookahead, which only parsers know.
func noLocals(e *Expr, n int) error {
	if e == nil {
		return nil
	}
	if e.Kind == KLocal && e.Local >= n {
		return invalid("parameter %d of %d", e.Local, n)
	}
	if e.Kind == KLookahead {
		return invalid("lookahead outside a parser's set or transition")
	}
	for _, s := range []*Expr{e.Left, e.Right, e.Cond} {
		if err := noLocals(s, n); err != nil {
			return err
		}
	}
	return nil
}
