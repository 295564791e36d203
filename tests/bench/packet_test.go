package bench

import (
	"testing"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
)

// BenchmarkClientGatewayTranslated is the path of an open connection, form A, from the client: parse, translation,
// slot, verdict, rewrite with both checksums, route, next hop. One op is one packet.
func BenchmarkClientGatewayTranslated(b *testing.B) {
	replay(b, "client_translated.yaml", "a_both_ways", 0)
}

// BenchmarkClientGateway is what else a client gateway does to a packet. One op is one packet.
func BenchmarkClientGateway(b *testing.B) {
	for _, c := range []struct {
		name, file, vector string
		step               int
	}{
		{"A/in", "client_translated.yaml", "a_both_ways", 1},
		{"C/out", "client_translated.yaml", "c_both_ways", 0},
		{"C/in", "client_translated.yaml", "c_both_ways", 1},
		{"slot/A/out", "client_young.yaml", "data_in_a", 2},
		{"slot/A/in", "client_young.yaml", "data_in_a", 4},
		{"slot/C/out", "client_young.yaml", "data_in_c", 2},
		{"slot/C/in", "client_young.yaml", "data_in_c", 4},
		{"SYN/tagged", "client_syn.yaml", "syn_is_tagged", 0},
		{"SYN/plain", "client_syn.yaml", "syn_to_other_port_is_plain", 0},
		{"late answer/reset", "client_answer.yaml", "late_a", 2},
		{"plain", "client_young.yaml", "data_before_an_answer", 1},
	} {
		b.Run(c.name, func(b *testing.B) { replay(b, c.file, c.vector, c.step) })
	}
}

// BenchmarkServerGateway is a server gateway's work. One op is one packet that comes in.
func BenchmarkServerGateway(b *testing.B) {
	b.Run("SYN to three replicas", func(b *testing.B) {
		replay(b, "server_syn.yaml", "standby_leaves_the_origin_out", 0)
	})
	b.Run("data to the server", func(b *testing.B) {
		replay(b, "server_syn.yaml", "everything_else_of_a_connection", 0)
	})
}

// BenchmarkReplicaGateway is a replica gateway's work. One op is one packet.
func BenchmarkReplicaGateway(b *testing.B) {
	for _, c := range []struct {
		name, vector string
		step         int
	}{
		{"crack SYN", "crack_in_a", 0},
		{"A/answer", "answer_a", 0},
		{"B/answer", "answer_b", 0},
		{"B/data", "data_b", 1},
		{"C/answer", "answer_c", 0},
		{"C/data in", "data_c", 0},
		{"C/data out", "data_c", 1},
	} {
		b.Run(c.name, func(b *testing.B) { replay(b, "replica.yaml", c.vector, c.step) })
	}
}

// replay gives a switch one step's packet of a vector again and again, after the steps before it. What comes
// out must be what the vector says, in number and length, as long as it lasts.
func replay(b *testing.B, file, name string, step int) {
	v := named(b, file, name)
	r := newRig(b, p4src.Program(v.Program))
	r.install(b, v.Entries)
	for _, s := range v.Steps[:step] {
		feed(r, s)
	}
	s := v.Steps[step]
	if s.In == nil || len(s.Out) == 0 {
		b.Fatalf("%s: step %d gives nothing in or out", v.Where, step)
	}
	out := r.ports[s.Out[0].Port]
	port, frame := s.In.Port, s.In.Bytes
	r.sw.Receive(port, frame) // warm
	out.frames = 0
	b.SetBytes(int64(len(frame)))
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		r.sw.Receive(port, frame)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
	if out.frames != b.N*len(s.Out) || out.last != len(s.Out[len(s.Out)-1].Bytes) {
		b.Errorf("%d frames of %d bytes came out, want %d of %d", out.frames, out.last, b.N*len(s.Out), len(s.Out[len(s.Out)-1].Bytes))
	}
}

func feed(r *rig, s *vector.Step) {
	if s.In != nil {
		r.sw.Receive(s.In.Port, s.In.Bytes)
	}
}
