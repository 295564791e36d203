package demo

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
)

const barWidth = 48

var eighths = []rune(" ▏▎▍▌▋▊▉")

// bar draws a length of 0 to barWidth cells.
func bar(value, max float64) string {
	if max <= 0 || value <= 0 {
		return strings.Repeat(" ", barWidth)
	}
	cells := math.Min(value/max, 1) * barWidth
	whole := int(cells)
	s := strings.Repeat("█", whole)
	if part := int((cells - float64(whole)) * 8); part > 0 {
		s += string(eighths[part])
		whole++
	}
	return s + strings.Repeat(" ", barWidth-whole)
}

var titles = map[string]string{
	"A": "configuration A: addresses translated both ways",
	"B": "configuration B: the replica answers in the server's name",
	"C": "configuration C: a tunnel both ways",
}

var fates = map[string]string{
	FateWon:    "won",
	FateLate:   "late, reset",
	FateSilent: "no answer",
}

// Titles a configuration's part.
func RenderTitle(w io.Writer, config string) { fmt.Fprintf(w, "\n%s\n", titles[config]) }

var modes = map[string]string{
	"discover": "discovered: the SYN by way of the origin to every replica",
	"race":     "raced: a SYN straight to every replica that answered before",
	"direct":   "direct: one SYN, to the nearest",
	"plain":    "untouched",
}

// RenderRace draws one connection's handshake as bars over time, with the least time that any could take, and a plain
// one beside it.
func RenderRace(w io.Writer, r, plain Record) {
	fmt.Fprintf(w, " connection %d, %s\n", r.Request, modes[r.Mode])
	longest := plain.ConnectMS
	for _, leg := range r.Legs {
		longest = math.Max(longest, leg.ArrivalMS)
	}
	row := func(site, role string, ms float64, remark string) {
		fmt.Fprintf(w, "  %-14s %-8s│%s│ %6.1f ms  %s\n", site, role, bar(ms, longest), ms, remark)
	}
	for _, leg := range r.Legs {
		if leg.ArrivalMS >= 0 {
			row(leg.Site, leg.Role, leg.ArrivalMS, fates[leg.Fate])
		} else {
			fmt.Fprintf(w, "  %-14s %-8s│%s│         —  %s\n", leg.Site, leg.Role, bar(0, longest), fates[leg.Fate])
		}
	}
	if r.Error != "" {
		fmt.Fprintf(w, "  failed: %s\n", r.Error)
		return
	}
	row("limit", "", r.LimitMS, "round trip to the nearest")
	if plain.Config == Plain && plain.Error == "" {
		row(plain.Winner, "plain", plain.ConnectMS, "for comparison")
	}
	fmt.Fprintf(w, "  winner %s (%s); SHA-256 of %d bytes %s\n", r.Winner, r.WinnerRole, r.Bytes, verdict(r.SHA256OK))
}

func verdict(ok bool) string {
	if ok {
		return "right"
	}
	return "WRONG"
}

// RenderSummary is a table of means by configuration and by how the SYN went.
func RenderSummary(w io.Writer, records []Record) {
	type kind struct{ config, mode string }
	type sum struct {
		n, failed, copies     int
		connect, first, total float64
		winners               map[string]int
	}
	var order []kind
	sums := map[kind]*sum{}
	for _, r := range records {
		k := kind{r.Config, r.Mode}
		s := sums[k]
		if s == nil {
			s = &sum{winners: map[string]int{}}
			sums[k] = s
			order = append(order, k)
		}
		s.n++
		if r.Error != "" || !r.SHA256OK {
			s.failed++
			continue
		}
		s.copies += r.SYNCopies
		s.connect += r.ConnectMS
		s.first += r.FirstByteMS
		s.total += r.TotalMS
		s.winners[r.Winner]++
	}
	fmt.Fprintf(w, "\n%-8s %-9s %8s %7s %5s  %10s %14s %12s  %s\n",
		"config", "mode", "requests", "failed", "SYNs", "connect ms", "first byte ms", "complete ms", "winners")
	for _, k := range order {
		s := sums[k]
		n := float64(s.n - s.failed)
		if n == 0 {
			fmt.Fprintf(w, "%-8s %-9s %8d %7d\n", k.config, k.mode, s.n, s.failed)
			continue
		}
		fmt.Fprintf(w, "%-8s %-9s %8d %7d %5.1f  %10.1f %14.1f %12.1f  %s\n", k.config, k.mode, s.n, s.failed,
			float64(s.copies)/n, s.connect/n, s.first/n, s.total/n, tally(s.winners))
	}
}

// tally: "London 3, Tokyo 1", most first.
func tally(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], strings.Compare(a, b))
	})
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, counts[name])
	}
	return strings.Join(names, ", ")
}
