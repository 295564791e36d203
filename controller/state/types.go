package state

import (
	"context"
	"net/netip"
	"time"
)

// Session is a switch as the controller sees it.
type Session struct {
	Switch     string    `json:"switch"`
	Role       string    `json:"role"`
	Address    string    `json:"address"`
	State      string    `json:"state"` // disconnected, connecting, backup, preparing or primary
	Since      time.Time `json:"since"` // when it came into this state
	Primary    bool      `json:"primary"`
	Leader     string    `json:"leader,omitempty"`  // of several controllers the one that was elected for this switch
	Standby    bool      `json:"standby,omitempty"` // that is another, and this one takes over when it is gone
	Settled    bool      `json:"settled"`           // its tables hold what they should
	ElectionID string    `json:"election_id"`       // ours
	Highest    string    `json:"highest_election_id"`
	Cookie     string    `json:"pipeline_cookie"` // hexadecimal
	API        string    `json:"p4runtime_version,omitempty"`
	Error      string    `json:"error,omitempty"` // why it was last lost
	Problems   []string  `json:"problems,omitempty"`
	// CertificateExpires is when the certificate that the switch is shown ends; none in plaintext.
	CertificateExpires time.Time `json:"certificate_expires,omitzero"`
	Stats              Stats     `json:"stats"`
}

// Stats count what a session did since the controller began.
type Stats struct {
	Connects       uint64 `json:"connects"`
	PipelinePushes uint64 `json:"pipeline_pushes"`
	DigestLists    uint64 `json:"digest_lists"`
	DigestsDropped uint64 `json:"digest_lists_dropped"`
	Packets        uint64 `json:"packets"`
	PacketsDropped uint64 `json:"packets_dropped"`
	PacketOuts     uint64 `json:"packet_outs"`
	Updates        uint64 `json:"updates"`
	UpdatesFailed  uint64 `json:"updates_failed"`
}

// Cluster is how one of several controllers stands to the others.
type Cluster struct {
	Name string // of this controller
	// Leased says that it holds its lease in etcd: without one it is primary of no switch.
	Leased bool
	// CertificateExpires is when the certificate that etcd is shown ends; zero in plaintext.
	CertificateExpires time.Time
}

// Service is a service with its race as it is run now.
type Service struct {
	Name         string         `json:"name"`
	Server       netip.AddrPort `json:"server"`
	Gateway      string         `json:"gateway,omitempty"`
	Replicatable bool           `json:"replicatable"`
	OriginPolicy string         `json:"origin_policy"`
	Raced        []string       `json:"raced"`   // replicas that SYNs go to
	Origins      []Server       `json:"origins"` // with what client gateways saw of them
}

// Server is a replica or an origin server.
type Server struct {
	Service       string         `json:"service"`
	Name          string         `json:"name"`
	Address       netip.AddrPort `json:"address"`
	Gateway       string         `json:"gateway,omitempty"`
	Configuration string         `json:"configuration,omitempty"` // A, B or C; none for an origin
	Admin         string         `json:"admin_state,omitempty"`   // up, drain or down
	Health        string         `json:"health"`                  // active, busy or dead
	Since         time.Time      `json:"since,omitzero"`          // when it took that state
	Error         string         `json:"error,omitempty"`         // of the last probe
	// Wins of an origin server are those of the service's own address: nothing is translated then.
	Wins   uint64 `json:"wins"`
	Losses uint64 `json:"losses"`
	Delay  Delay  `json:"delay"` // from the SYN to the answer, at the client gateways
	// Translations is how many connections run there now.
	Translations int `json:"translations"`
}

// Delay sums up delays, in milliseconds; all 0 when nothing was measured.
type Delay struct {
	Mean    float64  `json:"mean_ms"`
	Min     float64  `json:"min_ms"`
	Last    float64  `json:"last_ms"`
	Count   uint64   `json:"count"`
	Sum     float64  `json:"-"` // seconds
	Buckets []Bucket `json:"-"`
}

// Bucket is one of a histogram: how many delays were at most Bound seconds.
type Bucket struct {
	Bound float64
	Count uint64
}

// Translation is a connection that runs to a replica.
type Translation struct {
	Switch  string         `json:"switch"`
	Client  netip.AddrPort `json:"client"`
	Server  netip.AddrPort `json:"server"`
	Replica netip.AddrPort `json:"replica"` // in form C the port is the server's
	Form    string         `json:"form"`
	State   string         `json:"state"` // learning, open, closing or retiring
}

// Translations is a page of them, and how many there are.
type Translations struct {
	Total int           `json:"total"`
	List  []Translation `json:"translations"`
}

// Counter is a decision of a switch and how often it was taken.
type Counter struct {
	Switch   string `json:"switch"`
	Decision string `json:"decision"`
	Packets  int64  `json:"packets"`
	Bytes    int64  `json:"bytes"`
}

// Learning is what a client gateway's memory of connections did since the controller began.
type Learning struct {
	Switch string `json:"switch"`
	Flows  int    `json:"flows"`
	// Unwritten of them run by their slot still: their translation is not in the switch's tables yet.
	Unwritten int               `json:"unwritten"`
	Slots     Slots             `json:"slots"`
	Learnt    uint64            `json:"learnt"`
	Adopted   uint64            `json:"adopted"`
	Full      uint64            `json:"full"`
	Stale     uint64            `json:"stale"`
	Reused    uint64            `json:"reused"`
	Repaired  uint64            `json:"repaired"`
	Retired   map[string]uint64 `json:"retired"` // by reason
}

// Slots tells of a client gateway's flow slots, which connections use until they are translated.
type Slots struct {
	Capacity int64 `json:"capacity"`
	// InUse is how many were live at Counted, every 30 s; both are left out for switches that do not serve their registers
	// over P4Runtime, as BMv2's.
	InUse   int       `json:"in_use"`
	Counted time.Time `json:"counted,omitzero"`
}

// Steering is what a client gateway learned of a service, and how it has connections go out. The shares are parts of 1;
// when all are 0, connections are discovered. Every listed service is there.
type Steering struct {
	Switch      string           `json:"switch"`
	Service     string           `json:"service,omitempty"` // none when the configuration does not list it
	Server      netip.AddrPort   `json:"server"`
	Mode        string           `json:"mode"`              // in force: discover, race or direct
	Nearest     string           `json:"nearest,omitempty"` // name, or address; none while none is measured
	Connections uint64           `json:"connections"`       // answered since the service is known
	Counts      SteeringCounts   `json:"counts"`
	Direct      float64          `json:"direct"`
	Race        float64          `json:"race"`
	Scout       float64          `json:"scout"`    // raced with a discovery beside
	Doubtful    bool             `json:"doubtful"` // all race until races agree
	Replicas    []SteeredReplica `json:"replicas"`
}

// SteeringCounts count connections by how their SYN went out, as answers told, and SYNs without an answer.
type SteeringCounts struct {
	Discovered uint64 `json:"discovered"`
	Raced      uint64 `json:"raced"`
	Direct     uint64 `json:"direct"`
	Unanswered uint64 `json:"unanswered"` // raced or direct, that came a second time
	Overdue    uint64 `json:"overdue"`    // direct, whose replica owed another an answer beyond patience
}

// SteeredReplica is what is known of one replica there.
type SteeredReplica struct {
	Name     string     `json:"name,omitempty"` // none when the configuration does not list it
	Address  netip.Addr `json:"address"`
	Origin   bool       `json:"origin,omitempty"` // the server itself, under the name of its first origin
	Delay    float64    `json:"delay_ms"`         // estimated round trip; 0: not measured
	Age      float64    `json:"age_s"`            // since it was last measured
	Standing string     `json:"standing"`         // shares, measured, unmeasured, suspect, mute or out
	Share    float64    `json:"share"`            // of all connections that goes to it alone
}

// Ports is what a switch tells of its ports over gNMI.
type Ports struct {
	Switch    string    `json:"switch"`
	Connected bool      `json:"connected"` // the ports are followed; if not, this is how they were last known
	Since     time.Time `json:"since"`     // when that last changed
	Error     string    `json:"error,omitempty"`
	Ports     []Port    `json:"ports"`
}

// Port is one of them.
type Port struct {
	Name     string       `json:"name"`
	Port     uint32       `json:"port"`                   // number in P4Runtime
	Admin    string       `json:"admin_status,omitempty"` // UP, DOWN or TESTING
	Oper     string       `json:"oper_status,omitempty"`  // of openconfig-interfaces
	Up       bool         `json:"up"`                     // counts as up: nothing clear is said against it
	Changed  time.Time    `json:"last_change,omitzero"`   // when it last came up or went down, as far as was seen
	Counters PortCounters `json:"counters"`
}

// PortCounters are the switch's own, sampled.
type PortCounters struct {
	InOctets    uint64 `json:"in_octets"`
	InPackets   uint64 `json:"in_packets"`
	InDiscards  uint64 `json:"in_discards"`
	InErrors    uint64 `json:"in_errors"`
	OutOctets   uint64 `json:"out_octets"`
	OutPackets  uint64 `json:"out_packets"`
	OutDiscards uint64 `json:"out_discards"`
	OutErrors   uint64 `json:"out_errors"`
}

// Source answers questions. Every answer is a snapshot.
type Source interface {
	Sessions(context.Context) ([]Session, error)
	Services(context.Context) ([]Service, error)
	Replicas(context.Context) ([]Server, error)
	// Translations gives at most limit of them; 0: none, only how many there are.
	Translations(ctx context.Context, limit int) (Translations, error)
	// Counters reads the switches' counters; a switch that does not answer is left out.
	Counters(context.Context) ([]Counter, error)
	Learning(context.Context) ([]Learning, error)
	// Cluster is nil for a controller that is alone.
	Cluster(context.Context) (*Cluster, error)
	Steering(context.Context) ([]Steering, error)
	// Ports gives those of switches that are asked for them.
	Ports(context.Context) ([]Ports, error)
	// Ready is nil once every switch is ours and holds what it should, or is another controller's while we stand by.
	Ready(context.Context) error
}
