package etcd

import "testing"

// Names of switches may hold anything; keys of others are left alone.
func TestKeys(t *testing.T) {
	c := &Cluster{options: Options{Prefix: "/p"}}
	for _, name := range []string{"gw1", "gw/1", "a b%2F", "ü", ".."} {
		if got, ok := c.switchOf(c.keyOf(name, 0x1f)); !ok || got != name {
			t.Errorf("%q comes back as %q, %v", name, got, ok)
		}
	}
	for _, key := range []string{"", "/p/switches/", "/p/switches/a", "/p/switches/a/", "/p/switches//1", "/p/switches/a/1/2", "/p/switches/%zz/1", "/q/switches/a/1", "/p/configuration"} {
		if name, ok := c.switchOf(key); ok {
			t.Errorf("%q is taken for a key of %q", key, name)
		}
	}
}
