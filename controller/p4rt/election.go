package p4rt

import (
	"cmp"
	"fmt"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
)

// ElectionID is the 128-bit number by which controllers contend for a switch: the highest ever seen is primary
// (section "Client Arbitration and Controller Replication"). The zero value stands for an unset id, with which a
// controller only ever is a backup.
type ElectionID struct{ High, Low uint64 }

// Compare orders election ids.
func (e ElectionID) Compare(o ElectionID) int {
	return cmp.Or(cmp.Compare(e.High, o.High), cmp.Compare(e.Low, o.Low))
}

// Next is the id one higher. It wraps at the end of 128 bits, which no election reaches.
func (e ElectionID) Next() ElectionID {
	e.Low++
	if e.Low == 0 {
		e.High++
	}
	return e
}

// String has the form of p4runtime-shell: high,low.
func (e ElectionID) String() string { return fmt.Sprintf("%d,%d", e.High, e.Low) }

func (e ElectionID) message() *p4v1.Uint128 {
	if e == (ElectionID{}) {
		return nil
	}
	return &p4v1.Uint128{High: e.High, Low: e.Low}
}

func electionOf(m *p4v1.Uint128) ElectionID {
	return ElectionID{High: m.GetHigh(), Low: m.GetLow()}
}

// standing is what the switch says about us.
type standing int

const (
	standsPrimary standing = iota
	standsBackup           // somebody else is primary
	standsVacant           // nobody is
)

// judge reads an arbitration update (section "Client Arbitration Notifications").
func judge(m *p4v1.MasterArbitrationUpdate, ours ElectionID) standing {
	switch codes.Code(m.GetStatus().GetCode()) {
	case codes.OK:
		if electionOf(m.GetElectionId()).Compare(ours) > 0 {
			return standsBackup // quirkStaleOK
		}
		return standsPrimary
	case codes.NotFound:
		return standsVacant
	}
	return standsBackup
}
