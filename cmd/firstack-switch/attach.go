package main

import (
	"fmt"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// attach opens the interfaces of the command line as ports of the switch.
func attach(sw *softswitch.Switch, list []portFlag, log logger) error {
	for _, p := range list {
		iface, err := ports.OpenInterface(p.iface)
		if err != nil {
			return fmt.Errorf("-i %d@%s: %w", p.number, p.iface, err)
		}
		if err := sw.AddPort(p.number, iface); err != nil {
			return fmt.Errorf("-i %d@%s: %w", p.number, p.iface, err)
		}
		iface.Start(func(frame []byte) { sw.Receive(p.number, frame) }, func(err error) {
			log.Error("interface failed", "port", p.number, "interface", p.iface, "error", err)
		})
		log.Info("port attached", "port", p.number, "interface", p.iface)
	}
	return nil
}
