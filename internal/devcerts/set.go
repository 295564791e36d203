// Package devcerts makes certificates for development and tests: one authority for P4Runtime, another for gNMI and one for
// etcd, so that none who may read the controller's state can write to a switch or to etcd, whatever those check.
//
// They are no substitute for an organisation's own authority: the authorities' keys lie beside the certificates.
package devcerts

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/firstack/firstack/internal/tlsfiles"
)

// Options of a set.
type Options struct {
	Hosts []string      // names and addresses of servers besides this machine's own
	Life  time.Duration // of the certificates; 0: 90 days
	From  time.Time     // zero: now
}

// authorityLife is how long the authorities last, and therefore the set can be renewed.
const authorityLife = 5 * 365 * 24 * time.Hour

// Local is what every server is known by.
var Local = []string{"localhost", "127.0.0.1", "::1"}

// Members of a set, by files without ".pem" and "-key.pem".
const (
	P4RuntimeCA = "p4runtime/ca"
	Controller  = "p4runtime/controller" // shown to switches
	Switch      = "p4runtime/switch"
	GNMICA      = "gnmi/ca"
	GNMIServer  = "gnmi/server" // of the controller
	GNMIRead    = "gnmi/read"
	GNMIWrite   = "gnmi/write"
	EtcdCA      = "etcd/ca"
	EtcdServer  = "etcd/server"     // of etcd's members
	EtcdClient  = "etcd/controller" // shown to etcd
)

// Members lists them: authorities before those that they sign.
var Members = []string{P4RuntimeCA, Controller, Switch, GNMICA, GNMIServer, GNMIRead, GNMIWrite, EtcdCA, EtcdServer, EtcdClient}

type group struct {
	ca, name string
	members  []member
}

type member struct {
	file string
	leaf Leaf
}

func (o Options) groups() []group {
	hosts := append(append([]string{}, Local...), o.Hosts...)
	return []group{
		{P4RuntimeCA, "firstack development: P4Runtime", []member{
			{Controller, Leaf{Name: "firstack controller", Client: true}},
			{Switch, Leaf{Name: "firstack switch", Server: true, Hosts: hosts}},
		}},
		{GNMICA, "firstack development: gNMI", []member{
			{GNMIServer, Leaf{Name: "firstack controller", Server: true, Hosts: hosts}},
			{GNMIRead, Leaf{Name: "firstack reader", Client: true, Roles: []string{tlsfiles.Read.Organization()}}},
			{GNMIWrite, Leaf{Name: "firstack writer", Client: true, Roles: []string{tlsfiles.Write.Organization()}}},
		}},
		{EtcdCA, "firstack development: etcd", []member{
			// A member is its own client, too: etcd's gateway for JSON shows the same certificate.
			{EtcdServer, Leaf{Name: "etcd", Server: true, Client: true, Hosts: hosts}},
			{EtcdClient, Leaf{Name: "firstack controller", Client: true}},
		}},
	}
}

func (o *Options) complete() {
	if o.Life == 0 {
		o.Life = 90 * 24 * time.Hour
	}
	if o.From.IsZero() {
		o.From = time.Now()
	}
}

// Make writes a set into a folder, which it makes where there is none. It overwrites nothing.
func Make(dir string, o Options) error {
	o.complete()
	for _, m := range Members {
		for _, file := range []string{PairOf(dir, m).Cert, PairOf(dir, m).Key} {
			switch _, err := os.Lstat(file); {
			case err == nil:
				return fmt.Errorf("%s is there already; nothing was written", file)
			case !errors.Is(err, fs.ErrNotExist):
				return err
			}
		}
	}
	for _, g := range o.groups() {
		ca, err := NewAuthority(g.name, o.From, authorityLife)
		if err != nil {
			return err
		}
		if err := ca.Write(PairOf(dir, g.ca)); err != nil {
			return err
		}
		if err := o.issue(dir, ca, g.members); err != nil {
			return err
		}
	}
	return nil
}

// Renew puts new certificates in the place of a set's, signed by its authorities. A set that was made before there were
// certificates for etcd stays without.
func Renew(dir string, o Options) error {
	o.complete()
	for _, g := range o.groups() {
		if _, err := os.Lstat(filepath.Dir(PairOf(dir, g.ca).Cert)); g.ca == EtcdCA && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		ca, err := load(PairOf(dir, g.ca))
		if err != nil {
			return err
		}
		if err := o.issue(dir, ca, g.members); err != nil {
			return err
		}
	}
	return nil
}

func (o Options) issue(dir string, ca *Authority, members []member) error {
	for _, m := range members {
		m.leaf.From, m.leaf.Life = o.From, o.Life
		leaf, err := ca.Issue(m.leaf)
		if err != nil {
			return err
		}
		if err := leaf.Write(PairOf(dir, m.file)); err != nil {
			return err
		}
	}
	return nil
}
