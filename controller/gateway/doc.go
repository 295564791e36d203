// Package gateway drives one switch in its role: client, server or replica gateway.
//
// A Gateway is an aggregate with one owner, the goroutine of Run. Configuration, health and questions reach it as
// closures in its mailbox; digests, packets and the outcomes of writes and reads reach it by channels. It never waits
// for a switch: each write or read runs beside it, at most one of a kind at a time, and comes back as a closure. So a
// slow switch delays its own entries and nothing else.
//
// What must be in the tables is computed whole (package plan) and written as the difference. A term, the time in
// which this controller is primary, begins by reading what the switch has; nothing is cleared, and what the switch
// knows that the controller forgot (translations, learned neighbors, numbers, replicas that drain) is adopted.
package gateway
