package state

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	descFollowed   = desc("gnmi_connected", "Whether the ports of a switch are followed over gNMI.", "switch")
	descPortUp     = desc("port_up", "Whether a port counts as up, as its switch tells over gNMI.", "switch", "port", "name")
	descPortOn     = desc("port_enabled", "Whether a port is enabled.", "switch", "port", "name")
	descPortChange = desc("port_last_change_timestamp_seconds", "When a port last came up or went down, as far as was seen.", "switch", "port", "name")
	descPortBytes  = desc("port_bytes_total", "Bytes that a port received (in) and sent (out).", "switch", "port", "name", "direction")
	descPortFrames = desc("port_packets_total", "Frames that a port received (in) and sent (out).", "switch", "port", "name", "direction")
	descPortDrops  = desc("port_discards_total", "Frames that a port discarded.", "switch", "port", "name", "direction")
	descPortErrors = desc("port_errors_total", "Frames that a port had errors with.", "switch", "port", "name", "direction")
)

func (c *Collector) ports(ctx context.Context, out chan<- prometheus.Metric) error {
	list, err := c.source.Ports(ctx)
	for _, s := range list {
		gauge(out, descFollowed, flag(s.Connected), s.Switch)
		for i := range s.Ports {
			collectPort(out, s.Switch, &s.Ports[i])
		}
	}
	return err
}

func collectPort(out chan<- prometheus.Metric, of string, p *Port) {
	labels := []string{of, strconv.FormatUint(uint64(p.Port), 10), p.Name}
	gauge(out, descPortUp, flag(p.Up), labels...)
	if p.Admin != "" {
		gauge(out, descPortOn, flag(p.Admin == "UP"), labels...)
	}
	if !p.Changed.IsZero() {
		gauge(out, descPortChange, float64(p.Changed.Unix()), labels...)
	}
	for _, one := range []struct {
		desc    *prometheus.Desc
		in, out uint64
	}{
		{descPortBytes, p.Counters.InOctets, p.Counters.OutOctets},
		{descPortFrames, p.Counters.InPackets, p.Counters.OutPackets},
		{descPortDrops, p.Counters.InDiscards, p.Counters.OutDiscards},
		{descPortErrors, p.Counters.InErrors, p.Counters.OutErrors},
	} {
		counter(out, one.desc, one.in, append(labels[:3:3], "in")...)
		counter(out, one.desc, one.out, append(labels[:3:3], "out")...)
	}
}
