package testgen

import "github.com/firstack/firstack/tests/vector"

// atLeast is how many cases of a program have to agree.
var atLeast = map[string]int{"client_gateway": 0, "server_gateway": 0, "replica_gateway": 0}

// differs says why a case that does not agree need not; docs/tofino.md has the reasons.
func differs(program string, c *Case, got []vector.Frame) string {
	if c.Truncated && c.Out == nil {
		return "a packet too short for its headers is dropped by TNA's parser"
	}
	return ""
}
