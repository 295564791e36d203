package target

import (
	"fmt"
	"slices"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/tables"
)

// Name is a target as the configuration has it.
type Name string

// The targets. Auto is told by the architecture in the P4Info of the switch's program; for v1model that is what BMv2 and
// firstack-switch have in common.
const (
	Auto     Name = "auto"
	BMv2     Name = "bmv2"
	Firstack Name = "firstack"
	Tofino   Name = "tofino"  // Tofino 1 under Stratum
	Tofino2  Name = "tofino2" // Tofino 2 under Stratum
)

// Values lists the targets.
func (Name) Values() []string {
	return []string{string(Auto), string(BMv2), string(Firstack), string(Tofino), string(Tofino2)}
}

// Capabilities are what a target can do, and how it counts. The negative ones are named for what is missing: the zero
// value serves all of P4Runtime 1.5 that firstack asks for.
type Capabilities struct {
	Name Name
	// Arch is the architecture that the program is compiled for, as in the P4Info's pkg_info.
	Arch string
	// Clock is how the program counts ticks (p4src/common/constants.p4, ticks_t).
	Clock Clock
	// Elapsed is the unit of a digest's elapsed (p4src/common/metadata.p4, flow_event_t).
	Elapsed time.Duration
	// Reserved are port numbers that lead to the controller, and so to no link.
	Reserved []uint16
	// Bundled says that firstack has the compiled program in itself; otherwise the configuration has to name it.
	Bundled bool

	// Digests is how digests are asked for.
	Digests tables.DigestConfig
	// BlindDigests: a read of a digest configuration says nothing about whether digests are sent, so it is written at
	// the beginning of every term. Stratum lists every digest of the program (BfSdeWrapper::ReadDigests).
	BlindDigests bool
	// NoActionSets: tables with a selector take no one-shot action sets, and no weights of group members above 1
	// (BfrtTableManager::BuildTableData, WriteActionProfileGroup): members and groups are written instead.
	NoActionSets bool
	// CountersByTable is from how many connections on their counters are read with whole tables; 0: never. Stratum fetches
	// all counters of a table from the chip for every single entry that is read (BfrtTableManager::ReadTableEntry).
	CountersByTable int
	// NumberedReplicas: ports of copies are numbers in egress_port, as before P4Runtime 1.4. A server of an older
	// version ignores the bytes that replaced it, and copies to port 0. Stratum is built with 1.4.0-rc.5.
	NumberedReplicas bool
	// NoReconcile: RECONCILE_AND_COMMIT is refused (P4Service::SetForwardingPipelineConfig), so it is not tried.
	NoReconcile bool
	// Registers: RegisterEntry is served in the form in which firstack reads it, or may be: it is asked for.
	Registers bool
}

// Idle notifications and time_since_last_hit are in none of these: firstack asks no target for them. Translations age by
// the controller's own clock and the direct counters of their entries (gateway/flow), which every target has.

// immediate is how digests are asked for where all of DigestEntry.Config is obeyed: when the first of a list has waited
// for a moment, or when a list is full. Equal digests, of which there are none but by the network's own copies, are not
// held back for long.
var immediate = tables.DigestConfig{MaxTimeout: 5 * time.Millisecond, MaxList: 256, AckTimeout: 500 * time.Millisecond}

// v1model is what BMv2 and firstack-switch have in common.
func v1model(name Name) Capabilities {
	return Capabilities{
		Name: name, Arch: "v1model",
		Clock:   Clock{Tick: 1024 * time.Microsecond, Bits: 32},
		Elapsed: time.Microsecond, Reserved: []uint16{255}, Bundled: true, Digests: immediate,
	}
}

// stratum is a Tofino under stratum_bfrt.
func stratum(name Name, arch string, cpu ...uint16) Capabilities {
	return Capabilities{
		Name: name, Arch: arch,
		// global_tstamp[47:20] and [41:10] of nanoseconds (p4src/arch/tna/intrinsic.p4).
		Clock:   Clock{Tick: 1 << 20, Bits: 28},
		Elapsed: 1 << 10, Reserved: cpu,
		// The learn filter's time-out is the device's, and the only thing that Stratum takes of the configuration; the
		// rest is left out, so that what is read back is what was written.
		Digests:      tables.DigestConfig{MaxTimeout: immediate.MaxTimeout},
		BlindDigests: true, CountersByTable: 8, NoActionSets: true, NumberedReplicas: true, NoReconcile: true,
	}
}

var byName = map[Name]func() Capabilities{
	Auto: func() Capabilities {
		c := v1model(Auto)
		c.Registers = true // firstack-switch has them; BMv2 says UNIMPLEMENTED
		return c
	},
	BMv2: func() Capabilities { return v1model(BMv2) },
	Firstack: func() Capabilities {
		c := v1model(Firstack)
		c.Registers = true
		return c
	},
	// The PCIe port: local port 64 of pipe 1 in a chip with two pipes, of pipe 2 in one with four. No pipe has links there.
	Tofino:  func() Capabilities { return stratum(Tofino, "tna", 192, 320) },
	Tofino2: func() Capabilities { return stratum(Tofino2, "t2na", 2) },
}

// byArch finds the target of a program when the configuration does not name one.
var byArch = map[string]Name{"v1model": Auto, "": Auto, "tna": Tofino, "t2na": Tofino2}

// Named gives what is known of a target by its name alone; of Auto, what holds for firstack's own programs. An unknown
// name counts as Auto.
func Named(n Name) Capabilities {
	if c, ok := byName[n]; ok {
		return c()
	}
	return byName[Auto]()
}

// Of gives the capabilities of a switch that runs a program. The error says that it can't be that target's.
func Of(n Name, info *p4configv1.P4Info) (Capabilities, error) {
	arch := info.GetPkgInfo().GetArch()
	if n == Auto || n == "" {
		known, ok := byArch[arch]
		if !ok {
			return Capabilities{}, fmt.Errorf("target: the P4Info is for the architecture %q, which none of the targets has", arch)
		}
		n = known
	}
	c := Named(n)
	if arch != "" && arch != c.Arch {
		return Capabilities{}, fmt.Errorf("target %s: the P4Info is for the architecture %q, not %q", n, arch, c.Arch)
	}
	return c, nil
}

// Since is a digest's elapsed as a duration.
func (c Capabilities) Since(elapsed uint32) time.Duration { return time.Duration(elapsed) * c.Elapsed }

// LeadsToController tells whether a port number is reserved for the controller.
func (c Capabilities) LeadsToController(port uint16) bool { return slices.Contains(c.Reserved, port) }
