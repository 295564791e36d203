package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/firstack/firstack/controller/config"
)

// Whatever a file holds: an answer without a panic; and what is accepted can be written and read again.
func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml", example} {
		for _, name := range files(f, pattern) {
			f.Add(read(f, name))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := config.Parse("fuzz", data)
		if err != nil {
			if c != nil || len(config.List(err)) == 0 {
				t.Fatalf("tree %v, error %v", c, err)
			}
			return
		}
		text := c.Encode()
		again, err := config.Parse("again", text)
		if err != nil {
			t.Fatalf("%v\nfrom\n%s", err, text)
		}
		if diff := cmp.Diff(c, again, sameAddresses); diff != "" {
			t.Fatalf("(-first +again)\n%s\n%s", diff, text)
		}
	})
}
