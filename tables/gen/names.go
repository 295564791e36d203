package main

import (
	"fmt"
	"strings"
)

// initialisms keep their capitals in Go names.
var initialisms = map[string]string{
	"arp": "ARP", "icmp": "ICMP", "id": "ID", "ip": "IP", "isn": "ISN", "mac": "MAC",
	"mss": "MSS", "mtu": "MTU", "tcp": "TCP", "ttl": "TTL", "udp": "UDP",
}

// goName makes an exported Go name of a P4 name.
func goName(p4 string) string {
	words := strings.FieldsFunc(p4, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
	var b strings.Builder
	for _, w := range words {
		if known, ok := initialisms[w]; ok {
			b.WriteString(known)
		} else {
			b.WriteString(strings.ToUpper(w[:1]) + w[1:])
		}
	}
	name := b.String()
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "X" + name
	}
	return name
}

// memberName is the Go name of a key field, parameter or member: its last component.
func memberName(p4 string) string {
	parts := strings.Split(strings.ReplaceAll(p4, "$", ""), ".")
	last := parts[len(parts)-1]
	if strings.HasPrefix(last, "isValid") && len(parts) > 1 {
		last = parts[len(parts)-2] + "_valid"
	}
	return goName(last)
}

// unique refuses a Go name that two things of one scope would share.
type unique map[string]string

func (u unique) claim(name, what string) error {
	if other, taken := u[name]; taken {
		return fmt.Errorf("%s and %s would both be called %s: give one of them another @name", other, what, name)
	}
	u[name] = what
	return nil
}
