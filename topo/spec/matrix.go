package spec

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// maxRoundTripMS bounds a cell: one hour.
const maxRoundTripMS = 3_600_000

// ParseMatrix reads a round-trip table as CSV: a head line "from,<site>,…", then one row per site with
// milliseconds; an empty cell is unknown. Rows need not stand in the order of the columns.
func ParseMatrix(r io.Reader) (map[string]map[string]float64, error) {
	in := csv.NewReader(r)
	in.Comment = '#'
	in.TrimLeadingSpace = true
	head, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the table is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("head line: %w", err)
	}
	matrix := make(map[string]map[string]float64)
	columns := make(map[string]bool)
	for _, name := range head[1:] {
		if columns[name] || name == "" {
			return nil, fmt.Errorf("head line: column %q is empty or there twice", name)
		}
		columns[name] = true
	}
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return matrix, nil
		}
		if err != nil {
			return nil, err
		}
		line, _ := in.FieldPos(0)
		if matrix[row[0]] != nil || row[0] == "" {
			return nil, fmt.Errorf("line %d: row %q is empty or there twice", line, row[0])
		}
		cells := make(map[string]float64)
		for i, text := range row[1:] {
			if strings.TrimSpace(text) == "" {
				continue
			}
			ms, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || math.IsNaN(ms) || ms < 0 || ms > maxRoundTripMS {
				return nil, fmt.Errorf("line %d, column %s: %q is no number of milliseconds from 0 to %d", line, head[i+1], text, maxRoundTripMS)
			}
			cells[head[i+1]] = ms
		}
		matrix[row[0]] = cells
	}
}

// cell returns the round trip from one site to another, else that of the other direction, else 0 for a
// site's own.
func cell(ms map[string]map[string]float64, from, to string) (float64, bool) {
	if v, ok := ms[from][to]; ok {
		return v, true
	}
	if v, ok := ms[to][from]; ok {
		return v, true
	}
	return 0, from == to
}

// Delay returns the one-way delay between two sites of a resolved topology: half of the round-trip
// cell with the row of the sender.
func (t *Topology) Delay(from, to string) time.Duration {
	return milliseconds(t.RoundTrips.MS[from][to] / 2)
}

// RoundTrip returns what a packet from one site to another and its answer take together: half of either
// direction's cell.
func (t *Topology) RoundTrip(a, b string) time.Duration { return t.Delay(a, b) + t.Delay(b, a) }

func milliseconds(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// fillMatrix makes the matrix hold every ordered pair of sites and nothing else.
func (t *Topology) fillMatrix(r *report, open Open) {
	given := t.RoundTrips.MS
	known := make(map[string]bool)
	for _, s := range t.Sites {
		known[s.Name] = true
	}
	for from, row := range given {
		for to := range row {
			if !known[from] || !known[to] {
				r.add(key(key("round_trips.ms", from), to), "names no site of the topology")
			}
		}
	}
	var table map[string]map[string]float64
	if name := t.RoundTrips.File; name != "" {
		if open == nil {
			r.add("round_trips.file", "no files can be read here")
			return
		}
		data, err := open(name)
		if err == nil {
			table, err = ParseMatrix(strings.NewReader(string(data)))
		}
		if err != nil {
			r.add("round_trips.file", "%s: %v", name, err)
			return
		}
	}
	full := make(map[string]map[string]float64)
	for i, from := range t.Sites {
		full[from.Name] = make(map[string]float64)
		for j, to := range t.Sites {
			v, ok := cell(given, from.Name, to.Name)
			if _, inline := given[from.Name][to.Name]; !inline && table != nil {
				if _, other := given[to.Name][from.Name]; !other {
					v, ok = cell(table, from.Name, to.Name)
				}
			}
			if !ok && i < j {
				r.add("round_trips", "no round trip from %s to %s, nor back", from.Name, to.Name)
			}
			full[from.Name][to.Name] = v
		}
	}
	t.RoundTrips = RoundTrips{MS: full}
}
