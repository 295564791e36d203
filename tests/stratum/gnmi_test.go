package stratum_test

import (
	"context"
	"net"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/tests/e2e/lab"
	"github.com/firstack/firstack/tests/stratum"
)

// gnmiOf connects to the gNMI server of a box, which is on the address of its P4Runtime.
func gnmiOf(t *testing.T, box *stratum.Switch) gpb.GNMIClient {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:box", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return box.Dial(ctx) }))
	check(t, err)
	t.Cleanup(func() { conn.Close() })
	return gpb.NewGNMIClient(conn)
}

// TestPortsOfTheChassis: names are the front panel's, numbers the chip's.
func TestPortsOfTheChassis(t *testing.T) {
	n := start(t, discover)
	client := gnmiOf(t, n.boxes[lab.ServerGateway])
	state := func(leaf string) *gpb.Path {
		return &gpb.Path{Elem: []*gpb.PathElem{
			{Name: "interfaces"}, {Name: "interface", Key: map[string]string{"name": "*"}}, {Name: "state"}, {Name: leaf},
		}}
	}
	got, err := client.Get(lab.Deadline(t), &gpb.GetRequest{
		Path: []*gpb.Path{state("ifindex"), state("oper-status")}, Encoding: gpb.Encoding_PROTO,
	})
	check(t, err)
	values := map[string]any{}
	for _, notification := range got.GetNotification() {
		for _, u := range notification.GetUpdate() {
			path := append(append([]*gpb.PathElem(nil), notification.GetPrefix().GetElem()...), u.GetPath().GetElem()...)
			name, leaf := "", path[len(path)-1].GetName()
			for _, e := range path {
				if e.GetName() == "interface" {
					name = e.GetKey()["name"]
				}
			}
			if leaf == "ifindex" {
				values[name+" "+leaf] = u.GetVal().GetUintVal()
			} else {
				values[name+" "+leaf] = u.GetVal().GetStringVal()
			}
		}
	}
	for what, want := range map[string]any{"1/0 ifindex": uint64(132), "2/0 ifindex": uint64(140), "1/0 oper-status": "UP", "2/0 oper-status": "UP"} {
		if values[what] != want {
			t.Errorf("%s is %v, want %v; all: %v", what, values[what], want, values)
		}
	}
}
