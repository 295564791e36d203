// Package schema is a P4Info in the form in which a server uses it: objects found by id or name,
// references resolved, widths at hand, and everything that this server cannot serve refused when
// the P4Info arrives and not when somebody uses it.
//
// A Schema never changes. It says nothing about the compiled program; whoever loads both compares
// them by name.
package schema
