package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// veth makes a pair of interfaces, whose other end is in a namespace of its own.
func veth(t *testing.T) (name, peer, namespace string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("NOT RUN: making interfaces needs root: sudo -E go test")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("NOT RUN: needs ip (apt-get install iproute2)")
	}
	id := os.Getpid() % 100000
	name, peer, namespace = fmt.Sprintf("fsg%d", id), "eth0", fmt.Sprintf("fsgnmi-%d", id)
	if out, err := exec.Command("ip", "netns", "add", namespace).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no network namespace could be made; a container needs --privileged, a kernel CONFIG_NET_NS: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", namespace).Run() })
	if out, err := exec.Command("ip", "link", "add", name, "type", "veth", "peer", "name", peer, "netns", namespace).CombinedOutput(); err != nil {
		t.Skipf("NOT RUN: no veth pair could be made; modprobe veth, or a kernel with CONFIG_VETH: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("ip", "link", "del", name).Run() })
	_ = os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0o644)
	ip(t, "link set dev %s up", name)
	ip(t, "-n %s link set dev %s up", namespace, peer)
	return name, peer, namespace
}

func ip(t *testing.T, format string, args ...any) {
	t.Helper()
	words := strings.Fields(fmt.Sprintf(format, args...))
	if out, err := exec.Command("ip", words...).CombinedOutput(); err != nil {
		t.Fatalf("ip %v: %v: %s", words, err, out)
	}
}

// TestLinkOverGNMI: a real link that goes down is told of to whoever has subscribed, by itself, and so is a port that is
// disabled.
func TestLinkOverGNMI(t *testing.T) {
	name, peer, namespace := veth(t)
	l := start(t, "--no-p4", "-i", "3@"+name, "--grpc-server-addr", "127.0.0.1:0")
	client := gpb.NewGNMIClient(dial(t, l.wait(t, `listens" address=(\S+)`)))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	at := func(leaf string) *gpb.Path {
		p := &gpb.Path{Elem: []*gpb.PathElem{{Name: "interfaces"}, {Name: "interface", Key: map[string]string{"name": name}}}}
		for _, e := range strings.Split(leaf, "/") {
			p.Elem = append(p.Elem, &gpb.PathElem{Name: e})
		}
		return p
	}
	stream, err := client.Subscribe(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&gpb.SubscribeRequest{Request: &gpb.SubscribeRequest_Subscribe{Subscribe: &gpb.SubscriptionList{
		Encoding: gpb.Encoding_PROTO,
		Subscription: []*gpb.Subscription{
			{Path: at("state/oper-status"), Mode: gpb.SubscriptionMode_ON_CHANGE},
			{Path: at("state/admin-status"), Mode: gpb.SubscriptionMode_ON_CHANGE},
			{Path: at("state/id"), Mode: gpb.SubscriptionMode_ON_CHANGE},
		},
	}}}); err != nil {
		t.Fatal(err)
	}
	state := map[string]string{}
	await := func(want string) time.Duration {
		t.Helper()
		for began := time.Now(); ; {
			if got := fmt.Sprintf("%s %s %s", state["id"], state["admin-status"], state["oper-status"]); got == want {
				return time.Since(began)
			}
			r, err := stream.Recv()
			if err != nil {
				t.Fatalf("waiting for %s: %v", want, err)
			}
			for _, u := range r.GetUpdate().GetUpdate() {
				elems := u.GetPath().GetElem()
				state[elems[len(elems)-1].GetName()] = strings.Trim(fmt.Sprint(u.GetVal().GetStringVal(), u.GetVal().GetUintVal()), "0 ")
			}
		}
	}
	await("3 UP UP")
	time.Sleep(1100 * time.Millisecond) // the kernel tells of the first change at once, of others once a second
	ip(t, "-n %s link set dev %s down", namespace, peer)
	if took := await("3 UP DOWN"); took > time.Second {
		t.Errorf("the link went down, and that was told after %v", took)
	} else {
		t.Logf("told after %v", took)
	}
	ip(t, "-n %s link set dev %s up", namespace, peer)
	await("3 UP UP")
	set := func(enabled bool) {
		t.Helper()
		if _, err := client.Set(ctx, &gpb.SetRequest{Update: []*gpb.Update{{
			Path: at("config/enabled"), Val: &gpb.TypedValue{Value: &gpb.TypedValue_BoolVal{BoolVal: enabled}},
		}}}); err != nil {
			t.Fatal(err)
		}
	}
	set(false)
	await("3 DOWN DOWN")
	set(true)
	await("3 UP UP")
}
