// Package steering tests how client gateways steer connections by what they learned, in a network in one process: what
// becomes of the choice when replicas die, return, slow down or are busy, and when the controller is gone.
package steering
