// Package bench measures the embedded switch with firstack's own programs: packets, P4Runtime writes, memory and
// learning. It has benchmarks only; tests/benchreport makes docs/benchmarks.md of them.
package bench
