package main

import (
	"fmt"
	"io"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// result holds all runs of one benchmark: values by unit.
type result struct {
	name   string
	values map[string][]float64
}

// parse reads what `go test -bench` prints: name, iterations, then pairs of value and unit.
func parse(text string) []result {
	var list []result
	for _, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 { // the number of processors
			name = name[:i]
		}
		i := slices.IndexFunc(list, func(r result) bool { return r.name == name })
		if i < 0 {
			list = append(list, result{name: name, values: map[string][]float64{}})
			i = len(list) - 1
		}
		for j := 2; j+1 < len(fields); j += 2 {
			if v, err := strconv.ParseFloat(fields[j], 64); err == nil {
				list[i].values[fields[j+1]] = append(list[i].values[fields[j+1]], v)
			}
		}
	}
	return list
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	return s[len(s)/2]
}

func writeTable(w io.Writer, results []result) {
	seen := map[string]bool{}
	var units []string
	for _, r := range results {
		for u := range r.values {
			if !seen[u] {
				seen[u] = true
				units = append(units, u)
			}
		}
	}
	sort.Strings(units)
	fmt.Fprintf(w, "| benchmark | %s |\n|---|%s\n", strings.Join(units, " | "), strings.Repeat("---:|", len(units)))
	for _, r := range results {
		fmt.Fprintf(w, "| %s |", r.name)
		for _, u := range units {
			if v := r.values[u]; len(v) > 0 {
				fmt.Fprintf(w, " %s |", number(median(v)))
			} else {
				fmt.Fprint(w, " |")
			}
		}
		fmt.Fprintln(w)
	}
}

// number: whole above 100, with thousands apart; three digits below.
func number(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	s := strconv.FormatFloat(v, 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
