package spec

import (
	"fmt"
	"slices"
	"strings"
)

// Placement says where client, origin and replicas of a service stand among the ten regions of the
// embedded table.
type Placement struct {
	Client        string
	Origin        string
	Replicas      []string // may name the client's or the origin's region, and none
	Configuration Configuration
	OriginPolicy  OriginPolicy // "" = standby
	Seed          uint64
}

// RegionNames returns the regions of the embedded table, sorted.
func RegionNames() ([]string, error) {
	data, err := OpenEmbedded(RegionsFile)
	if err != nil {
		return nil, err
	}
	matrix, err := ParseMatrix(strings.NewReader(string(data)))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", RegionsFile, err)
	}
	var names []string
	for name := range matrix {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// Regions returns a topology with one service, a client, an origin and replicas placed over the regions
// of the embedded table. Hosts are called client, origin and replica-<region>, gateways cg, sg and
// rg-<region>, with the region in lower case and dashes.
func Regions(p Placement) (*Topology, error) {
	t := &Topology{
		Name: "regions", Seed: p.Seed,
		RoundTrips: RoundTrips{File: RegionsFile},
		Gateways: []Gateway{
			{Name: "cg", Role: ClientGateway, Site: p.Client},
			{Name: "sg", Role: ServerGateway, Site: p.Origin},
		},
		Hosts: []Host{
			{Name: "client", Role: Client, Gateway: "cg"},
			{Name: "origin", Role: Origin, Gateway: "sg"},
			{Name: "operations", Role: Management, Gateway: "sg"},
		},
	}
	service := Service{Name: "web", OriginPolicy: p.OriginPolicy, Origins: []ServiceOrigin{{Host: "origin"}}}
	for _, site := range append([]string{p.Client, p.Origin}, p.Replicas...) {
		if t.site(site) == nil {
			t.Sites = append(t.Sites, Site{Name: site})
		}
	}
	for _, site := range p.Replicas {
		slug := strings.ReplaceAll(strings.ToLower(site), " ", "-")
		t.Gateways = append(t.Gateways, Gateway{Name: "rg-" + slug, Role: ReplicaGateway, Site: site})
		t.Hosts = append(t.Hosts, Host{Name: "replica-" + slug, Role: Replica, Gateway: "rg-" + slug})
		service.Replicas = append(service.Replicas, ServiceReplica{Host: "replica-" + slug, Configuration: p.Configuration})
	}
	t.Services = []Service{service}
	if err := t.Resolve(OpenEmbedded); err != nil {
		return nil, fmt.Errorf("place over regions: %w", err)
	}
	return t, nil
}
