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

// RenderRace draws one request's race as bars over time, and its times beside those of a plain request.
func RenderRace(w io.Writer, r, plain Record) {
	fmt.Fprintf(w, "\n%s\n", titles[r.Config])
	longest := plain.ConnectMS
	for _, leg := range r.Legs {
		longest = math.Max(longest, leg.ArrivalMS)
	}
	for _, leg := range r.Legs {
		arrival := "        —"
		if leg.ArrivalMS >= 0 {
			arrival = fmt.Sprintf("%6.1f ms", leg.ArrivalMS)
		}
		fmt.Fprintf(w, "  %-14s %-8s│%s│ %s  %s\n", leg.Site, leg.Role, bar(leg.ArrivalMS, longest), arrival, fates[leg.Fate])
	}
	if r.Error != "" {
		fmt.Fprintf(w, "  failed: %s\n", r.Error)
		return
	}
	if plain.Config == Plain && plain.Error == "" {
		fmt.Fprintf(w, "  %-14s %-8s│%s│ %6.1f ms  for comparison\n", plain.Winner, "plain", bar(plain.ConnectMS, longest), plain.ConnectMS)
	}
	fmt.Fprintf(w, "  winner %s (%s); SHA-256 of %d bytes %s\n", r.Winner, r.WinnerRole, r.Bytes, verdict(r.SHA256OK))
}

func verdict(ok bool) string {
	if ok {
		return "right"
	}
	return "WRONG"
}

// RenderSummary is a table of means by configuration.
func RenderSummary(w io.Writer, records []Record) {
	type sum struct {
		n, failed             int
		connect, first, total float64
		winners               map[string]int
	}
	var order []string
	sums := map[string]*sum{}
	for _, r := range records {
		s := sums[r.Config]
		if s == nil {
			s = &sum{winners: map[string]int{}}
			sums[r.Config] = s
			order = append(order, r.Config)
		}
		s.n++
		if r.Error != "" || !r.SHA256OK {
			s.failed++
			continue
		}
		s.connect += r.ConnectMS
		s.first += r.FirstByteMS
		s.total += r.TotalMS
		s.winners[r.Winner]++
	}
	fmt.Fprintf(w, "\n%-8s %8s %8s  %12s %14s %12s  %s\n", "config", "requests", "failed", "connect ms", "first byte ms", "complete ms", "winners")
	for _, config := range order {
		s := sums[config]
		n := float64(s.n - s.failed)
		if n == 0 {
			fmt.Fprintf(w, "%-8s %8d %8d\n", config, s.n, s.failed)
			continue
		}
		fmt.Fprintf(w, "%-8s %8d %8d  %12.1f %14.1f %12.1f  %s\n", config, s.n, s.failed,
			s.connect/n, s.first/n, s.total/n, tally(s.winners))
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
