// Package gnmi is the controller's northbound gNMI server (gNMI specification 0.10): Capabilities, Get, Set and Subscribe
// over the tree of package model.
//
// A Set is one transaction. Its operations are carried out on a copy of the tree, which is then checked as a whole; only
// when nothing is wrong is it stored, and then given to the controller. What is refused is told with its path, all of
// it at once, and has changed nothing. When a Set is answered, the store has it for good.
//
// State is asked of the controller when somebody asks for it: subscriptions to changes look for them at an interval, but
// hear of changed configuration at once. What it leaves out on purpose: origins other than its own, ASCII and BYTES as
// encodings, union_replace, and who may do what: it belongs on a loopback address or behind mutual TLS.
package gnmi
