package top

import (
	"fmt"
	"strings"

	"github.com/firstack/firstack/controller/state"
)

// View says how a frame is drawn.
type View struct {
	Title  string // where the controller is
	Width  int    // columns; 80 suffice
	Height int    // lines; 0: as many as it takes
	Colour bool
	Note   string // instead of the help in the last line, for what went wrong
	Help   bool   // tell the keys
}

// Frame draws the state now; rates are since before, and none are shown when that is nil. It ends without a newline.
func (v View) Frame(before, now *Sample) string {
	f := &frame{View: v, before: before, now: now}
	f.head()
	f.connections()
	for i := range now.Services {
		f.service(&now.Services[i])
	}
	f.switches()
	var last string
	switch {
	case v.Note != "":
		last = f.one(red, v.Note)
	case v.Help:
		last = f.one(dim, "q or Ctrl-C: quit")
	}
	lines, room := f.lines, v.Height
	if last != "" {
		room--
	}
	if v.Height > 0 && len(lines) > max(room, 1) {
		room = max(room, 1) - 1
		lines = append(lines[:room:room], f.one(dim, fmt.Sprintf("%d more lines: enlarge the window", len(f.lines)-room)))
	}
	if last != "" {
		lines = append(lines, last)
	}
	return strings.Join(lines, "\n")
}

type frame struct {
	View
	before, now *Sample
	lines       []string
}

func (f *frame) line() *line { return &line{width: f.Width, colour: f.Colour} }

func (f *frame) one(s style, text string) string {
	l := f.line()
	l.put(s, text)
	return l.String()
}

func (f *frame) add(l *line) { f.lines = append(f.lines, l.String()) }

// rate is the change a second of what count gives.
func (f *frame) rate(count func(*Sample) float64) (perSecond float64, known bool) {
	if f.before == nil {
		return 0, false
	}
	d := f.now.At.Sub(f.before.At).Seconds()
	if d <= 0 {
		return 0, false
	}
	return (count(f.now) - count(f.before)) / d, true
}

func (f *frame) rateText(count func(*Sample) float64) string {
	if r, known := f.rate(count); known {
		return rate(r)
	}
	return "-"
}

func (f *frame) head() {
	ready, flows := 0, 0
	for _, s := range f.now.Sessions {
		if s.Primary && s.Settled || s.Standby {
			ready++
		}
		if l := f.now.learning(s.Switch); l != nil {
			flows += l.Flows
		}
	}
	l := f.line()
	l.put(bold, "firstack")
	l.put(plain, fmt.Sprintf("  %s  %s  ", f.Title, f.now.At.Format("15:04:05")))
	s := green
	if ready < len(f.now.Sessions) {
		s = red
	}
	l.put(s, fmt.Sprintf("%d of %d switches ready", ready, len(f.now.Sessions)))
	l.put(plain, fmt.Sprintf("  %s connections", count(float64(flows))))
	f.add(l)
}

// Decisions of client gateways by how a connection begins, and what ends a race (p4src/common/client/verdict.p4).
var (
	discovered = []string{"tag_first", "tag_unanswered"}
	raced      = []string{"steer_race", "steer_overdue"}
	direct     = []string{"steer_direct", "steer_server"}
	untagged   = []string{"untagged_no_room", "untagged_payload", "untagged_busy"}
	claims     = []string{"claim_a", "claim_b", "claim_c", "claim_server"}
)

func (f *frame) connections() {
	l := f.line()
	for _, c := range []struct {
		name      string
		decisions []string
	}{
		{"races won/s", claims}, {"SYNs/s: discovered", discovered}, {"raced", raced}, {"direct", direct}, {"untagged", untagged},
	} {
		l.put(dim, c.name+" ")
		l.put(plain, f.rateText(func(s *Sample) float64 { return s.packets("", c.decisions...) })+"  ")
	}
	f.add(l)
}

func (f *frame) switches() {
	f.lines = append(f.lines, "")
	head := f.line()
	for i, name := range []string{"SWITCH", "ROLE", "SESSION", "TABLES", "CONNS", "SLOTS", "BUSY/s", "UPD/s", "ERRS", "SINCE"} {
		head.cell(dim, f.column(switchColumns, i), name)
	}
	f.add(head)
	for i := range f.now.Sessions {
		f.oneSwitch(&f.now.Sessions[i])
	}
}

// Columns fill 80; a wider window makes room for longer names.
var switchColumns = []int{14, 7, 11, 7, -5, -5, -6, -5, -5, -6}

// longName is how much wider than in 80 columns the first column may get.
const longName = 24

func (f *frame) column(widths []int, i int) int {
	if i == 0 {
		return widths[0] + max(0, min(f.Width-80, longName))
	}
	return widths[i]
}

func (f *frame) oneSwitch(s *state.Session) {
	l := f.line()
	tables, flows, slots, busy := "writing", "-", "-", "-"
	tablesStyle, stateStyle := yellow, red
	if s.Settled {
		tables, tablesStyle = "settled", green
	}
	switch s.State {
	case "primary":
		stateStyle = green
	case "backup", "preparing", "connecting":
		stateStyle = yellow
	}
	session := s.State
	if s.Standby {
		session, stateStyle, tables, tablesStyle = "standby", green, "-", plain
	}
	if l := f.now.learning(s.Switch); l != nil {
		flows = count(float64(l.Flows))
		if !l.Slots.Counted.IsZero() {
			slots = count(float64(l.Slots.InUse))
		}
		busy = f.rateText(func(at *Sample) float64 { return at.packets(s.Switch, "untagged_busy") })
	}
	errors := plain
	if s.Stats.UpdatesFailed > 0 {
		errors = yellow
	}
	for i, c := range []struct {
		style style
		text  string
	}{
		{plain, s.Switch}, {plain, strings.TrimSuffix(s.Role, "-gateway")}, {stateStyle, session}, {tablesStyle, tables}, {plain, flows}, {plain, slots}, {plain, busy},
		{plain, f.rateText(func(at *Sample) float64 { return float64(at.session(s.Switch).Stats.Updates) })},
		{errors, count(float64(s.Stats.UpdatesFailed))}, {plain, age(s.Since, f.now.At)},
	} {
		l.cell(c.style, f.column(switchColumns, i), c.text)
	}
	f.add(l)
	problems := s.Problems
	if !s.Primary && s.Error != "" {
		problems = append([]string{s.Error}, problems...)
	}
	for _, p := range problems {
		f.lines = append(f.lines, f.one(yellow, "  "+p))
	}
}
