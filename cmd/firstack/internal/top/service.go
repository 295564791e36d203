package top

import (
	"fmt"

	"github.com/firstack/firstack/controller/state"
)

var replicaColumns = []int{16, 6, 5, 2, 8, -4, -6, -5, -5, -8, -5}

func (f *frame) service(s *state.Service) {
	f.lines = append(f.lines, "")
	l := f.line()
	l.put(bold, s.Name)
	l.put(plain, fmt.Sprintf("  %s  origin %s  ", s.Server, s.OriginPolicy))
	if len(s.Raced) == 0 && s.Replicatable {
		l.put(red, "no replica is raced")
	} else {
		l.put(plain, fmt.Sprintf("%d raced", len(s.Raced)))
	}
	f.add(l)
	head := f.line()
	for i, name := range []string{"REPLICA", "HEALTH", "ADMIN", "CF", "WINS", "", "/s", "ALL", "LATE", "DELAY", "CONNS"} {
		head.cell(dim, f.column(replicaColumns, i), name)
	}
	f.add(head)
	total := f.recent(s.Name)
	for i := range f.now.Replicas {
		if r := &f.now.Replicas[i]; r.Service == s.Name {
			f.replica(r, total)
		}
	}
	for i := range s.Origins {
		f.origin(&s.Origins[i])
	}
	for i := range f.now.Steering {
		if f.now.Steering[i].Service == s.Name {
			f.steering(&f.now.Steering[i])
		}
	}
}

// recent is how many races replicas of a service won since the sample before; all of them when there was none.
func (f *frame) recent(service string) (sum float64) {
	all := 0.0
	for i := range f.now.Replicas {
		if r := &f.now.Replicas[i]; r.Service == service {
			all += float64(r.Wins)
			sum += f.wins(r)
		}
	}
	if sum <= 0 {
		return -all
	}
	return sum
}

func (f *frame) wins(r *state.Server) float64 {
	if f.before == nil {
		return float64(r.Wins)
	}
	return float64(r.Wins) - float64(f.before.replica(r.Service, r.Name).Wins)
}

// share is a replica's part in the races that recent has summed up.
func (f *frame) share(r *state.Server, total float64) float64 {
	switch {
	case total > 0:
		return max(f.wins(r), 0) / total
	case total < 0:
		return float64(r.Wins) / -total
	}
	return 0
}

// delay is the mean of the delays since the sample before, in milliseconds; of all when nothing was measured since.
func (f *frame) delay(r *state.Server) float64 {
	if f.before != nil {
		old := f.before.replica(r.Service, r.Name).Delay
		if r.Delay.Count > old.Count {
			n := float64(r.Delay.Count - old.Count)
			return (r.Delay.Mean*float64(r.Delay.Count) - old.Mean*float64(old.Count)) / n
		}
	}
	return r.Delay.Mean
}

var healthStyles = map[string]style{"active": green, "busy": yellow, "dead": red}

func (f *frame) replica(r *state.Server, total float64) {
	share := f.share(r, total)
	admin := plain
	if r.Admin != "up" {
		admin = yellow
	}
	perSecond := f.rateText(func(s *Sample) float64 { return float64(s.replica(r.Service, r.Name).Wins) })
	l := f.line()
	for i, c := range []struct {
		style style
		text  string
	}{
		{plain, r.Name}, {healthStyles[r.Health], r.Health}, {admin, r.Admin}, {plain, r.Configuration},
		{plain, bar(share, replicaColumns[4])}, {plain, percent(share)}, {plain, perSecond}, {plain, count(float64(r.Wins))},
		{plain, count(float64(r.Losses))}, {plain, milliseconds(f.delay(r))}, {plain, count(float64(r.Translations))},
	} {
		l.cell(c.style, f.column(replicaColumns, i), c.text)
	}
	f.add(l)
	if r.Health != "active" && r.Error != "" {
		f.lines = append(f.lines, f.one(yellow, "  "+r.Error))
	}
}

func (f *frame) origin(o *state.Server) {
	l := f.line()
	l.cell(plain, f.column(replicaColumns, 0), o.Name)
	l.cell(healthStyles[o.Health], replicaColumns[1], o.Health)
	l.put(dim, "origin")
	f.add(l)
}

// steering tells what a client gateway does with what it learned, best replicas first.
func (f *frame) steering(s *state.Steering) {
	l := f.line()
	l.put(dim, "from ")
	l.put(plain, s.Switch+": ")
	discover := max(1-s.Direct-s.Race-s.Scout, 0)
	for _, c := range []struct {
		name string
		part float64
	}{{"direct", s.Direct}, {"race", s.Race}, {"scout", s.Scout}, {"discover", discover}} {
		if c.part >= 0.005 {
			l.put(plain, fmt.Sprintf("%s %s ", percent(c.part), c.name))
		}
	}
	if s.Doubtful {
		l.put(yellow, "doubtful ")
	}
	for _, r := range s.Replicas {
		if r.Delay == 0 {
			continue
		}
		name := r.Name
		if name == "" {
			name = r.Address.String()
		}
		l.put(dim, " "+name)
		l.put(plain, " "+milliseconds(r.Delay))
	}
	f.add(l)
}
