package differential

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/firstack/firstack/tests/vector"
)

// A fact is something that a controller may want from a switch, and how to try whether it can be had, on a switch
// that has just got its program. What each
// switch does stands in docs/targets.md, which TestFacts holds against the switches.
type fact struct {
	name    string
	program string
	try     func(context.Context, *tried) string
}

// tried is a switch with a program, and names for its objects.
type tried struct {
	client p4v1.P4RuntimeClient
	info   *configv1.P4Info
	schema *vector.Schema
	config []byte
}

const device = 1

var election = &p4v1.Uint128{Low: 1}

// outcome is OK, or the code of what went wrong; of a write the first update's that did.
func outcome(err error) string {
	if err == nil {
		return "OK"
	}
	st, _ := status.FromError(err)
	for _, d := range st.Details() {
		if e, ok := d.(*p4v1.Error); ok && e.CanonicalCode != 0 {
			return name(codes.Code(e.CanonicalCode))
		}
	}
	return name(st.Code())
}

// name is a code as the P4Runtime specification writes it.
func name(c codes.Code) string {
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}

func (s *tried) update(ctx context.Context, atomicity p4v1.WriteRequest_Atomicity, kind p4v1.Update_Type, entities ...*p4v1.Entity) error {
	r := &p4v1.WriteRequest{DeviceId: device, ElectionId: election, Atomicity: atomicity}
	for _, e := range entities {
		r.Updates = append(r.Updates, &p4v1.Update{Type: kind, Entity: e})
	}
	_, err := s.client.Write(ctx, r)
	return err
}

func (s *tried) insert(ctx context.Context, entities ...*p4v1.Entity) error {
	return s.update(ctx, p4v1.WriteRequest_CONTINUE_ON_ERROR, p4v1.Update_INSERT, entities...)
}

func (s *tried) modify(ctx context.Context, entities ...*p4v1.Entity) error {
	return s.update(ctx, p4v1.WriteRequest_CONTINUE_ON_ERROR, p4v1.Update_MODIFY, entities...)
}

func (s *tried) read(ctx context.Context, e *p4v1.Entity) ([]*p4v1.Entity, error) {
	stream, err := s.client.Read(ctx, &p4v1.ReadRequest{DeviceId: device, Entities: []*p4v1.Entity{e}})
	if err != nil {
		return nil, err
	}
	var all []*p4v1.Entity
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, r.Entities...)
	}
}

// route is an entry of table routes, to be changed before it is written.
func (s *tried) route(prefix string, change func(*p4v1.TableEntry)) *p4v1.Entity {
	return s.entry(vector.Entry{
		Table: "routes", Key: map[string]vector.Text{"dst_addr": vector.Text(prefix)}, Action: "forward",
		Args: map[string]vector.Text{"port": "1", "next_hop": "0"},
	}, change)
}

func (s *tried) entry(e vector.Entry, change func(*p4v1.TableEntry)) *p4v1.Entity {
	entity, err := s.schema.Entity(e)
	if err != nil {
		panic(err) // the entries are written here
	}
	if change != nil {
		change(entity.GetTableEntry())
	}
	return entity
}

// back reads the only entry of the table of e and says something of it.
func (s *tried) back(ctx context.Context, e *p4v1.Entity, say func(*p4v1.TableEntry) string) string {
	query := &p4v1.TableEntry{TableId: e.GetTableEntry().TableId}
	if e.GetTableEntry().IdleTimeoutNs != 0 {
		query.TimeSinceLastHit = &p4v1.TableEntry_IdleTimeout{}
	}
	all, err := s.read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: query}})
	if err != nil {
		return outcome(err)
	}
	if len(all) != 1 {
		return fmt.Sprintf("%d entries", len(all))
	}
	return say(all[0].GetTableEntry())
}

func id[T interface {
	GetPreamble() *configv1.Preamble
}](objects []T, alias string) uint32 {
	i := slices.IndexFunc(objects, func(o T) bool { return o.GetPreamble().Alias == alias })
	return objects[i].GetPreamble().Id
}

func (s *tried) setConfig(ctx context.Context, action p4v1.SetForwardingPipelineConfigRequest_Action) error {
	_, err := s.client.SetForwardingPipelineConfig(ctx, &p4v1.SetForwardingPipelineConfigRequest{
		DeviceId: device, ElectionId: election, Action: action,
		Config: &p4v1.ForwardingPipelineConfig{
			P4Info: s.info, P4DeviceConfig: s.config, Cookie: &p4v1.ForwardingPipelineConfig_Cookie{Cookie: 42},
		},
	})
	return err
}

// idle is an entry of a table that ages.
func (s *tried) idle(timeout time.Duration) *p4v1.Entity {
	return s.entry(vector.Entry{
		Table: "outbound", Action: "into_tunnel", Args: map[string]vector.Text{"replica_addr": "192.0.2.1"}, Idle: vector.Duration(timeout),
		Key: map[string]vector.Text{"client_addr": "10.1.0.2", "client_port": "40000", "server_addr": "198.51.100.10", "server_port": "80"},
	}, nil)
}

// groupOf writes a group of one member of the steering selector and returns what came of it.
func (s *tried) groupOf(ctx context.Context, member *p4v1.ActionProfileGroup_Member) error {
	profile := id(s.info.ActionProfiles, "steering_selector")
	if err := s.insert(ctx, &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: &p4v1.ActionProfileMember{
		ActionProfileId: profile, MemberId: 1, Action: &p4v1.Action{ActionId: id(s.info.Actions, "discover")},
	}}}); err != nil {
		return err
	}
	member.MemberId = 1
	return s.insert(ctx, &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileGroup{ActionProfileGroup: &p4v1.ActionProfileGroup{
		ActionProfileId: profile, GroupId: 1, MaxSize: 16, Members: []*p4v1.ActionProfileGroup_Member{member},
	}}})
}
