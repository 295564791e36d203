package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// report writes the figures and their picture.
func (b *bench) report(out string, rounds int, note string) error {
	picture := strings.TrimSuffix(out, filepath.Ext(out)) + ".svg"
	var t bytes.Buffer
	fmt.Fprintf(&t, "# Targets side by side\n\nMade by `sudo make bench-targets` on %s: medians of %d rounds in one run, each "+
		"device in each round. Look at ratios: generator and receiver share the machine. A loop in the idle scheduling class "+
		"keeps each processor from being taken away while nothing else runs.\n\n%s\n",
		time.Now().UTC().Format("2006-01-02"), rounds, machine())
	if note != "" {
		fmt.Fprintf(&t, "\n%s\n", note)
	}
	for _, l := range b.left {
		fmt.Fprintf(&t, "\n**Not measured:** %s.\n", l)
	}
	fmt.Fprintf(&t, "\n![packets per second](%s)\n", filepath.Base(picture))
	b.packetTable(&t)
	b.insertTable(&t)
	b.learningTable(&t)
	b.pathTable(&t)
	if err := os.WriteFile(picture, b.picture(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(out, t.Bytes(), 0o644)
}

func (b *bench) packetTable(t *bytes.Buffer) {
	fmt.Fprintf(t, `
## Packets
The client gateway's translated path, form A: %d connections in turn, 64-byte frames, one way, over veth. *Packets/s* is
the highest rate of which less than %.1f %% is lost, searched in trials of %v. *Delay* and *CPU* at %d packets/s; delay is
from the generator's clock to the receiver's, so the relay's is what the machine itself adds. *Relay, simple* copies
frames with recv and send, *relay, ring* with firstack-switch's means: a ring shared with the kernel, and sendmmsg.

| device | packets/s | of relay, simple | delay, median | delay, p99 | CPU per packet | CPU per packet at full rate |
|---|---:|---:|---:|---:|---:|---:|
`, flows, maxLoss*100, trialTime, commonRate)
	relay := 0.0
	for _, m := range b.results {
		if m.name == "relay, simple" {
			relay = median(m.rates)
		}
	}
	for _, m := range b.results {
		fmt.Fprintf(t, "| %s | %s | %s | %s | %s | %s | %s |\n", m.name, count(median(m.rates)), percent(median(m.rates), relay),
			micro(median(m.median)), micro(median(m.p99)), micro(median(m.idle)), micro(median(m.busy)))
	}
	if own, other := b.results[0], b.result("simple_switch_grpc"); other != nil {
		fmt.Fprintf(t, "\nfirstack-switch moves **%.1f times** the packets of simple_switch_grpc; its delay's p99 is %.2f times BMv2's.\n",
			median(own.rates)/median(other.rates), median(own.p99)/median(other.p99))
	}
}

func (b *bench) insertTable(t *bytes.Buffer) {
	t.WriteString("\n## P4Runtime inserts\nEntries a second into the client gateway's `outbound` table (four exact keys), one request after the other, " +
		"the same Go client over loopback TCP, by entries in a request.\n\n| device |")
	for _, size := range batches {
		fmt.Fprintf(t, " %d |", size)
	}
	t.WriteString("\n|---|" + strings.Repeat("---:|", len(batches)) + "\n")
	for _, m := range b.results {
		if !m.p4 {
			continue
		}
		fmt.Fprintf(t, "| %s |", m.name)
		for _, size := range batches {
			fmt.Fprintf(t, " %s |", count(median(m.inserts[size])))
		}
		t.WriteString("\n")
	}
	if own, other := b.results[0], b.result("simple_switch_grpc"); other != nil {
		t.WriteString("| ratio |")
		for _, size := range batches {
			fmt.Fprintf(t, " %.1f |", median(own.inserts[size])/median(other.inserts[size]))
		}
		t.WriteString("\n")
	}
}

func (b *bench) learningTable(t *bytes.Buffer) {
	fmt.Fprintf(t, `
## Connections learned end to end
Handshakes through the client gateway with a controller (`+"`firstack run`"+`) beside it: SYN, SYN-ACK of a replica, ACK; the
winner's digest goes to the controller over P4Runtime, and two translation entries come back. The highest rate, searched in
trials of %v, of which at least %.1f %% are learned although nobody sends anything twice; the entries are counted in the switch.

| device | connections/s |
|---|---:|
`, learnTime, (1-maxLoss)*100)
	for _, m := range b.results {
		if m.p4 {
			fmt.Fprintf(t, "| %s | %s |\n", m.name, count(median(m.learned)))
		}
	}
}

func (b *bench) pathTable(t *bytes.Buffer) {
	fmt.Fprintf(t, `
## What one would take instead
A client, one box, a server: %d connections one after the other, each sending a byte and waiting for one back, then one
that transfers for %v. Hosts keep their offloads, but for BMv2, which needs them off. A proxy answers a client's SYN by
itself, so look at the first byte: it comes from the server everywhere. Through the switches connections are translated
to a replica's address; a proxy that chooses among replicas does more than here.

| through | connect, median | connect, p99 | first byte, median | one connection |
|---|---:|---:|---:|---:|
`, connects, transferTime)
	for _, m := range b.pathResults {
		fmt.Fprintf(t, "| %s | %s | %s | %s | %.2f Gbit/s |\n", m.name, micro(median(m.connectMedian)), micro(median(m.connectP99)),
			micro(median(m.firstByte)), median(m.speed)/1e9)
	}
}

func (b *bench) result(name string) *measured {
	for _, m := range b.results {
		if m.name == name {
			return m
		}
	}
	return nil
}

// median of what was measured, 0 for nothing.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func micro(seconds float64) string { return fmt.Sprintf("%.1f µs", seconds*1e6) }

func percent(part, whole float64) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f %%", part/whole*100)
}

// count gives a number with commas between thousands.
func count(n float64) string {
	s := strconv.FormatInt(int64(n), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func machine() string {
	model := "unknown processor"
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, _ := exec.Command("uname", "-sr").Output()
	cores, _ := exec.Command("nproc").Output()
	load, _ := os.ReadFile("/proc/loadavg")
	return fmt.Sprintf("Machine: %s, %s cores, %s; load average at the end %s.", model, strings.TrimSpace(string(cores)),
		strings.TrimSpace(string(kernel)), strings.Join(strings.Fields(string(load))[:1], ""))
}
