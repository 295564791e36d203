package gnmi_test

import (
	"net"
	"testing"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// documentedSwitch is the address of the switch that the manual's commands ask.
const documentedSwitch = "127.0.0.1:9559"

// socket is a port that leads nowhere.
type socket string

func (s socket) Name() string    { return string(s) }
func (socket) Send([]byte) error { return nil }
func (socket) Close() error      { return nil }

// manualSwitch is the switch of the manual, whose second port has no link, and says where it serves.
func manualSwitch(t *testing.T) (client gpb.GNMIClient, address string) {
	t.Helper()
	sw := softswitch.New(softswitch.Options{DeviceID: 1})
	for id, p := range map[uint32]socket{1: "eth1", 2: "eth2"} {
		if err := sw.AddPort(id, p); err != nil {
			t.Fatal(err)
		}
	}
	if err := sw.SetPortLink(1, ports.Link{Up: true, MAC: net.HardwareAddr{2, 0, 0, 0, 0, 1}, MTU: 1500, Speed: 10e9}); err != nil {
		t.Fatal(err)
	}
	if err := sw.SetPortLink(2, ports.Link{MTU: 1500}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := grpc.NewServer()
	sw.Register(g)
	served := make(chan struct{})
	go func() { defer close(served); _ = g.Serve(listener) }() // until Stop
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(); g.Stop(); <-served; sw.Close() })
	return gpb.NewGNMIClient(conn), listener.Addr().String()
}
