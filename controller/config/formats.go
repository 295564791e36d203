package config

import (
	"fmt"
	"net"
	"regexp"
	"strconv"

	"github.com/firstack/firstack/controller/internal/shape"
)

// Names are label values of metrics and parts of paths.
var namePattern = regexp.MustCompile("^" + shape.Patterns["name"] + "$")

var pathPattern = regexp.MustCompile("^" + shape.Patterns["path"] + "$")

// formatProblem says why a string is not of its rule's format; "" when it is.
func formatProblem(s string, rule shape.Rule) string {
	if s == "" && rule.Required {
		return "is empty"
	}
	switch rule.Format {
	case "name":
		if !namePattern.MatchString(s) {
			return fmt.Sprintf("%q is not a name: up to 63 of a-z A-Z 0-9 . _ -, a letter or digit first", s)
		}
	case "path":
		if s != "" && !pathPattern.MatchString(s) {
			return fmt.Sprintf("%q is not the path of a URL, such as /healthz", s)
		}
	case "listen":
		if s == ListenOff {
			return ""
		}
		return endpointProblem(s, true)
	case "endpoint":
		return endpointProblem(s, false)
	}
	return ""
}

// ListenOff is the value of Controller.Listen for no endpoint.
const ListenOff = "off"

// endpointProblem wants host:port; the host may be empty, and the port 0, where one listens.
func endpointProblem(s string, listen bool) string {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return fmt.Sprintf("%q is not host:port", s)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	switch {
	case err != nil, n == 0 && !listen:
		return fmt.Sprintf("%q does not end in a port from 1 to 65535", s)
	case host == "" && !listen:
		return fmt.Sprintf("%q has no host before its port", s)
	}
	return ""
}
