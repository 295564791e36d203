package packet

import (
	"net/netip"
	"strings"
)

// A Packet is a frame as a list of layers, outermost first.
type Packet struct {
	Layers []Layer
}

// A Layer is one of *Ethernet, *ARP, *IPv4, *TCP, *UDP, *ICMP, *Quote, *Payload, *Trailer and *Cut.
type Layer interface {
	// Name is the word that begins the layer in the text form.
	Name() string
	// Fields returns what the text form says about the layer, in its order: values that go without
	// saying are left out.
	Fields() []Field
	// marshal returns the layer's bytes with body after them.
	marshal(in enclosing, next Layer, body []byte) []byte
}

// A Field is one item of a layer's text: name=value, a bare name (a flag) or a bare value (Name empty).
type Field struct {
	Name, Value string
}

// String returns the field as it stands in the text form.
func (f Field) String() string {
	switch {
	case f.Name == "":
		return f.Value
	case f.Value == "":
		return f.Name
	}
	return f.Name + "=" + f.Value
}

// enclosing is what a layer has to know of the layers around it.
type enclosing struct {
	src, dst netip.Addr // of the nearest IPv4 header, for pseudo headers
}

// String returns the packet's text form on one line.
func (p *Packet) String() string { return p.join(" / ") }

// Lines returns the packet's text form with one line per layer.
func (p *Packet) Lines() string { return p.join("\n") }

func (p *Packet) join(separator string) string {
	lines := make([]string, len(p.Layers))
	for i, l := range p.Layers {
		lines[i] = layerText(l)
	}
	return strings.Join(lines, separator)
}

func layerText(l Layer) string {
	words := []string{l.Name()}
	for _, f := range l.Fields() {
		words = append(words, f.String())
	}
	return strings.Join(words, " ")
}

// Build returns the packet's bytes. Lengths, protocol numbers and checksums that no layer fixes are
// calculated.
func (p *Packet) Build() []byte {
	layers, limit := p.Layers, -1
	var trailer []byte
	for len(layers) > 0 {
		if c, ok := layers[len(layers)-1].(*Cut); ok {
			if limit < 0 || c.Size < limit {
				limit = c.Size
			}
		} else if t, ok := layers[len(layers)-1].(*Trailer); ok {
			trailer = append(append([]byte(nil), t.Data...), trailer...)
		} else {
			break
		}
		layers = layers[:len(layers)-1]
	}
	frame := append(marshal(enclosing{}, layers), trailer...)
	if limit >= 0 && limit < len(frame) {
		frame = frame[:limit]
	}
	return frame
}

// marshal builds layers from the inside out.
func marshal(in enclosing, layers []Layer) []byte {
	if len(layers) == 0 {
		return nil
	}
	inside := in
	if ip, ok := layers[0].(*IPv4); ok {
		inside = enclosing{src: ip.Src, dst: ip.Dst}
	}
	body := marshal(inside, layers[1:])
	if q, ok := layers[0].(*Quote); ok {
		return body[:min(q.Size, len(body))]
	}
	var next Layer
	if len(layers) > 1 {
		next = layers[1]
	}
	return layers[0].marshal(in, next, body)
}
