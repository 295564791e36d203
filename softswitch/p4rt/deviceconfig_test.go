package p4rt

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

func TestDeviceData(t *testing.T) {
	wrapped := protowire.AppendTag(nil, 1, protowire.VarintType)
	wrapped = protowire.AppendVarint(wrapped, 1)
	wrapped = protowire.AppendTag(wrapped, 2, protowire.BytesType)
	wrapped = protowire.AppendBytes(wrapped, []byte("extras"))
	wrapped = protowire.AppendTag(wrapped, fieldDeviceData, protowire.BytesType)
	wrapped = protowire.AppendBytes(wrapped, []byte(`{"a": 1}`))
	for _, c := range []struct {
		name, config, want string
		fails              bool
	}{
		{"plain", `{"a": 1}`, `{"a": 1}`, false},
		{"plain after space", "\n {}", "\n {}", false},
		{"wrapped", string(wrapped), `{"a": 1}`, false},
		{"cut", string(wrapped[:len(wrapped)-1]), "", true},
		{"text", "hello", "", true},
		{"nothing in it", string(wrapped[:2]), "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := deviceData([]byte(c.config))
			if (err != nil) != c.fails || !bytes.Equal(got, []byte(c.want)) {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func FuzzDeviceData(f *testing.F) {
	f.Add([]byte("{}"))
	f.Add([]byte("\x08\x01\x1a\x02{}"))
	f.Fuzz(func(t *testing.T, config []byte) {
		if data, err := deviceData(config); err == nil && len(data) > len(config) {
			t.Errorf("%d bytes of %d", len(data), len(config))
		}
	})
}
