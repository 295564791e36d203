package bmv2json

import "github.com/firstack/firstack/softswitch/bmv2json/jsontree"

func (d *decoder) headerTypes() error {
	for _, r := range d.raw.HeaderTypes {
		t := &HeaderType{Name: r.Name, ID: r.ID, VarBit: -1, MaxLength: r.MaxLength}
		if !r.LengthExp.IsNull() {
			return unsupported("%s: length_exp (P4_14 variable-length header)", r.Name)
		}
		for _, rf := range r.Fields {
			f, err := headerField(rf)
			if err != nil {
				return at(err, "%s", r.Name)
			}
			if t.FieldIndex(f.Name) >= ValidField {
				return invalid("%s: field %q twice", r.Name, f.Name)
			}
			if f.VarBit {
				if t.VarBit >= 0 {
					return invalid("%s: two variable-length fields", r.Name)
				}
				t.VarBit = len(t.Fields)
			}
			t.Fields = append(t.Fields, f)
		}
		if t.VarBit >= 0 {
			// max_length counts the whole header in bytes.
			w := t.MaxLength*8 - t.Bits()
			if w <= 0 || w > maxFieldWidth || t.Bits()%8 != 0 {
				return invalid("%s: max_length %d bytes does not fit its %d fixed bits", r.Name, t.MaxLength, t.Bits())
			}
			t.Fields[t.VarBit].Width = w
		}
		if err := add(d.typeByName, "header type", r.Name, t); err != nil {
			return err
		}
		d.p.HeaderTypes = append(d.p.HeaderTypes, t)
	}
	return nil
}

// headerField decodes [name, width] or [name, width, signed].
func headerField(raw *jsontree.Value) (Field, error) {
	t, err := raw.Array()
	if err != nil || len(t) < 2 || len(t) > 4 {
		return Field{}, invalid("field %.60s", raw)
	}
	var f Field
	if f.Name, err = stringOf(&t[0]); err != nil {
		return f, err
	}
	if t[1].Raw == `"*"` {
		f.VarBit = true
		return f, nil
	}
	if f.Width, err = intOf(&t[1]); err != nil {
		return f, at(err, "%s", f.Name)
	}
	if len(t) > 2 {
		switch t[2].Raw {
		case "true", "1":
			f.Signed = true
		case "false", "0": // p4c writes 0 for bool
		default:
			return f, invalid("%s: signed: %.20s", f.Name, &t[2])
		}
	}
	if len(t) > 3 && t[3].Raw == "true" {
		return f, unsupported("%s: saturating field (P4_14)", f.Name)
	}
	if f.Width < 1 || f.Width > maxFieldWidth {
		return f, invalid("%s: %d bits wide", f.Name, f.Width)
	}
	return f, nil
}

func (d *decoder) headers() error {
	bits := 0
	for _, r := range d.raw.Headers {
		t, err := find(d.typeByName, "header type", r.Type)
		if err != nil {
			return at(err, "%s", r.Name)
		}
		if !r.Metadata && t.Bits()%8 != 0 {
			return invalid("%s: %d bits are no whole number of bytes", r.Name, t.Bits())
		}
		for i := range t.Fields {
			bits += t.Fields[i].Width
		}
		if bits > maxPHVBits {
			return unsupported("more than %d bits of headers", maxPHVBits)
		}
		h := &Header{Name: r.Name, ID: r.ID, Type: t, Metadata: r.Metadata, Index: len(d.p.Headers)}
		if err := add(d.headerByName, "header", r.Name, h); err != nil {
			return err
		}
		if _, ok := d.headerByID[r.ID]; ok {
			return invalid("%s: id %d twice", r.Name, r.ID)
		}
		d.headerByID[r.ID] = h
		d.p.Headers = append(d.p.Headers, h)
	}
	return nil
}

func (d *decoder) headersByID(ids []int) ([]*Header, error) {
	if len(ids) == 0 {
		return nil, invalid("no headers")
	}
	hs := make([]*Header, 0, len(ids))
	seen := map[int]bool{}
	for _, id := range ids {
		h, ok := d.headerByID[id]
		if !ok || seen[id] {
			return nil, invalid("header id %d is unknown or there twice", id)
		}
		seen[id] = true
		hs = append(hs, h)
	}
	return hs, nil
}

func (d *decoder) stacks() error {
	for _, r := range d.raw.Stacks {
		hs, err := d.headersByID(r.Headers)
		if err != nil {
			return at(err, "%s", r.Name)
		}
		s := &Stack{Name: r.Name, Headers: hs, Index: len(d.p.Stacks)}
		if s.Type, err = find(d.typeByName, "header type", r.Type); err != nil {
			return at(err, "%s", r.Name)
		}
		for _, h := range hs {
			if h.Type != s.Type {
				return invalid("%s: %s is of another type", r.Name, h.Name)
			}
		}
		if err := add(d.stackByName, "header stack", r.Name, s); err != nil {
			return err
		}
		d.p.Stacks = append(d.p.Stacks, s)
	}
	return nil
}

func (d *decoder) unions() error {
	members := map[string][]string{}
	for _, r := range d.raw.UnionTypes {
		var names []string
		for _, m := range r.Headers {
			name, _, err := pair(m)
			if err != nil {
				return at(err, "%s", r.Name)
			}
			names = append(names, name)
		}
		members[r.Name] = names
	}
	for _, r := range d.raw.Unions {
		names, ok := members[r.Type]
		if !ok || len(names) != len(r.Headers) {
			return invalid("%s: union type %q does not fit", r.Name, r.Type)
		}
		hs, err := d.headersByID(r.Headers)
		if err != nil {
			return at(err, "%s", r.Name)
		}
		u := &Union{Name: r.Name, Members: names, Headers: hs, Index: len(d.p.Unions)}
		for _, h := range hs {
			if h.Union != nil {
				return invalid("%s: %s is in another union too", r.Name, h.Name)
			}
			h.Union = u
		}
		if err := add(d.unionByName, "header union", r.Name, u); err != nil {
			return err
		}
		d.unionByID[r.ID] = u
		d.p.Unions = append(d.p.Unions, u)
	}
	return nil
}

func (d *decoder) unionStacks() error {
	for _, r := range d.raw.UnionStacks {
		s := &UnionStack{Name: r.Name, Index: len(d.p.UnionStacks)}
		for _, id := range r.Unions {
			u, ok := d.unionByID[id]
			if !ok {
				return invalid("%s: union id %d", r.Name, id)
			}
			if len(s.Unions) > 0 && !sameShape(u, s.Unions[0]) {
				return invalid("%s: %s is of another type", r.Name, u.Name)
			}
			s.Unions = append(s.Unions, u)
		}
		if len(s.Unions) == 0 {
			return invalid("%s: no unions", r.Name)
		}
		if err := add(d.ustackByName, "header union stack", r.Name, s); err != nil {
			return err
		}
		d.p.UnionStacks = append(d.p.UnionStacks, s)
	}
	return nil
}

// sameShape tells whether two unions have members of the same types.
func sameShape(a, b *Union) bool {
	if len(a.Headers) != len(b.Headers) {
		return false
	}
	for i := range a.Headers {
		if a.Headers[i].Type != b.Headers[i].Type {
			return false
		}
	}
	return true
}

func (d *decoder) aliases() error {
	for _, raw := range d.raw.Aliases {
		t, err := tuple(raw, 2)
		if err != nil {
			return err
		}
		name, err := stringOf(&t[0])
		if err != nil {
			return err
		}
		h, f, err := pair(&t[1])
		if err != nil {
			return at(err, "%s", name)
		}
		hdr, err := find(d.headerByName, "header", h)
		if err != nil {
			return at(err, "%s", name)
		}
		i := hdr.Type.FieldIndex(f)
		if i < ValidField {
			return invalid("%s: no field %s.%s", name, h, f)
		}
		d.p.Aliases[name] = FieldRef{Header: hdr, Field: i}
	}
	return nil
}
