package main

import (
	"context"
	"encoding/binary"
	"net/netip"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/proto"
)

// batches are the sizes of requests that are measured.
var batches = []int{1, 10, 100, 1000}

const (
	insertTime = time.Second
	maxInserts = 300_000 // of one batch size; the table holds more
)

// inserts measures how many entries a second go into the outbound table, by size of batch. The requests are made
// and encoded before, so that the client is in the way as little as it can.
func (r *running) inserts(ctx context.Context, w *world, p *program) (map[int]float64, error) {
	rates := make(map[int]float64)
	client, err := dialUnary(ctx, w.middle, grpcAddr)
	if err != nil {
		return nil, err
	}
	defer client.close()
	for _, batch := range batches {
		if err := r.session.Load(ctx, p.Program); err != nil { // an empty table
			return nil, err
		}
		done, next := 0, 0
		var took time.Duration
		for took < insertTime && done < maxInserts {
			var requests [][]byte
			for range max(1, 2000/batch) {
				var updates []*p4v1.Update
				for range batch {
					u, err := p.outbound(next)
					if err != nil {
						return nil, err
					}
					updates = append(updates, u)
					next++
				}
				message, err := proto.Marshal(&p4v1.WriteRequest{DeviceId: deviceID, ElectionId: &p4v1.Uint128{Low: 1}, Updates: updates})
				if err != nil {
					return nil, err
				}
				requests = append(requests, message)
			}
			start := time.Now()
			for _, message := range requests {
				if err := client.call(p4v1.P4Runtime_Write_FullMethodName, message); err != nil {
					return nil, err
				}
			}
			took += time.Since(start)
			done += batch * len(requests)
		}
		rates[batch] = float64(done) / took.Seconds()
	}
	return rates, r.load(ctx, p)
}

// outbound makes the n-th client's entry.
func (p *program) outbound(n int) (*p4v1.Update, error) {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], 10<<24|0x800000|uint32(n>>14))
	out, _, err := p.translation(netip.AddrFrom4(b), uint16(n&0x3fff)+1024)
	return out, err
}
