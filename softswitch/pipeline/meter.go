package pipeline

import "fmt"

// Colours of a meter.
const (
	Green  = 0
	Yellow = 1
	Red    = 2
)

// bucket is a token bucket. Tokens are counted in millionths, so that a rate
// per second and a clock in microseconds need no division.
type bucket struct {
	rate   uint64 // tokens a second
	burst  uint64 // tokens
	tokens uint64 // millionths
	last   uint64 // microseconds
}

const micro = 1_000_000

// fill adds what has come in since the last time.
func (b *bucket) fill(now uint64) {
	full := b.burst * micro
	room := full - b.tokens
	elapsed := now - b.last
	b.last = now
	if b.rate == 0 {
		return
	}
	// Multiply only when it cannot overflow: else the bucket is full anyway.
	if elapsed > room/b.rate {
		b.tokens = full
		return
	}
	b.tokens += elapsed * b.rate
}

// take spends n tokens if they are there.
func (b *bucket) take(n uint64) bool {
	if b.tokens < n*micro {
		return false
	}
	b.tokens -= n * micro
	return true
}

// meterCell is a two-rate three-colour marker (RFC 2698, colour-blind) as BMv2
// has it: the peak bucket first, and a packet that it refuses spends nothing.
type meterCell struct {
	peak, committed bucket
}

func newMeterCell(c *MeterConfig, now uint64) *meterCell {
	full := func(rate, burst int64) bucket {
		return bucket{rate: uint64(rate), burst: uint64(burst), tokens: uint64(burst) * micro, last: now}
	}
	return &meterCell{peak: full(c.PIR, c.PBurst), committed: full(c.CIR, c.CBurst)}
}

func (m *meterCell) config() *MeterConfig {
	return &MeterConfig{
		CIR: int64(m.committed.rate), CBurst: int64(m.committed.burst),
		PIR: int64(m.peak.rate), PBurst: int64(m.peak.burst),
	}
}

// colour marks one packet of n units.
func (m *meterCell) colour(now, n uint64) uint64 {
	m.peak.fill(now)
	if !m.peak.take(n) {
		return Red
	}
	m.committed.fill(now)
	if !m.committed.take(n) {
		return Yellow
	}
	return Green
}

// Meter is a running array of indirect meters. A cell that was never configured
// is always green. Use it inside Pipeline.Do.
type Meter struct {
	pl    *Pipeline
	name  string
	bytes bool
	cells []*meterCell
}

// Name is the meter's name in the JSON.
func (m *Meter) Name() string { return m.name }

// Size is the number of cells.
func (m *Meter) Size() int { return len(m.cells) }

// Config gives a cell's configuration, nil when it has none. Errors wrap
// ErrNotFound.
func (m *Meter) Config(i int) (*MeterConfig, error) {
	if i < 0 || i >= len(m.cells) {
		return nil, fmt.Errorf("meter %s: index %d of %d: %w", m.name, i, len(m.cells), ErrNotFound)
	}
	if m.cells[i] == nil {
		return nil, nil
	}
	return m.cells[i].config(), nil
}

// SetConfig configures a cell and fills its buckets; nil makes it green again.
// Errors wrap ErrNotFound or ErrInvalid.
func (m *Meter) SetConfig(i int, c *MeterConfig) error {
	if i < 0 || i >= len(m.cells) {
		return fmt.Errorf("meter %s: index %d of %d: %w", m.name, i, len(m.cells), ErrNotFound)
	}
	if c == nil {
		m.cells[i] = nil
		return nil
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("meter %s[%d]: %w", m.name, i, err)
	}
	m.cells[i] = newMeterCell(c, m.pl.now())
	return nil
}

// maxBurst keeps tokens in millionths within 64 bits.
const maxBurst = 1 << 43

func (c *MeterConfig) check() error {
	for _, v := range []int64{c.CIR, c.CBurst, c.PIR, c.PBurst} {
		if v < 0 {
			return fmt.Errorf("%w: negative rate or burst %d", ErrInvalid, v)
		}
	}
	if c.CBurst > maxBurst || c.PBurst > maxBurst {
		return fmt.Errorf("%w: burst above %d", ErrInvalid, int64(maxBurst))
	}
	if c.CIR > c.PIR {
		return fmt.Errorf("%w: committed rate %d above the peak rate %d", ErrInvalid, c.CIR, c.PIR)
	}
	return nil
}

// execute marks the packet with cell i.
func (m *Meter) execute(i uint64, p *packet) uint64 {
	if m.cells[i] == nil {
		return Green
	}
	return m.cells[i].colour(p.pl.now(), p.units(m.bytes))
}

// units is what a packet costs a meter.
func (p *packet) units(bytes bool) uint64 {
	if bytes {
		return uint64(p.ingressLen)
	}
	return 1
}
