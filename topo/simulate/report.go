package simulate

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Report is what a run came to.
type Report struct {
	Kind    string // placements or traffic
	Limit   int    // connections of each case that count; placements only
	Slice   float64
	Devices []string
	Changes []string
	Results []*Result
}

// Result is a run under one policy. Milliseconds; shares are of the connections that count.
type Result struct {
	Policy      string `json:"policy"`
	Cases       int64  `json:"cases"` // placements, or 1
	Connections int64  `json:"connections"`

	// NearestShare got the device with the least round trip of all that were alive, NearShare one within 2 ms or 5 %
	// of it, NearestReplicaShare the nearest replica, whether or not the origin is nearer.
	NearestShare        float64 `json:"nearest_share"`
	NearShare           float64 `json:"near_share"`
	NearestReplicaShare float64 `json:"nearest_replica_share"`
	OriginShare         float64 `json:"origin_share"`

	// RTT is the round trip between client and the device it got, Limit that to the nearest.
	RTTMean      float64 `json:"rtt_mean_ms"`
	RTTP50       float64 `json:"rtt_p50_ms"`
	RTTP99       float64 `json:"rtt_p99_ms"`
	LimitMean    float64 `json:"limit_mean_ms"`
	LimitP50     float64 `json:"limit_p50_ms"`
	LimitP99     float64 `json:"limit_p99_ms"`
	RTTOverLimit float64 `json:"rtt_over_limit"`
	// Handshake is from a connection's first SYN to the SYN-ACK.
	HandshakeMean float64 `json:"handshake_mean_ms"`
	HandshakeP50  float64 `json:"handshake_p50_ms"`
	HandshakeP99  float64 `json:"handshake_p99_ms"`

	// SYNCopies is how many SYNs reached origin or replicas for each connection.
	SYNCopies     float64 `json:"syn_copies"`
	Retransmitted float64 `json:"retransmitted_share"`
	Failed        int64   `json:"failed"`

	// Jain is the fairness of the load over origin and replicas, 1 when even; MaxOverMean the highest load over the
	// mean. Load is connections, by capacity where there is one.
	Jain        float64 `json:"jain"`
	MaxOverMean float64 `json:"max_over_mean"`

	FirstHandshake  float64 `json:"first_handshake_mean_ms"`
	SecondHandshake float64 `json:"second_handshake_mean_ms"`

	// Discovered, Raced and Direct are the shares of all connections that began so; of policies that know modes.
	Discovered float64 `json:"discovered_share"`
	Raced      float64 `json:"raced_share"`
	Direct     float64 `json:"direct_share"`

	Devices    []int64    `json:"device_connections,omitempty"` // the origin first; of traffic
	Recoveries []Recovery `json:"recoveries,omitempty"`

	Order []Moment `json:"-"` // by the number of a connection at its gateway
	Time  []Moment `json:"-"` // by time
	RTTs  []Point  `json:"-"` // distribution of RTT, ms
	Best  []Point  `json:"-"` // distribution of the limit, ms
}

// Recovery is how long the choice was wrong after a change, over all gateways.
type Recovery struct {
	// Gateways had connections that were not on a near device, among the first 200 after the change.
	Gateways int `json:"gateways"`
	// Connections is how many there were at a gateway until the last wrong one, that included.
	ConnectionsP50 int     `json:"connections_p50"`
	ConnectionsMax int     `json:"connections_max"`
	SecondsMax     float64 `json:"seconds_max"`
}

// Moment is the mean over connections of one kind; ms.
type Moment struct {
	Connections, Failed                           int64
	Near, Handshake, RTT, Limit, Ratio, SYNCopies float64
}

func newResult(policy string, t *tally, gateways []*gateway) *Result {
	answered := t.connections - t.failed
	share := func(n, of int64) float64 { return ratio(float64(n), float64(of)) }
	r := &Result{
		Policy: policy, Cases: t.cases, Connections: t.connections,
		NearestShare: share(t.nearest, t.connections), NearShare: share(t.near, t.connections),
		NearestReplicaShare: share(t.replica, t.connections), OriginShare: share(t.origin, t.connections),
		SYNCopies: share(t.copies, t.connections), Retransmitted: share(t.again, t.connections), Failed: t.failed,
		Jain: share(t.jain, t.cases*1e6), MaxOverMean: share(t.skew, t.cases*1e6),
	}
	if answered > 0 {
		r.RTTMean, r.RTTP50, r.RTTP99 = t.rtt.mean(), t.rtt.quantile(.5), t.rtt.quantile(.99)
		r.LimitMean, r.LimitP50, r.LimitP99 = t.limit.mean(), t.limit.quantile(.5), t.limit.quantile(.99)
		r.HandshakeMean, r.HandshakeP50, r.HandshakeP99 = t.handshake.mean(), t.handshake.quantile(.5), t.handshake.quantile(.99)
		r.RTTOverLimit = ratio(r.RTTMean, r.LimitMean)
	}
	all := t.discovered + t.raced + t.direct
	r.Discovered, r.Raced, r.Direct = share(t.discovered, all), share(t.raced, all), share(t.direct, all)
	r.Order, r.Time = moments(t.order), moments(t.series)
	if len(r.Order) > 1 {
		r.FirstHandshake, r.SecondHandshake = r.Order[0].Handshake, r.Order[1].Handshake
	}
	r.RTTs, r.Best = t.rtt.curve(), t.limit.curve()
	if gateways != nil {
		r.Devices = t.devices
		r.Recoveries = recoveries(gateways)
	}
	return r
}

// ratio is 0 where there is nothing: JSON has no NaN.
func ratio(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func moments(list []moment) []Moment {
	var out []Moment
	for _, m := range list {
		ok := float64(m.connections - m.failed)
		out = append(out, Moment{
			Connections: m.connections, Failed: m.failed, Near: ratio(float64(m.near), float64(m.connections)),
			Handshake: ratio(float64(m.handshake)/1e6, ok), RTT: ratio(float64(m.rtt)/1e6, ok),
			Limit: ratio(float64(m.limit)/1e6, ok), Ratio: ratio(float64(m.handshake), float64(m.limit)),
			SYNCopies: ratio(float64(m.copies), float64(m.connections)),
		})
	}
	return out
}

func recoveries(gateways []*gateway) []Recovery {
	var out []Recovery
	for i := 0; ; i++ {
		var counts []int32
		var longest time.Duration
		there := false
		for _, g := range gateways {
			if g.change > i {
				there = true
			}
			if i < len(g.tally.recovered) && g.tally.recovered[i].connections > 0 {
				counts = append(counts, g.tally.recovered[i].connections)
				longest = max(longest, g.tally.recovered[i].after)
			}
		}
		if !there {
			return out
		}
		r := Recovery{Gateways: len(counts), SecondsMax: longest.Seconds()}
		if len(counts) > 0 {
			slices.SortFunc(counts, cmp.Compare)
			r.ConnectionsP50, r.ConnectionsMax = int(counts[(len(counts)-1)/2]), int(counts[len(counts)-1])
		}
		out = append(out, r)
	}
}

// describe says what a change is, for people.
func (d *Deployment) describe(c Change) string {
	name := d.Devices[c.Device].Name
	switch c.Kind {
	case Down:
		return fmt.Sprintf("%v: %s dies", c.At, name)
	case Up:
		return fmt.Sprintf("%v: %s is back", c.At, name)
	case Busy:
		return fmt.Sprintf("%v: %s gets busy", c.At, name)
	case Free:
		return fmt.Sprintf("%v: %s is free again", c.At, name)
	}
	return fmt.Sprintf("%v: %s gets %v slower", c.At, name, c.By)
}
