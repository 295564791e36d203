package plan

import p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

// Stage is a part of what a switch has to hold, with the tables that it is all of.
type Stage struct {
	Name      string
	Tables    []uint32
	Multicast bool
	Entities  []*p4v1.Entity
}
