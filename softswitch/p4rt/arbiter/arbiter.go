// Package arbiter decides which P4Runtime client is primary (P4Runtime specification 1.5, chapter
// "Client Arbitration and Controller Replication").
//
// Per role the client whose election id is the highest ever seen is primary; every other client is
// a backup. Nobody is promoted because the primary went away: a role stays without a primary until
// a client arbitrates with an id at least as high. A client without an election id never becomes
// primary. Write requests are admitted through Admit, and a change of primary waits until those
// admitted before have ended, so that two primaries never write side by side.
//
// Events of one Arbiter are handled one after the other. Notify is called with the arbiter's event
// lock held and must not block.
package arbiter

import (
	"fmt"
	"sync"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Texts that P4Runtime clients recognise; BMv2's server sends the same.
const (
	NotPrimary       = "Not primary"
	ElectionIDExists = "Election id already exists"
)

// Client is one stream that takes part in arbitration. Its zero value with Notify set is a stream
// that has not arbitrated yet.
type Client struct {
	// Notify delivers an arbitration message to the client. It must not block.
	Notify func(*p4v1.MasterArbitrationUpdate)

	role *role // nil until the first arbitration message was accepted
	id   *ElectionID
}

// ElectionID is the id with which a client became primary, as text; "" for nil. It may be called while changed is told of
// the client.
func (c *Client) ElectionID() string {
	if c == nil || c.id == nil {
		return ""
	}
	return c.id.String()
}

// Arbiter holds the roles of one device.
type Arbiter struct {
	deviceID   uint64
	maxClients int
	changed    func(role string, primary *Client)

	events sync.Mutex // held while one event is handled, waiting included

	mu       sync.Mutex // guards what follows, never held while waiting
	idle     sync.Cond  // signalled when a role's last admitted write ends
	roles    map[string]*role
	nClients int
}

type role struct {
	name    string
	highest *ElectionID // ever seen from a client of this role, nil if none
	primary *Client
	clients map[*Client]struct{}
	writing int // admitted requests that have not ended
}

// New makes the arbiter of a device that accepts up to maxClients streams. changed, if not nil, is
// called after every change of a role's primary, with nil when there is none; it must not block.
func New(deviceID uint64, maxClients int, changed func(role string, primary *Client)) *Arbiter {
	a := &Arbiter{
		deviceID: deviceID, maxClients: maxClients, changed: changed,
		// The default role has full access to the pipeline and needs nobody to name it.
		roles: map[string]*role{"": {clients: map[*Client]struct{}{}}},
	}
	a.idle.L = &a.mu
	if changed == nil {
		a.changed = func(string, *Client) {}
	}
	return a
}

// Handle treats an arbitration message of c. An error has the gRPC code with which the stream must
// end.
func (a *Arbiter) Handle(c *Client, m *p4v1.MasterArbitrationUpdate) error {
	a.events.Lock()
	defer a.events.Unlock()
	if err := a.admitClient(c, m); err != nil {
		return err
	}
	r, id := c.role, fromProto(m.GetElectionId())
	wasPrimary := r.primary == c
	if id != nil && (r.highest == nil || !id.Less(*r.highest)) {
		a.promote(c, *id)
		return nil
	}
	a.mu.Lock()
	c.id = id
	if wasPrimary {
		r.primary = nil
	}
	a.mu.Unlock()
	if !wasPrimary {
		c.Notify(a.message(c))
		return nil
	}
	a.notifyAll(r)
	a.changed(r.name, nil)
	return nil
}

// admitClient checks m against what is known of c and puts a new client on its role's list.
func (a *Arbiter) admitClient(c *Client, m *p4v1.MasterArbitrationUpdate) error {
	known := c.role != nil
	if m.GetDeviceId() != a.deviceID {
		if known {
			return status.Errorf(codes.FailedPrecondition, "this stream is for device %d, not %d: open another stream", a.deviceID, m.GetDeviceId())
		}
		return status.Errorf(codes.NotFound, "Invalid device id: this is device %d, not %d", a.deviceID, m.GetDeviceId())
	}
	if m.GetRole().GetId() != 0 { //nolint:staticcheck // refused because it is deprecated
		return status.Error(codes.InvalidArgument, "role.id is deprecated: name the role with role.name")
	}
	name := m.GetRole().GetName()
	if known && c.role.name != name {
		return status.Errorf(codes.FailedPrecondition, "this stream has role %q, not %q: open another stream", c.role.name, name)
	}
	if cfg := m.GetRole().GetConfig(); cfg != nil {
		return status.Errorf(codes.InvalidArgument, "role.config of type %q is not understood: roles are defined by @p4runtime_role annotations of the program", cfg.GetTypeUrl())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.roles[name]
	if id := fromProto(m.GetElectionId()); id != nil && r != nil {
		for other := range r.clients {
			if other != c && other.id != nil && *other.id == *id {
				return status.Error(codes.InvalidArgument, ElectionIDExists)
			}
		}
	}
	if known {
		return nil
	}
	if a.nClients >= a.maxClients {
		return status.Errorf(codes.ResourceExhausted, "at most %d controllers may be connected", a.maxClients)
	}
	if r == nil {
		// Highest election ids are remembered for ever, so roles are too; their number is bounded.
		if len(a.roles) >= maxRoles {
			return status.Errorf(codes.ResourceExhausted, "at most %d roles may be used", maxRoles)
		}
		r = &role{name: name, clients: map[*Client]struct{}{}}
		a.roles[name] = r
	}
	r.clients[c] = struct{}{}
	c.role = r
	a.nClients++
	return nil
}

const maxRoles = 256

// promote makes c primary, in the order that the specification prescribes: stop the old primary's
// writes, tell the others, wait for writes under way, accept and tell the new primary.
func (a *Arbiter) promote(c *Client, id ElectionID) {
	r := c.role
	a.mu.Lock()
	first := r.primary == nil && r.writing == 0
	if !first {
		r.primary = nil
	}
	c.id, r.highest = &id, &id
	a.mu.Unlock()
	if !first {
		for other := range r.clients {
			if other != c {
				other.Notify(a.messageFor(other, c))
			}
		}
		a.mu.Lock()
		for r.writing > 0 {
			a.idle.Wait()
		}
		a.mu.Unlock()
	}
	a.mu.Lock()
	r.primary = c
	a.mu.Unlock()
	if first {
		a.notifyAll(r)
	} else {
		c.Notify(a.message(c))
	}
	a.changed(r.name, c)
}

// Leave takes c off its role's list; its stream has ended.
func (a *Arbiter) Leave(c *Client) {
	a.events.Lock()
	defer a.events.Unlock()
	r := c.role
	if r == nil {
		return
	}
	a.mu.Lock()
	delete(r.clients, c)
	a.nClients--
	wasPrimary := r.primary == c
	if wasPrimary {
		r.primary = nil
	}
	c.role = nil
	a.mu.Unlock()
	if wasPrimary {
		a.notifyAll(r)
		a.changed(r.name, nil)
	}
}

// Admit checks that a request comes from a role's primary, as its device, role and election id
// tell, and holds back a change of primary until done is called.
func (a *Arbiter) Admit(deviceID uint64, roleName string, electionID *p4v1.Uint128) (done func(), err error) {
	if err := a.CheckDevice(deviceID); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.roles[roleName]
	if r == nil {
		return nil, status.Errorf(codes.NotFound, "Unknown role %q", roleName)
	}
	id := fromProto(electionID)
	if id == nil || r.primary == nil || *r.primary.id != *id {
		return nil, status.Error(codes.PermissionDenied, NotPrimary)
	}
	r.writing++
	return func() {
		a.mu.Lock()
		if r.writing--; r.writing == 0 {
			a.idle.Broadcast()
		}
		a.mu.Unlock()
	}, nil
}

// CheckDevice returns a NOT_FOUND error for any device but this one.
func (a *Arbiter) CheckDevice(deviceID uint64) error {
	if deviceID != a.deviceID {
		return status.Errorf(codes.NotFound, "Invalid device id: this is device %d, not %d", a.deviceID, deviceID)
	}
	return nil
}

// IsPrimary says whether c is its role's primary, and names the role.
func (a *Arbiter) IsPrimary(c *Client) (roleName string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c.role == nil {
		return "", false
	}
	return c.role.name, c.role.primary == c
}

func (a *Arbiter) notifyAll(r *role) {
	for c := range r.clients {
		c.Notify(a.message(c))
	}
}

func (a *Arbiter) message(c *Client) *p4v1.MasterArbitrationUpdate {
	return a.messageFor(c, c.role.primary)
}

// messageFor makes the advisory message that c gets when primary is, or is about to be, primary.
func (a *Arbiter) messageFor(c, primary *Client) *p4v1.MasterArbitrationUpdate {
	r := c.role
	m := &p4v1.MasterArbitrationUpdate{DeviceId: a.deviceID, Status: statusOf(c, primary)}
	if r.name != "" {
		m.Role = &p4v1.Role{Name: r.name}
	}
	if r.highest != nil {
		m.ElectionId = r.highest.proto()
	}
	return m
}

// String describes a client for log lines.
func (c *Client) String() string {
	if c.role == nil {
		return "client that has not arbitrated"
	}
	if c.id == nil {
		return fmt.Sprintf("client of role %q without election id", c.role.name)
	}
	return fmt.Sprintf("client of role %q with election id %s", c.role.name, c.id)
}
