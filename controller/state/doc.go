// Package state is what a running controller can tell: the types that `firstack show` prints, their JSON over HTTP,
// and the Prometheus metrics. It asks a Source and keeps nothing.
package state
