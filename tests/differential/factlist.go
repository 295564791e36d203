package differential

import (
	"context"
	"fmt"
	"time"

	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"

	"github.com/firstack/firstack/tests/vector"
)

const (
	clientGateway  = "client_gateway"
	replicaGateway = "replica_gateway"
)

// facts are tried in this order.
var facts = []fact{
	{"api-version", clientGateway, func(ctx context.Context, s *tried) string {
		c, err := s.client.Capabilities(ctx, &p4v1.CapabilitiesRequest{})
		if err != nil {
			return outcome(err)
		}
		return c.P4RuntimeApiVersion
	}},
	{"register-read", clientGateway, func(ctx context.Context, s *tried) string {
		_, err := s.read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_RegisterEntry{RegisterEntry: &p4v1.RegisterEntry{
			RegisterId: id(s.info.Registers, "owner"), Index: &p4v1.Index{Index: 1},
		}}})
		return outcome(err)
	}},
	{"register-write", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.modify(ctx, &p4v1.Entity{Entity: &p4v1.Entity_RegisterEntry{RegisterEntry: &p4v1.RegisterEntry{
			RegisterId: id(s.info.Registers, "owner"), Index: &p4v1.Index{Index: 1},
			Data: &p4v1.P4Data{Data: &p4v1.P4Data_Bitstring{Bitstring: []byte{7}}},
		}}}))
	}},
	{"write-rollback", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.update(ctx, p4v1.WriteRequest_ROLLBACK_ON_ERROR, p4v1.Update_INSERT, s.route("10.0.0.0/8", nil)))
	}},
	{"write-atomic", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.update(ctx, p4v1.WriteRequest_DATAPLANE_ATOMIC, p4v1.Update_INSERT, s.route("10.0.0.0/8", nil)))
	}},
	{"config-reconcile", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_RECONCILE_AND_COMMIT))
	}},
	{"config-verify", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY))
	}},
	{"config-save-commit", clientGateway, func(ctx context.Context, s *tried) string {
		if err := s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_SAVE); err != nil {
			return outcome(err)
		}
		_, err := s.client.SetForwardingPipelineConfig(ctx, &p4v1.SetForwardingPipelineConfigRequest{
			DeviceId: device, ElectionId: election, Action: p4v1.SetForwardingPipelineConfigRequest_COMMIT,
		})
		return outcome(err)
	}},
	{"config-cookie", clientGateway, func(ctx context.Context, s *tried) string {
		if err := s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT); err != nil {
			return outcome(err)
		}
		c, err := s.client.GetForwardingPipelineConfig(ctx, &p4v1.GetForwardingPipelineConfigRequest{
			DeviceId: device, ResponseType: p4v1.GetForwardingPipelineConfigRequest_COOKIE_ONLY,
		})
		if err == nil && c.GetConfig().GetCookie().GetCookie() != 42 {
			return "lost"
		}
		return outcome(err)
	}},
	{"config-twice-without-a-packet", clientGateway, func(ctx context.Context, s *tried) string {
		if err := s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT); err != nil {
			return "first: " + outcome(err)
		}
		return outcome(s.setConfig(ctx, p4v1.SetForwardingPipelineConfigRequest_VERIFY_AND_COMMIT))
	}},
	{"default-counter-read", clientGateway, func(ctx context.Context, s *tried) string {
		all, err := s.read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_TableEntry{TableEntry: &p4v1.TableEntry{
			TableId: id(s.info.Tables, "routes"), IsDefaultAction: true, CounterData: &p4v1.CounterData{},
		}}})
		switch {
		case err != nil:
			return outcome(err)
		case len(all) == 1 && all[0].GetTableEntry().GetCounterData() != nil:
			return "counts"
		}
		return "no counter"
	}},
	{"counter-write", clientGateway, func(ctx context.Context, s *tried) string {
		e := s.route("10.0.0.0/8", nil)
		if err := s.insert(ctx, e); err != nil {
			return outcome(err)
		}
		return outcome(s.modify(ctx, &p4v1.Entity{Entity: &p4v1.Entity_DirectCounterEntry{DirectCounterEntry: &p4v1.DirectCounterEntry{
			TableEntry: &p4v1.TableEntry{TableId: e.GetTableEntry().TableId, Match: e.GetTableEntry().Match},
			Data:       &p4v1.CounterData{PacketCount: 5, ByteCount: 500},
		}}}))
	}},
	{"entry-metadata", clientGateway, func(ctx context.Context, s *tried) string {
		e := s.route("10.0.0.0/8", func(t *p4v1.TableEntry) { t.Metadata = []byte("mine") })
		if err := s.insert(ctx, e); err != nil {
			return outcome(err)
		}
		return s.back(ctx, e, func(t *p4v1.TableEntry) string {
			if string(t.Metadata) == "mine" {
				return "kept"
			}
			return "lost"
		})
	}},
	{"idle-timeout", clientGateway, func(ctx context.Context, s *tried) string { return outcome(s.insert(ctx, s.idle(time.Second))) }},
	{"idle-timeout-100ms", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.idle(100*time.Millisecond)))
	}},
	{"idle-timeout-without-ageing", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.route("10.0.0.0/8", func(t *p4v1.TableEntry) { t.IdleTimeoutNs = 1e9 })))
	}},
	{"time-since-last-hit", clientGateway, func(ctx context.Context, s *tried) string {
		e := s.idle(time.Second)
		if err := s.insert(ctx, e); err != nil {
			return outcome(err)
		}
		return s.back(ctx, e, func(t *p4v1.TableEntry) string {
			if t.TimeSinceLastHit == nil {
				return "absent"
			}
			return "present"
		})
	}},
	{"leading-zeros", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.entry(vector.Entry{Table: "sides", Key: map[string]vector.Text{"port": "3"}, Action: "lan"},
			func(t *p4v1.TableEntry) { t.Match[0].GetExact().Value = []byte{0, 3} })))
	}},
	{"value-too-wide", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.entry(vector.Entry{Table: "sides", Key: map[string]vector.Text{"port": "3"}, Action: "lan"},
			func(t *p4v1.TableEntry) { t.Match[0].GetExact().Value = []byte{2, 0} })))
	}},
	{"prefix-of-0-bits", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.route("0.0.0.0/1", func(t *p4v1.TableEntry) {
			t.Match[0].GetLpm().PrefixLen, t.Match[0].GetLpm().Value = 0, []byte{0}
		})))
	}},
	{"priority-missing", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.entry(vector.Entry{
			Table: "redirections", Key: map[string]vector.Text{"server_port": "80"}, Action: "pass",
		}, nil)))
	}},
	{"constant-entries-write", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.insert(ctx, s.entry(vector.Entry{
			Table: "verdicts", Key: map[string]vector.Text{"kind": "9"}, Action: "plain_in", Priority: 1,
		}, nil)))
	}},
	{"table-full", clientGateway, func(ctx context.Context, s *tried) string {
		for port := range 512 {
			e := vector.Entry{Table: "arp", Action: "learn", Key: map[string]vector.Text{
				"port": vector.Text(fmt.Sprint(port)), "operation": "1", "target_addr": "10.1.0.1",
			}}
			if err := s.insert(ctx, s.entry(e, nil)); err != nil {
				return fmt.Sprintf("%s after %d", outcome(err), port)
			}
		}
		return "OK"
	}},
	{"weights", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.groupOf(ctx, &p4v1.ActionProfileGroup_Member{Weight: 3}))
	}},
	{"watch-port", clientGateway, func(ctx context.Context, s *tried) string {
		return outcome(s.groupOf(ctx, &p4v1.ActionProfileGroup_Member{
			Weight: 1, WatchKind: &p4v1.ActionProfileGroup_Member_WatchPort{WatchPort: []byte{2}},
		}))
	}},
	{"one-shot-members-read", clientGateway, func(ctx context.Context, s *tried) string {
		e := s.entry(vector.Entry{Table: "steering", Key: map[string]vector.Text{"server_addr": "198.51.100.10", "server_port": "80"}},
			func(t *p4v1.TableEntry) {
				t.Action = &p4v1.TableAction{Type: &p4v1.TableAction_ActionProfileActionSet{ActionProfileActionSet: &p4v1.ActionProfileActionSet{
					ActionProfileActions: []*p4v1.ActionProfileAction{{Weight: 1, Action: &p4v1.Action{ActionId: id(s.info.Actions, "discover")}}},
				}}}
			})
		if err := s.insert(ctx, e); err != nil {
			return outcome(err)
		}
		_, err := s.read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_ActionProfileMember{ActionProfileMember: &p4v1.ActionProfileMember{
			ActionProfileId: id(s.info.ActionProfiles, "steering_selector"),
		}}})
		return outcome(err)
	}},
	{"digest-read", clientGateway, func(ctx context.Context, s *tried) string {
		_, err := s.read(ctx, &p4v1.Entity{Entity: &p4v1.Entity_DigestEntry{DigestEntry: &p4v1.DigestEntry{}}})
		return outcome(err)
	}},
	{"multicast-read", clientGateway, func(ctx context.Context, s *tried) string {
		group := func(copies []*p4v1.Replica) *p4v1.Entity {
			return &p4v1.Entity{Entity: &p4v1.Entity_PacketReplicationEngineEntry{PacketReplicationEngineEntry: &p4v1.PacketReplicationEngineEntry{
				Type: &p4v1.PacketReplicationEngineEntry_MulticastGroupEntry{MulticastGroupEntry: &p4v1.MulticastGroupEntry{
					MulticastGroupId: 5, Replicas: copies, Metadata: nil,
				}},
			}}}
		}
		if err := s.insert(ctx, group([]*p4v1.Replica{{PortKind: &p4v1.Replica_Port{Port: []byte{2}}, Instance: 1}})); err != nil {
			return outcome(err)
		}
		all, err := s.read(ctx, group(nil))
		switch {
		case err != nil:
			return outcome(err)
		case len(all) != 1 || len(all[0].GetPacketReplicationEngineEntry().GetMulticastGroupEntry().GetReplicas()) != 1:
			return "nothing"
		case all[0].GetPacketReplicationEngineEntry().GetMulticastGroupEntry().Replicas[0].GetPort() == nil:
			return "egress_port"
		}
		return "port"
	}},
	{"other-device-id", clientGateway, func(ctx context.Context, s *tried) string {
		_, err := s.client.Write(ctx, &p4v1.WriteRequest{DeviceId: device + 8, ElectionId: election})
		return outcome(err)
	}},
	{"write-as-another", clientGateway, func(ctx context.Context, s *tried) string {
		_, err := s.client.Write(ctx, &p4v1.WriteRequest{DeviceId: device, ElectionId: &p4v1.Uint128{Low: 9}})
		return outcome(err)
	}},
	{"meter-read", replicaGateway, func(ctx context.Context, s *tried) string {
		meter := func(config *p4v1.MeterConfig) *p4v1.Entity {
			return &p4v1.Entity{Entity: &p4v1.Entity_MeterEntry{MeterEntry: &p4v1.MeterEntry{
				MeterId: id(s.info.Meters, "new_connections"), Index: &p4v1.Index{Index: 3}, Config: config,
			}}}
		}
		if err := s.modify(ctx, meter(&p4v1.MeterConfig{Cir: 1000, Cburst: 7, Pir: 3000, Pburst: 9})); err != nil {
			return outcome(err)
		}
		all, err := s.read(ctx, meter(nil))
		if err != nil || len(all) != 1 {
			return outcome(err)
		}
		c := all[0].GetMeterEntry().GetConfig()
		return fmt.Sprintf("%d/%d/%d/%d", c.GetCir(), c.GetCburst(), c.GetPir(), c.GetPburst())
	}},
	{"role", clientGateway, func(ctx context.Context, s *tried) string {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := s.client.StreamChannel(ctx)
		if err != nil {
			return outcome(err)
		}
		if err := stream.Send(&p4v1.StreamMessageRequest{Update: &p4v1.StreamMessageRequest_Arbitration{
			Arbitration: &p4v1.MasterArbitrationUpdate{DeviceId: device, ElectionId: &p4v1.Uint128{Low: 5}, Role: &p4v1.Role{Name: "observer"}},
		}}); err != nil {
			return outcome(err)
		}
		if _, err = stream.Recv(); err != nil {
			return outcome(err)
		}
		_, err = s.client.Write(ctx, &p4v1.WriteRequest{DeviceId: device, ElectionId: election})
		return outcome(err)
	}},
}
