package config_test

import (
	"encoding"
	"testing"

	"github.com/firstack/firstack/controller/config"
)

func TestTextForms(t *testing.T) {
	for _, test := range []struct {
		into interface {
			encoding.TextMarshaler
			encoding.TextUnmarshaler
		}
		text, want string // "" refuses
	}{
		{new(config.MAC), "02:00:00:00:00:01", "02:00:00:00:00:01"},
		{new(config.MAC), "0A:bc:00:00:00:FF", "0a:bc:00:00:00:ff"},
		{new(config.MAC), "02-00-00-00-00-01", ""},
		{new(config.MAC), "0200.0000.0001", ""},
		{new(config.MAC), "02:00:00:00:00", ""},
		{new(config.MAC), "02:00:00:00:00:01:02:03", ""},
		{new(config.MAC), "", ""},
		{new(config.ElectionID), "7", "7"},
		{new(config.ElectionID), "0,7", "7"},
		{new(config.ElectionID), "1, 2", "1,2"},
		{new(config.ElectionID), "18446744073709551615,18446744073709551615", "18446744073709551615,18446744073709551615"},
		{new(config.ElectionID), "18446744073709551616", ""},
		{new(config.ElectionID), "1,2,3", ""},
		{new(config.ElectionID), "-1", ""},
		{new(config.ElectionID), ",1", ""},
		{new(config.ElectionID), "1,", ""},
	} {
		err := test.into.UnmarshalText([]byte(test.text))
		if test.want == "" {
			if err == nil {
				t.Errorf("%T takes %q", test.into, test.text)
			}
			continue
		}
		text, _ := test.into.MarshalText()
		if err != nil || string(text) != test.want {
			t.Errorf("%T makes %q, %v of %q; want %q", test.into, text, err, test.text, test.want)
		}
	}
}
