// Package p4src holds firstack's three data planes: their P4_16 sources and, embedded, what p4c made of them.
//
// The artefacts in build/ are committed, so that nobody needs a P4 compiler to run firstack. MANIFEST says
// which compiler made them and holds the SHA-256 of every source and artefact; a test fails when the two
// have drifted apart.
package p4src

import (
	"embed"
	"fmt"
)

//go:embed build/*.json build/*.p4info.txtpb build/MANIFEST
var build embed.FS

// A Program names one of the three data planes.
type Program string

// The programs, one for each role of a gateway (patent FIG. 2, 5, 6; FIG. 3; FIG. 4).
const (
	ClientGateway  Program = "client_gateway"
	ServerGateway  Program = "server_gateway"
	ReplicaGateway Program = "replica_gateway"
)

// Programs lists all programs.
var Programs = []Program{ClientGateway, ServerGateway, ReplicaGateway}

// CPUPort is the switch port of the controller, as the programs compiled for v1model have it.
const CPUPort = 255

// JSON returns the BMv2 configuration that p4c made for v1model.
func (p Program) JSON() []byte { return p.artefact("json") }

// P4Info returns the P4Info in text format.
func (p Program) P4Info() []byte { return p.artefact("p4info.txtpb") }

func (p Program) artefact(kind string) []byte {
	data, err := build.ReadFile(fmt.Sprintf("build/%s.%s", p, kind))
	if err != nil {
		panic(fmt.Sprintf("p4src: %v", err)) // embedded: only an unknown Program comes here
	}
	return data
}
