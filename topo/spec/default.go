package spec

import (
	"embed"
	"fmt"
)

// The default topology, and the round trips between ten cloud regions that it takes its figures from:
// means in ms, 21 September to 20 October 2024, as IBM Cloud's VPC documentation published them
// (network-latency page). Row = from, column = to, measured in both directions.
//
//go:embed default.yaml rtt-ibm-cloud-2024-10.csv
var files embed.FS

// RegionsFile is the name of the embedded round-trip table of ten cloud regions; topologies read with
// OpenEmbedded may name it.
const RegionsFile = "rtt-ibm-cloud-2024-10.csv"

// OpenEmbedded reads a file that comes with this package.
func OpenEmbedded(name string) ([]byte, error) { return files.ReadFile(name) }

// DefaultYAML returns the default topology as it is written.
func DefaultYAML() []byte {
	data, err := files.ReadFile("default.yaml")
	if err != nil {
		panic(fmt.Sprintf("embedded file: %v", err)) // cannot happen in a program that was built
	}
	return data
}

// Default returns the default topology: a client in Frankfurt, the origin in Washington DC, replicas in
// London, Tokyo and Sao Paulo.
func Default() (*Topology, error) { return Parse("default.yaml", DefaultYAML(), OpenEmbedded) }
