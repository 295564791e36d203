// Package soak looks for what must never happen in races by the thousand, with everything that goes wrong in a network
// going wrong: see TestSoak.
package soak
