package arbiter

import (
	"fmt"
	"strings"
	"testing"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"
)

const device = 7

// world drives an arbiter with named clients and records what they are told as "name:code@id".
type world struct {
	a       *Arbiter
	clients map[string]*Client
	log     []string
}

func newWorld(maxClients int) *world {
	w := &world{clients: map[string]*Client{}}
	w.a = New(device, maxClients, func(role string, p *Client) { w.log = append(w.log, fmt.Sprintf("changed %q %v", role, p != nil)) })
	return w
}

func (w *world) client(name string) *Client {
	c := w.clients[name]
	if c == nil {
		c = &Client{Notify: func(m *p4v1.MasterArbitrationUpdate) {
			id := "unset"
			if e := m.GetElectionId(); e != nil {
				id = fmt.Sprintf("%d", e.GetLow())
			}
			w.log = append(w.log, fmt.Sprintf("%s:%s@%s", name, codes.Code(m.GetStatus().GetCode()), id))
		}}
		w.clients[name] = c
	}
	return c
}

// arbitrate sends the election id of a client, -1 meaning unset.
func (w *world) arbitrate(name string, id int64, role string) error {
	m := &p4v1.MasterArbitrationUpdate{DeviceId: device}
	if id >= 0 {
		m.ElectionId = &p4v1.Uint128{Low: uint64(id)}
	}
	if role != "" {
		m.Role = &p4v1.Role{Name: role}
	}
	return w.a.Handle(w.client(name), m)
}

// told returns and forgets the notifications since the last call, changes of primary left out.
func (w *world) told() map[string]int {
	out := map[string]int{}
	for _, s := range w.log {
		if !strings.HasPrefix(s, "changed") {
			out[s]++
		}
	}
	w.log = nil
	return out
}

func (w *world) mustWrite(t *testing.T, role string, id uint64, want codes.Code) {
	t.Helper()
	done, err := w.a.Admit(device, role, &p4v1.Uint128{Low: id})
	if status.Code(err) != want {
		t.Errorf("write of role %q with id %d: %v, want %v", role, id, err, want)
	}
	if err == nil {
		done()
	}
}

// TestRules walks through the rules of the specification, one step a line.
func TestRules(t *testing.T) {
	type step struct {
		who   string
		id    int64 // -1 unset, -2 leaves
		role  string
		code  codes.Code // with which the stream ends
		told  string     // notifications, in any order
		write map[uint64]codes.Code
	}
	ok, denied := codes.OK, codes.PermissionDenied
	tests := []struct {
		name  string
		steps []step
	}{
		{"first client becomes primary, a higher one replaces it", []step{
			{who: "a", id: 1, told: "a:OK@1", write: map[uint64]codes.Code{1: ok, 2: denied}},
			{who: "b", id: 2, told: "a:AlreadyExists@2 b:OK@2", write: map[uint64]codes.Code{1: denied, 2: ok}},
		}},
		{"a lower one is a backup and only it is told", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 3, told: "b:AlreadyExists@5", write: map[uint64]codes.Code{3: denied, 5: ok}},
		}},
		{"an unset id never becomes primary", []step{
			{who: "a", id: -1, told: "a:NotFound@unset", write: map[uint64]codes.Code{0: denied}},
			{who: "b", id: 0, told: "a:AlreadyExists@0 b:OK@0", write: map[uint64]codes.Code{0: ok}},
		}},
		{"several clients without an id", []step{
			{who: "a", id: -1, told: "a:NotFound@unset"},
			{who: "b", id: -1, told: "b:NotFound@unset"},
		}},
		{"no promotion when the primary leaves", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 4, told: "b:AlreadyExists@5"},
			{who: "a", id: -2, told: "b:NotFound@5", write: map[uint64]codes.Code{5: denied, 4: denied}},
			{who: "b", id: 4, told: "b:NotFound@5", write: map[uint64]codes.Code{4: denied}},
			{who: "b", id: 5, told: "b:OK@5", write: map[uint64]codes.Code{5: ok}},
		}},
		{"a backup that leaves is nobody's business", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 4, told: "b:AlreadyExists@5"},
			{who: "b", id: -2},
		}},
		{"a primary that lowers its id is a backup, and all are told", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 3, told: "b:AlreadyExists@5"},
			{who: "a", id: 4, told: "a:NotFound@5 b:NotFound@5", write: map[uint64]codes.Code{4: denied, 5: denied}},
			{who: "b", id: 6, told: "a:AlreadyExists@6 b:OK@6", write: map[uint64]codes.Code{6: ok}},
		}},
		{"a primary that unsets its id is a backup", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "a", id: -1, told: "a:NotFound@5", write: map[uint64]codes.Code{5: denied}},
		}},
		{"the primary repeats itself", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 3, told: "b:AlreadyExists@5"},
			{who: "a", id: 5, told: "a:OK@5 b:AlreadyExists@5", write: map[uint64]codes.Code{5: ok}},
			{who: "a", id: 8, told: "a:OK@8 b:AlreadyExists@8", write: map[uint64]codes.Code{5: denied, 8: ok}},
		}},
		{"an id in use ends the stream", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 5, code: codes.InvalidArgument},
			{who: "c", id: 4, told: "c:AlreadyExists@5"},
			{who: "c", id: 5, code: codes.InvalidArgument},
		}},
		{"roles elect on their own, and the same id may be used in each", []step{
			{who: "a", id: 5, told: "a:OK@5"},
			{who: "b", id: 5, role: "acl", told: "b:OK@5", write: map[uint64]codes.Code{5: ok}},
			{who: "b", id: 5, role: "other", code: codes.FailedPrecondition},
			{who: "b", id: 6, role: "acl", told: "b:OK@6"},
		}},
		{"at most three streams", []step{
			{who: "a", id: 1, told: "a:OK@1"},
			{who: "b", id: 2, told: "a:AlreadyExists@2 b:OK@2"},
			{who: "c", id: -1, role: "x", told: "c:NotFound@unset"},
			{who: "d", id: 9, code: codes.ResourceExhausted},
			{who: "a", id: -2},
			{who: "d", id: 9, told: "b:AlreadyExists@9 d:OK@9"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(3)
			for i, s := range tt.steps {
				var err error
				if s.id == -2 {
					w.a.Leave(w.client(s.who))
				} else {
					err = w.arbitrate(s.who, s.id, s.role)
				}
				if status.Code(err) != s.code {
					t.Fatalf("step %d: %v, want code %v", i+1, err, s.code)
				}
				want := map[string]int{}
				for _, n := range strings.Fields(s.told) {
					want[n]++
				}
				if got := w.told(); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("step %d: told %v, want %v", i+1, got, want)
				}
				for id, code := range s.write {
					w.mustWrite(t, s.role, id, code)
				}
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	tests := []struct {
		name  string
		known bool
		m     *p4v1.MasterArbitrationUpdate
		code  codes.Code
	}{
		{"another device", false, &p4v1.MasterArbitrationUpdate{DeviceId: 8}, codes.NotFound},
		{"change of device", true, &p4v1.MasterArbitrationUpdate{DeviceId: 8}, codes.FailedPrecondition},
		{"role by number", false, &p4v1.MasterArbitrationUpdate{DeviceId: device, Role: &p4v1.Role{Id: 3}}, codes.InvalidArgument},
		{"role config", false, &p4v1.MasterArbitrationUpdate{DeviceId: device, Role: &p4v1.Role{Name: "r", Config: &anypb.Any{TypeUrl: "x/y"}}}, codes.InvalidArgument},
		{"change of role", true, &p4v1.MasterArbitrationUpdate{DeviceId: device, Role: &p4v1.Role{Name: "r"}}, codes.FailedPrecondition},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(16)
			if tt.known {
				if err := w.arbitrate("a", 1, ""); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.a.Handle(w.client("a"), tt.m); status.Code(err) != tt.code {
				t.Errorf("got %v, want %v", err, tt.code)
			}
		})
	}
}

func TestAdmitRefusals(t *testing.T) {
	w := newWorld(16)
	if _, err := w.a.Admit(8, "", nil); status.Code(err) != codes.NotFound {
		t.Errorf("another device: %v", err)
	}
	if _, err := w.a.Admit(device, "nobody", &p4v1.Uint128{Low: 1}); status.Code(err) != codes.NotFound {
		t.Errorf("unknown role: %v", err)
	}
	_, err := w.a.Admit(device, "", &p4v1.Uint128{Low: 1})
	if status.Code(err) != codes.PermissionDenied || status.Convert(err).Message() != "Not primary" {
		t.Errorf("before any arbitration: %v", err)
	}
}

// TestChangeWaitsForWrites: the old primary's request is under way when a higher client arrives.
// The others hear of it at once, the newcomer only after that request has ended.
func TestChangeWaitsForWrites(t *testing.T) {
	w := newWorld(16)
	told := make(chan string, 8)
	add := func(name string) *Client {
		return &Client{Notify: func(m *p4v1.MasterArbitrationUpdate) {
			told <- fmt.Sprintf("%s:%s", name, codes.Code(m.GetStatus().GetCode()))
		}}
	}
	a, b := add("a"), add("b")
	arbitrate := func(c *Client, id uint64) error {
		return w.a.Handle(c, &p4v1.MasterArbitrationUpdate{DeviceId: device, ElectionId: &p4v1.Uint128{Low: id}})
	}
	if err := arbitrate(a, 1); err != nil {
		t.Fatal(err)
	}
	<-told
	done, err := w.a.Admit(device, "", &p4v1.Uint128{Low: 1})
	if err != nil {
		t.Fatal(err)
	}
	finished := make(chan error)
	go func() { finished <- arbitrate(b, 2) }()
	if got := <-told; got != "a:AlreadyExists" {
		t.Errorf("first notification %s", got)
	}
	w.mustWrite(t, "", 1, codes.PermissionDenied)
	w.mustWrite(t, "", 2, codes.PermissionDenied)
	select {
	case got := <-told:
		t.Errorf("%s before the write ended", got)
	default:
	}
	done()
	if err := <-finished; err != nil {
		t.Fatal(err)
	}
	if got := <-told; got != "b:OK" {
		t.Errorf("second notification %s", got)
	}
	w.mustWrite(t, "", 2, codes.OK)
}

func TestElectionIDOrder(t *testing.T) {
	order := []ElectionID{{0, 0}, {0, 1}, {0, 1 << 63}, {1, 0}, {1, 1}, {1 << 63, 0}}
	for i := range order {
		for j := range order {
			if order[i].Less(order[j]) != (i < j) {
				t.Errorf("%v < %v is wrong", order[i], order[j])
			}
		}
	}
}
