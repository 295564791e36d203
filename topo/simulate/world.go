package simulate

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"github.com/firstack/firstack/topo/spec"
)

// World is sites and the delays between them.
type World struct {
	Sites []string // sorted

	cells [][]time.Duration // round trips, row to column
	far   [][]float64       // kilometres; nil when a site's place is not known
}

// Local is the round trip within a site when the table says 0: no path takes no time.
const Local = 500 * time.Microsecond

// Regions is the world of the embedded table of ten cloud regions.
func Regions() (*World, error) {
	data, err := spec.OpenEmbedded(spec.RegionsFile)
	if err != nil {
		return nil, err
	}
	return ReadWorld(spec.RegionsFile, bytes.NewReader(data))
}

// ReadWorld reads a round-trip table as CSV (spec.ParseMatrix). The name is that of the file, for errors.
func ReadWorld(name string, r io.Reader) (*World, error) {
	matrix, err := spec.ParseMatrix(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	seen := map[string]bool{}
	for from, row := range matrix {
		seen[from] = true
		for to := range row {
			seen[to] = true
		}
	}
	w := &World{}
	for site := range seen {
		w.Sites = append(w.Sites, site)
	}
	slices.Sort(w.Sites)
	for i, from := range w.Sites {
		row := make([]time.Duration, len(w.Sites))
		for j, to := range w.Sites {
			ms, ok := matrix[from][to]
			if !ok {
				ms, ok = matrix[to][from]
			}
			if !ok && i != j {
				return nil, fmt.Errorf("%s: no round trip from %s to %s, nor back", name, from, to)
			}
			row[j] = time.Duration(ms * float64(time.Millisecond))
			if i == j {
				row[j] = max(row[j], Local)
			}
		}
		w.cells = append(w.cells, row)
	}
	w.far = distances(w.Sites)
	return w, nil
}

// Site returns a site's index, or -1.
func (w *World) Site(name string) int { return slices.Index(w.Sites, name) }

// RoundTrip is what a client at one site measures to another: the cell in the client's row.
func (w *World) RoundTrip(client, to int) time.Duration { return w.cells[client][to] }

// OneWay is half of the cell in the sender's row.
func (w *World) OneWay(from, to int) time.Duration { return w.cells[from][to] / 2 }

// Discovery is the delay of a SYN-ACK whose SYN went by way of the server: client, server gateway, replica, client.
func (w *World) Discovery(client, server, replica int) time.Duration {
	return w.OneWay(client, server) + w.OneWay(server, replica) + w.OneWay(replica, client)
}

// distance orders sites as seen from one by geography, in kilometres; without places by round trips.
func (w *World) distance(from, to int) float64 {
	if w.far == nil {
		return float64(w.cells[from][to])
	}
	return w.far[from][to]
}

// places are latitude and longitude, in degrees, of the cities of the embedded table.
var places = map[string][2]float64{
	"Dallas": {32.78, -96.80}, "Toronto": {43.65, -79.38}, "Washington DC": {38.91, -77.04}, "Frankfurt": {50.11, 8.68},
	"London": {51.51, -0.13}, "Madrid": {40.42, -3.70}, "Osaka": {34.69, 135.50}, "Sydney": {-33.87, 151.21},
	"Tokyo": {35.68, 139.69}, "Sao Paulo": {-23.55, -46.63},
}

// distances are great circles between sites; nil when the place of one of them is not known.
func distances(sites []string) [][]float64 {
	const radius = 6371
	radians := func(deg float64) float64 { return deg * math.Pi / 180 }
	table := make([][]float64, len(sites))
	for i, a := range sites {
		for _, b := range sites {
			p, ok := places[a]
			q, ok2 := places[b]
			if !ok || !ok2 {
				return nil
			}
			// Haversine formula.
			h := func(d float64) float64 { return math.Pow(math.Sin(d/2), 2) }
			s := h(radians(q[0]-p[0])) + math.Cos(radians(p[0]))*math.Cos(radians(q[0]))*h(radians(q[1]-p[1]))
			table[i] = append(table[i], 2*radius*math.Asin(math.Sqrt(s)))
		}
	}
	return table
}
