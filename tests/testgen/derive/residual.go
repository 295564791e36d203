package main

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/firstack/firstack/tests/testgen"
)

// A residual works out TCP checksums as the program for TNA does, from p4testgen's trace: what the parser subtracts, and
// what the deparser adds to that. P4testgen itself does no checksums.
type residual struct {
	fields    map[string]uint64 // of the packet, as extracted
	in        words
	deposited bool
	list      []string // what the deparser adds; nil: it does not
	header    string   // being emitted
	emitted   map[string]uint64
	checksum  uint16
	known     bool
	err       error
}

// widths are those of the fields that are summed, in bits.
var widths = map[string]int{
	"ipv4.total_len": 16, "ipv4.src_addr": 32, "ipv4.dst_addr": 32, "tcp.src_port": 16, "tcp.dst_port": 16,
	"tcp.data_offset": 4, "tcp.reserved": 4, "tcp.flags": 8, "tcp.checksum": 16, "tag.kind": 8, "tag.length": 8,
	"tag.exid": 16, "tag.options": 8, "tag.epoch": 8, "tag.gateway": 16, "tag.mac": 32, "mss.kind": 8, "mss.length": 8,
	"mss.value": 16,
}

// whole are headers that the parser subtracts by itself when it extracts them after the deposit.
var whole = map[string][]string{
	"tag": {"tag.kind", "tag.length", "tag.exid", "tag.options", "tag.epoch", "tag.gateway", "tag.mac"},
	"mss": {"mss.kind", "mss.length", "mss.value"},
}

var (
	extracted  = regexp.MustCompile(`hdr\.(\w+\.\w+) = 0x([0-9A-F_]+)`)
	subtracted = regexp.MustCompile(`/tcp_sum\.subtract<\w+>\(\{(.*)\}\)`)
	updated    = regexp.MustCompile(`hdr\.tcp\.checksum = tcp_sum\.update\(\{(.*)\}\);\|`)
	emitting   = regexp.MustCompile(`packet\.emit<\w+>\(hdr\.(\w+)\)`)
	emitted    = regexp.MustCompile(`(\w+):(\d+);`)
	summed     = regexp.MustCompile(`(?:hdr|meta)\.([\w.]+)`)
)

// trace takes a line of the trace.
func (r *residual) trace(line string) {
	switch {
	case strings.Contains(line, "*.StartIngress"), strings.Contains(line, "*.StartEgress"):
		*r = residual{fields: map[string]uint64{}, checksum: r.checksum, known: r.known, err: r.err}
	case strings.HasPrefix(line, "[ExtractSuccess] hdr."):
		for _, m := range extracted.FindAllStringSubmatch(line, -1) {
			r.fields[m[1]], _ = strconv.ParseUint(strings.ReplaceAll(m[2], "_", ""), 16, 64)
		}
		header, _, _ := strings.Cut(strings.TrimPrefix(line, "[ExtractSuccess] hdr."), "@")
		if r.deposited {
			r.add(&r.in, whole[header], r.fields)
		}
	case strings.Contains(line, "/tcp_sum.subtract_all_and_deposit"):
		r.deposited = true
	case strings.Contains(line, "meta.sum.seq_no = "): // a reset, which has no residual
		r.deposited = false
	}
	if m := subtracted.FindStringSubmatch(line); m != nil {
		r.add(&r.in, names(m[1]), r.fields)
	} else if m := updated.FindStringSubmatch(line); m != nil && r.deposited {
		r.list, r.emitted = names(m[1]), map[string]uint64{}
	} else if m := emitting.FindStringSubmatch(line); m != nil {
		r.header = m[1]
	} else if rest, ok := strings.CutPrefix(line, "[Emit]: "); ok && r.list != nil {
		for _, m := range emitted.FindAllStringSubmatch(rest, -1) {
			r.emitted[r.header+"."+m[1]], _ = strconv.ParseUint(m[2], 10, 64)
		}
	} else if strings.Contains(line, "*.prepend_emit_buffer") && r.list != nil {
		r.finish()
	}
}

func names(list string) []string {
	var all []string
	for _, m := range summed.FindAllStringSubmatch(list, -1) {
		if m[1] != "sum.tcp" && m[1] != "sum.seq_no" {
			all = append(all, m[1])
		}
	}
	return all
}

// add adds fields; those of headers that are not there are 0.
func (r *residual) add(w *words, list []string, from map[string]uint64) {
	for _, name := range list {
		width, ok := widths[name]
		if !ok {
			r.err = fmt.Errorf("residual.go does not know %s, which is summed", name)
		}
		w.add(from[name], width)
	}
}

func (r *residual) finish() {
	var out words
	r.add(&out, r.list, r.emitted)
	sum := uint32(out.sum()) + uint32(^r.in.sum())
	r.checksum, r.known = ^uint16(sum>>16+sum&0xffff), true
	r.list = nil
}

// set puts the checksum where p4testgen has none. Zero has two forms, of which either will do.
func (r *residual) set(t *test) error {
	at := ethernetLength
	if t.OutPort == testgen.CPUPort {
		at += testgen.ControlHeader
	}
	if r.err != nil || !r.known || r.checksum == 0 || r.checksum == 0xffff || at+ipv4Length > len(t.Out) {
		return r.err
	}
	if t.Out[at] == 0x45 && t.Out[at+9] == protocolIPIP {
		at += ipv4Length
	}
	at += ipv4Length + 16
	if at+2 <= len(t.Out) && t.Mask[at] == 0 && t.Mask[at+1] == 0 && t.Out[at-16-ipv4Length+9] == protocolTCP {
		t.Out[at], t.Out[at+1] = byte(r.checksum>>8), byte(r.checksum)
		t.Mask[at], t.Mask[at+1] = 0xff, 0xff
	}
	return nil
}

// words are bits to be summed by 16.
type words struct {
	bits  big.Int
	count int
}

func (w *words) add(value uint64, width int) {
	w.bits.Or(w.bits.Lsh(&w.bits, uint(width)), new(big.Int).SetUint64(value))
	w.count += width
}

func (w *words) sum() uint16 {
	rest, sum := new(big.Int).Set(&w.bits), uint32(0)
	for rest.Sign() != 0 {
		sum += uint32(new(big.Int).And(rest, big.NewInt(0xffff)).Uint64())
		rest.Rsh(rest, 16)
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
