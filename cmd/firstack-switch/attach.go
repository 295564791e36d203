package main

import (
	"fmt"

	"github.com/firstack/firstack/softswitch"
	"github.com/firstack/firstack/softswitch/ports"
)

// attach opens the interfaces of the command line as ports of the switch.
func attach(sw *softswitch.Switch, c config, log logger) error {
	for _, p := range c.interfaces {
		iface, err := ports.OpenInterface(p.iface, ports.InterfaceOptions{Queue: c.queue, Logger: log})
		if err != nil {
			return fmt.Errorf("-i %d@%s: %w", p.number, p.iface, err)
		}
		if err := sw.AddPort(p.number, iface); err != nil {
			return fmt.Errorf("-i %d@%s: %w", p.number, p.iface, err)
		}
		iface.StartBursts(sw.Receiver(p.number).Receive, func(err error) {
			log.Error("interface failed", "port", p.number, "interface", p.iface, "error", err)
		})
		if err := iface.WatchLink(func(l ports.Link) { _ = sw.SetPortLink(p.number, l) }); err != nil { // a port that is gone has no link
			return fmt.Errorf("-i %d@%s: %w", p.number, p.iface, err)
		}
		log.Info("port attached", "port", p.number, "interface", p.iface)
	}
	return nil
}
