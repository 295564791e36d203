package state

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Collector turns a Source's answers into metrics as they are asked for. Labels are names from the configuration:
// never the addresses of clients.
type Collector struct{ source Source }

// NewCollector makes a collector.
func NewCollector(s Source) *Collector { return &Collector{s} }

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("firstack_"+name, help, labels, nil)
}

var (
	descUp         = desc("collect_success", "Whether the last collection of a kind succeeded.", "collector")
	descTook       = desc("collect_duration_seconds", "Time that the last collection of a kind took.", "collector")
	descSession    = desc("p4rt_session_state", "1 for the state that the session with a switch is in.", "switch", "state")
	descSettled    = desc("switch_settled", "Whether the tables of a switch hold what they should.", "switch")
	descConnects   = desc("p4rt_connects_total", "Streams opened to a switch.", "switch")
	descPushes     = desc("p4rt_pipeline_pushes_total", "Pipelines pushed to a switch.", "switch")
	descUpdates    = desc("p4rt_updates_total", "Updates sent to a switch.", "switch")
	descFailed     = desc("p4rt_update_errors_total", "Updates that a switch refused.", "switch")
	descExpiry     = desc("p4rt_certificate_expiry_timestamp_seconds", "When the certificate that a switch is shown ends.", "switch")
	descLeader     = desc("switch_leader_info", "1 for the controller that was elected for a switch.", "switch", "leader")
	descLease      = desc("etcd_lease_held", "Whether this controller holds its lease in etcd.")
	descEtcdExpiry = desc("etcd_certificate_expiry_timestamp_seconds", "When the certificate that etcd is shown ends.")
	descDigests    = desc("p4rt_digest_lists_total", "Digest lists received from a switch.", "switch")
	descLost       = desc("p4rt_digest_lists_dropped_total", "Digest lists for which the controller had no room.", "switch")
	descPacketIns  = desc("p4rt_packet_ins_total", "Packets that a switch handed to the controller.", "switch")
	descNoRoom     = desc("p4rt_packet_ins_dropped_total", "Such packets for which the controller had no room.", "switch")
	descPacketOuts = desc("p4rt_packet_outs_total", "Packets that the controller had a switch send.", "switch")
	descWins       = desc("races_total", "Races won by a replica.", "service", "winner")
	descLosses     = desc("late_answers_total", "Answers that came after another had won.", "service", "replica")
	descDelay      = desc("synack_race_seconds", "From a SYN to the answer of a replica, at the client gateways.", "service", "replica")
	descRaced      = desc("service_raced_replicas", "Replicas that SYNs for a service go to.", "service")
	descOrigin     = desc("origin_health", "1 for the state that an origin server is in.", "service", "origin", "state")
	descHealth     = desc("replica_health", "1 for the state that a replica is in.", "service", "replica", "state")
	descRunning    = desc("replica_translations", "Connections that run to a replica.", "service", "replica")
	descSlots      = desc("slots", "Flow slots of a client gateway.", "switch")
	descSlotsUsed  = desc("slots_in_use", "Flow slots that are live, counted every 30 s; none where the switch does not serve its registers.", "switch")
	descUnwritten  = desc("flows_unwritten", "Connections whose translation is not in the tables yet: they run by their slot.", "switch")
	descFlows      = desc("flows", "Connections in a client gateway's memory.", "switch")
	descLearnt     = desc("flows_learnt_total", "Claims that made or changed a translation.", "switch")
	descAdopted    = desc("flows_adopted_total", "Translations taken over from a switch that had them already.", "switch")
	descRetired    = desc("flows_retired_total", "Translations given up.", "switch", "reason")
	descFull       = desc("flows_full_total", "Claims that found no room.", "switch")
	descStale      = desc("flow_events_stale_total", "Digests that told nothing new.", "switch")
	descReused     = desc("flows_reused_total", "SYNs that met the translation of an older connection.", "switch")
	descRepaired   = desc("flows_repaired_total", "Translations that had to be written again.", "switch")
	descDecision   = desc("decisions_packets_total", "Packets by what a switch decided about them.", "switch", "decision")
	descBytes      = desc("decisions_bytes_total", "Bytes of those packets.", "switch", "decision")
)

// Describe sends nothing: what there is depends on the configuration.
func (c *Collector) Describe(chan<- *prometheus.Desc) {}

// scrapeWithin is less than Prometheus's own default of 10 s.
const scrapeWithin = 8 * time.Second

// Collect asks the source.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	for _, part := range []struct {
		name    string
		collect func(context.Context, chan<- prometheus.Metric) error
	}{
		{"sessions", c.sessions}, {"cluster", c.cluster}, {"services", c.services}, {"replicas", c.replicas}, {"learning", c.learning}, {"steering", c.steering}, {"ports", c.ports}, {"counters", c.counters},
	} {
		began := time.Now()
		err := part.collect(ctx, out)
		gauge(out, descUp, flag(err == nil), part.name)
		gauge(out, descTook, time.Since(began).Seconds(), part.name)
	}
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func counter(out chan<- prometheus.Metric, d *prometheus.Desc, v uint64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), labels...)
}

func flag(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// SessionStates are the states that a session can be in.
var SessionStates = []string{"disconnected", "connecting", "backup", "preparing", "primary"}

// HealthStates are the states that a replica can be in.
var HealthStates = []string{"active", "busy", "dead"}

func (c *Collector) sessions(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Sessions(ctx)
	for _, s := range list {
		for _, state := range SessionStates {
			gauge(out, descSession, flag(s.State == state), s.Switch, state)
		}
		gauge(out, descSettled, flag(s.Settled), s.Switch)
		if s.Leader != "" {
			gauge(out, descLeader, 1, s.Switch, s.Leader)
		}
		counter(out, descConnects, s.Stats.Connects, s.Switch)
		counter(out, descPushes, s.Stats.PipelinePushes, s.Switch)
		counter(out, descUpdates, s.Stats.Updates, s.Switch)
		counter(out, descFailed, s.Stats.UpdatesFailed, s.Switch)
		if !s.CertificateExpires.IsZero() {
			gauge(out, descExpiry, float64(s.CertificateExpires.Unix()), s.Switch)
		}
		counter(out, descDigests, s.Stats.DigestLists, s.Switch)
		counter(out, descLost, s.Stats.DigestsDropped, s.Switch)
		counter(out, descPacketIns, s.Stats.Packets, s.Switch)
		counter(out, descNoRoom, s.Stats.PacketsDropped, s.Switch)
		counter(out, descPacketOuts, s.Stats.PacketOuts, s.Switch)
	}
	return err
}

func (c *Collector) cluster(ctx context.Context, out chan<- prometheus.Metric) error {
	k, err := c.source.Cluster(ctx)
	if k == nil || err != nil {
		return err
	}
	gauge(out, descLease, flag(k.Leased))
	if !k.CertificateExpires.IsZero() {
		gauge(out, descEtcdExpiry, float64(k.CertificateExpires.Unix()))
	}
	return nil
}

func (c *Collector) services(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Services(ctx)
	for _, s := range list {
		gauge(out, descRaced, float64(len(s.Raced)), s.Name)
		for _, o := range s.Origins {
			for _, state := range HealthStates {
				gauge(out, descOrigin, flag(o.Health == state), s.Name, o.Name, state)
			}
		}
	}
	return err
}

func (c *Collector) replicas(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Replicas(ctx)
	for _, r := range list {
		for _, state := range HealthStates {
			gauge(out, descHealth, flag(r.Health == state), r.Service, r.Name, state)
		}
		counter(out, descWins, r.Wins, r.Service, r.Name)
		counter(out, descLosses, r.Losses, r.Service, r.Name)
		gauge(out, descRunning, float64(r.Translations), r.Service, r.Name)
		buckets := make(map[float64]uint64, len(r.Delay.Buckets))
		for _, b := range r.Delay.Buckets {
			buckets[b.Bound] = b.Count
		}
		out <- prometheus.MustNewConstHistogram(descDelay, r.Delay.Count, r.Delay.Sum, buckets, r.Service, r.Name)
	}
	return err
}

func (c *Collector) learning(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Learning(ctx)
	for _, l := range list {
		gauge(out, descFlows, float64(l.Flows), l.Switch)
		gauge(out, descUnwritten, float64(l.Unwritten), l.Switch)
		gauge(out, descSlots, float64(l.Slots.Capacity), l.Switch)
		if !l.Slots.Counted.IsZero() {
			gauge(out, descSlotsUsed, float64(l.Slots.InUse), l.Switch)
		}
		counter(out, descLearnt, l.Learnt, l.Switch)
		counter(out, descAdopted, l.Adopted, l.Switch)
		counter(out, descFull, l.Full, l.Switch)
		counter(out, descStale, l.Stale, l.Switch)
		counter(out, descReused, l.Reused, l.Switch)
		counter(out, descRepaired, l.Repaired, l.Switch)
		for reason, n := range l.Retired {
			counter(out, descRetired, n, l.Switch, reason)
		}
	}
	return err
}

func (c *Collector) counters(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Counters(ctx)
	for _, n := range list {
		counter(out, descDecision, uint64(n.Packets), n.Switch, n.Decision)
		counter(out, descBytes, uint64(n.Bytes), n.Switch, n.Decision)
	}
	return err
}
