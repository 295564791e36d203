package lab

import (
	"fmt"
	"path/filepath"
)

// Switch says which switch the gateways are.
type Switch string

// The switches.
const (
	Firstack Switch = "firstack" // firstack-switch
	BMv2     Switch = "bmv2"     // simple_switch_grpc
)

// Switches lists them.
var Switches = []Switch{Firstack, BMv2}

// ParseSwitch reads the name of a switch.
func ParseSwitch(text string) (Switch, error) {
	for _, s := range Switches {
		if text == string(s) {
			return s, nil
		}
	}
	return "", fmt.Errorf("switch %q: want firstack or bmv2", text)
}

// binary is the program of the switch.
func (s Switch) binary() string {
	if s == BMv2 {
		return "simple_switch_grpc"
	}
	return "firstack-switch"
}

// offloads tells whether hosts may leave checksums and segments to a network card that there is not. firstack-switch
// finishes such packets; BMv2 takes them as they are and makes wrong ones of them.
func (s Switch) offloads() bool { return s == Firstack }

// argv is the command of a gateway's switch. It starts without a program: the controller pushes it.
func (s Switch) argv(binary string, g *Gateway, dir string) []string {
	argv := []string{
		binary, "--no-p4", "--device-id", fmt.Sprint(g.DeviceID),
		"-i", fmt.Sprintf("%d@%s", g.WAN.Port, g.WAN.Interface),
		"-i", fmt.Sprintf("%d@%s", g.LAN.Port, g.LAN.Interface),
		"--log-console", "-L", "info",
	}
	if s == BMv2 {
		// Its sockets for notifications are files, which namespaces do not keep apart.
		argv = append(argv, "--notifications-addr", "ipc://"+filepath.Join(dir, g.Name+".ipc"))
	}
	return append(argv, "--", "--grpc-server-addr", g.P4Runtime, "--cpu-port", fmt.Sprint(g.CPUPort))
}
