package p4rt

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"

	"github.com/firstack/firstack/controller/target"
)

// Options describes a switch and how to talk to it. Name, Address and Pipeline are needed, and either TLS or
// Insecure; everything else has a default.
type Options struct {
	Name     string // in logs, errors and metrics
	Address  string // host:port
	DeviceID uint64 // 1 by default; BMv2's own default is 0, see DeviceZero
	// DeviceZero says that a DeviceID of 0 is meant, although the specification forbids it.
	DeviceZero bool
	Role       string // empty: the default role, full access

	// TLS is consulted at every connection, so that renewed certificates are used.
	TLS func() (*tls.Config, error)
	// Insecure gives up encryption and authentication. There is no falling back to it.
	Insecure bool
	// Dial replaces TCP, for switches in the same process.
	Dial func(ctx context.Context, address string) (net.Conn, error)

	// Election is this controller's first bid; 1 by default.
	Election ElectionID
	// StandBy keeps a backup from bidding higher when the switch has no primary any more.
	StandBy bool
	// Elector settles with other controllers who is to be primary: then we bid only what it says, and only while it says
	// so. Election and StandBy have no meaning then. nil: whoever bids the most.
	Elector Elector

	Pipeline Pipeline
	Target   target.Capabilities // the zero value serves all of P4Runtime but registers

	BatchUpdates int // most updates in a write; 1000 by default
	BatchBytes   int // most bytes in a write; 3 MiB by default, below gRPC's 4 MiB

	DigestQueue int // digest lists; 1024 by default
	PacketQueue int // packet-ins; 1024 by default
	IdleQueue   int // idle notifications; 256 by default
	SendQueue   int // acknowledgements and packet-outs; 1024 by default

	ConnectTimeout time.Duration // dialling, and the first word on the stream, each; 5 s by default
	WriteTimeout   time.Duration // one batch; 30 s by default
	PushTimeout    time.Duration // comparing and pushing the pipeline; 60 s by default
	BackoffMin     time.Duration // 100 ms by default
	BackoffMax     time.Duration // 1 s by default: a switch that is back shall not wait long to be found
	Keepalive      time.Duration // gRPC pings; 0: none (quirkKeepalive)

	Logger *slog.Logger // slog.Default by default
}

// Pipeline is the program that the switch shall run.
type Pipeline struct {
	P4Info *p4configv1.P4Info
	Config []byte // p4_device_config: BMv2 JSON, or a Tofino pipeline
}

func orDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

func (o *Options) complete() error {
	switch {
	case o.Name == "":
		return errors.New("p4rt: the switch has no name")
	case o.Address == "":
		return fmt.Errorf("p4rt: switch %s has no address", o.Name)
	case o.Pipeline.P4Info == nil:
		return fmt.Errorf("p4rt: switch %s has no pipeline", o.Name)
	case o.Insecure == (o.TLS != nil):
		return fmt.Errorf("p4rt: switch %s needs either TLS or Insecure", o.Name)
	}
	if !o.DeviceZero {
		orDefault(&o.DeviceID, 1)
	}
	orDefault(&o.Election, ElectionID{Low: 1})
	orDefault(&o.BatchUpdates, 1000)
	orDefault(&o.BatchBytes, 3<<20)
	orDefault(&o.DigestQueue, 1024)
	orDefault(&o.PacketQueue, 1024)
	orDefault(&o.IdleQueue, 256)
	orDefault(&o.SendQueue, 1024)
	orDefault(&o.ConnectTimeout, 5*time.Second)
	orDefault(&o.WriteTimeout, 30*time.Second)
	orDefault(&o.PushTimeout, 60*time.Second)
	orDefault(&o.BackoffMin, 100*time.Millisecond)
	orDefault(&o.BackoffMax, time.Second)
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.Logger = o.Logger.With("switch", o.Name)
	return nil
}
