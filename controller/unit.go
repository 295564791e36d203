package controller

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"reflect"
	"sync"
	"time"

	"github.com/firstack/firstack/controller/config"
	"github.com/firstack/firstack/controller/gateway"
	"github.com/firstack/firstack/controller/gateway/plan"
	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/controller/ports"
	"github.com/firstack/firstack/controller/target"
	"github.com/firstack/firstack/internal/tlsfiles"
)

// unit is one switch: its session and its gateway.
type unit struct {
	name    string
	role    config.Role
	cookie  uint64
	reach   reach
	tls     *tlsfiles.Material // nil: plaintext
	session *p4rt.Session
	gateway *gateway.Gateway
	ports   *ports.Watcher

	stop context.CancelFunc
	done sync.WaitGroup
}

// reach is what a session is made of; when it changes, the session has to start over.
type reach struct {
	Role     config.Role
	Target   target.Name
	Pipeline *config.Pipeline
	Address  string
	DeviceID uint64
	TLS      *config.TLS
	Insecure bool
}

func reachOf(s *config.Switch) reach {
	return reach{s.Role, s.Target, s.Pipeline, s.Address, s.DeviceID, s.TLS, s.Insecure}
}

func (r reach) equal(o reach) bool { return reflect.DeepEqual(r, o) }

// newUnit makes a unit; changed is told when other ports are down than before.
func newUnit(c *config.Config, s *config.Switch, probed plan.Probed, changed func(), o *Options) (*unit, error) {
	pipeline, capabilities, err := o.pipeline(s)
	if err != nil {
		return nil, fmt.Errorf("switch %s: %w", s.Name, err)
	}
	g, err := gateway.New(gateway.Options{
		Config: c, Switch: s.Name, P4Info: pipeline.P4Info, Target: capabilities, Probed: probed, Time: o.Time, SlotsEvery: o.SlotsEvery, Logger: o.Logger,
	})
	if err != nil {
		return nil, err
	}
	capabilities.Registers = capabilities.Registers || o.Registers
	options := p4rt.Options{
		Name: s.Name, Address: s.Address, DeviceID: s.DeviceID, DeviceZero: s.DeviceID == 0,
		Insecure: s.TLS == nil && s.Insecure,
		Election: p4rt.ElectionID(c.Controller.ElectionID),
		Pipeline: pipeline, Target: capabilities, Logger: o.Logger,
	}
	var material *tlsfiles.Material
	if s.TLS != nil {
		material = tlsfiles.New(tlsfiles.Files{CA: s.TLS.CA, Cert: s.TLS.Cert, Key: s.TLS.Key}, o.Logger.With("switch", s.Name))
		options.TLS = func() (*tls.Config, error) { return material.Client("") }
	}
	if o.Elections != nil {
		options.Elector = o.Elections.Elector(s.Name, c.Controller.ElectionID.High)
	}
	if dial, name := o.Dial, s.Name; dial != nil {
		options.Dial = func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, name, address) }
	}
	watcher := ports.New(portsOf(s), ports.Options{
		Dial: options.Dial, TLS: options.TLS, OnChange: changed, Logger: o.Logger.With("switch", s.Name),
	})
	session, err := p4rt.New(options, g)
	if err != nil {
		return nil, err
	}
	return &unit{
		name: s.Name, role: s.Role, cookie: pipeline.Cookie(), reach: reachOf(s), tls: material,
		session: session, gateway: g, ports: watcher,
	}, nil
}

// expires is when the certificate that the switch is shown ends; zero without one.
func (u *unit) expires() time.Time {
	if u.tls == nil {
		return time.Time{}
	}
	return u.tls.Expires()
}

// run starts the unit.
func (u *unit) run(ctx context.Context) {
	ctx, u.stop = context.WithCancel(ctx)
	u.done.Go(func() { u.gateway.Run(ctx) })
	u.done.Go(func() { u.session.Run(ctx) }) // always nil
	u.done.Go(func() { u.ports.Run(ctx) })
}

// end stops the unit and waits for it.
func (u *unit) end() {
	u.stop()
	u.done.Wait()
}
