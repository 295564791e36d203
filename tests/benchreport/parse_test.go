package main

import (
	"strings"
	"testing"
)

func TestParseTakesTheMedianOfRuns(t *testing.T) {
	results := parse(`goos: linux
BenchmarkGateway/a-2   1000   1500 ns/op   0 allocs/op
BenchmarkGateway/a-2   1000   1700 ns/op   0 allocs/op
BenchmarkGateway/a-2   1000   9999 ns/op   0 allocs/op
PASS`)
	if len(results) != 1 || results[0].name != "Gateway/a" {
		t.Fatalf("got %+v", results)
	}
	var b strings.Builder
	writeTable(&b, results)
	want := "| benchmark | allocs/op | ns/op |\n|---|---:|---:|\n| Gateway/a | 0 | 1,700 |\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}
