package bench

import (
	"syscall"
	"testing"
	"time"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
)

// BenchmarkClientGatewayTranslated is the path of an open connection, form A, from the client: parse, translation,
// slot, verdict, rewrite with both checksums, route, next hop. One op is one packet.
func BenchmarkClientGatewayTranslated(b *testing.B) {
	replay(b, "client_translated.yaml", "a_both_ways", "verdicts/out_translated")
}

// BenchmarkClientGateway is what else a client gateway does to a packet. One op is one packet.
func BenchmarkClientGateway(b *testing.B) {
	for _, c := range []struct{ name, file, vector, decision string }{
		{"A/in", "client_translated.yaml", "a_both_ways", "verdicts/in_translated"},
		{"C/out", "client_translated.yaml", "c_both_ways", "verdicts/out_translated"},
		{"C/in", "client_translated.yaml", "c_both_ways", "verdicts/in_translated"},
		{"A/out from the slot", "client_young.yaml", "data_in_a", "verdicts/out_slot"},
		{"A/in from the slot", "client_young.yaml", "data_in_a", "verdicts/in_slot"},
		{"C/out from the slot", "client_young.yaml", "data_in_c", "verdicts/out_slot"},
		{"C/in from the slot", "client_young.yaml", "data_in_c", "verdicts/in_slot"},
		{"SYN tagged", "client_syn.yaml", "syn_is_tagged", "verdicts/tag_first"},
		{"late answer reset", "client_answer.yaml", "late_answer_a", "verdicts/answer_late"},
		{"plain", "client_translated.yaml", "other_connections_are_untouched", "verdicts/plain_out"},
	} {
		b.Run(c.name, func(b *testing.B) { replay(b, c.file, c.vector, c.decision) })
	}
}

// BenchmarkServerGateway is a server gateway's work. One op is one packet that comes in.
func BenchmarkServerGateway(b *testing.B) {
	b.Run("SYN to three replicas", func(b *testing.B) {
		replay(b, "server_syn.yaml", "standby_leaves_the_origin_out", "decisions/race_first")
	})
	b.Run("data to the server", func(b *testing.B) {
		replay(b, "server_syn.yaml", "everything_else_of_a_connection", "decisions/serve_data")
	})
}

// BenchmarkReplicaGateway is a replica gateway's work. One op is one packet.
func BenchmarkReplicaGateway(b *testing.B) {
	for _, c := range []struct{ name, vector, decision string }{
		{"SYN cracked", "crack_in_a", "decisions/crack_syn"},
		{"A/answer", "answer_a", "decisions/answer_a"},
		{"B/answer", "answer_b", "decisions/answer_b"},
		{"B/data", "data_b", "decisions/data_b"},
		{"C/answer", "answer_c", "decisions/answer_c"},
		{"C/data in", "data_c", "decisions/crack_data"},
		{"C/data out", "data_c", "decisions/data_c"},
	} {
		b.Run(c.name, func(b *testing.B) { replay(b, "replica.yaml", c.vector, c.decision) })
	}
}

// replay gives a switch the packet of a vector on which it decides so, again and again, after the steps before it.
// What comes out must be what the vector says, in number and length, as long as it lasts.
func replay(b *testing.B, file, name, decision string) {
	v := named(b, file, name)
	r := newRig(b, p4src.Program(v.Program))
	r.install(b, v.Entries)
	s := advance(b, r, v, decision)
	out := r.ports[s.Out[0].Port]
	port, frame := s.In.Port, s.In.Bytes
	r.sw.Receive(port, frame) // memory that is kept
	out.frames = 0
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	before := processorTime()
	b.ResetTimer()
	for range b.N {
		r.sw.Receive(port, frame)
	}
	b.StopTimer()
	// By processor time, as the machine may be busy with something else.
	b.ReportMetric(float64(b.N)/(processorTime()-before).Seconds(), "packets/core-s")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
	last := s.Out[len(s.Out)-1].Bytes
	if out.frames != b.N*len(s.Out) || out.last != len(last) {
		b.Errorf("%d frames of %d bytes came out, want %d of %d", out.frames, out.last, b.N*len(s.Out), len(last))
	}
}

// advance takes the steps before the decision and returns the step that shows it.
func advance(b *testing.B, r *rig, v *vector.Vector, decision string) *vector.Step {
	b.Helper()
	for _, s := range v.Steps {
		if s.Counters[decision] > 0 && len(s.Out) > 0 {
			return s
		}
		if s.In != nil {
			r.sw.Receive(s.In.Port, s.In.Bytes)
		}
	}
	b.Fatalf("%s: no packet on which the switch decides %s", v.Where, decision)
	return nil
}

// processorTime is what this process has used of all processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
