// Package controller is firstack's controller: it keeps a session with every switch of a configuration, drives each
// in its role, probes replicas and origin servers, and tells its state.
//
// A configuration can be replaced while it runs: only what differs is written, and nothing that is open is
// disturbed. When the controller ends, or a switch is taken out of the configuration, the switch keeps what it has.
package controller
