// Package demo runs requests over a network in one process and shows how each race went.
package demo

import (
	"encoding/json"
	"io"
	"math"
)

// Plain is the Config of a request that nothing redirects.
const Plain = "plain"

// Record is one request, as `firstack demo --json` prints it: one object a line.
type Record struct {
	Config      string  `json:"config"` // "A", "B", "C" or "plain"
	Request     int     `json:"request"`
	Client      string  `json:"client"`      // site
	Winner      string  `json:"winner"`      // site; "" when no connection came about
	WinnerRole  string  `json:"winner_role"` // "replica" or "origin"
	ServedBy    string  `json:"served_by"`   // site, as the web server names itself
	Mode        string  `json:"mode"`        // how the first SYN went: "discover", "race", "direct" or "plain"
	SYNCopies   int     `json:"syn_copies"`  // that the client's gateway sent, of all SYNs of the connection
	LimitMS     float64 `json:"limit_ms"`    // round trip to the nearest device that may serve: no handshake is quicker
	ConnectMS   float64 `json:"connect_ms"`
	FirstByteMS float64 `json:"first_byte_ms"` // since the start, connect included
	TotalMS     float64 `json:"total_ms"`
	Bytes       int64   `json:"bytes"`
	SHA256OK    bool    `json:"sha256_ok"`
	Legs        []Leg   `json:"legs"`
	Error       string  `json:"error,omitempty"`
}

// Leg is one device that the SYN was sent to, and its answer.
type Leg struct {
	Site      string  `json:"site"`
	Role      string  `json:"role"`
	ArrivalMS float64 `json:"arrival_ms"` // of its SYN-ACK at the client gateway; -1: none came
	Fate      string  `json:"fate"`       // "won", "late" or "silent"
}

// The fates of a leg.
const (
	FateWon    = "won"
	FateLate   = "late"
	FateSilent = "silent"
)

// WriteJSON writes the record as one line.
func (r Record) WriteJSON(w io.Writer) error {
	if r.Legs == nil {
		r.Legs = []Leg{}
	}
	return json.NewEncoder(w).Encode(r)
}

// milliseconds rounds to a microsecond, so that lines stay readable.
func milliseconds(seconds float64) float64 { return math.Round(seconds*1e6) / 1e3 }
