package p4rt

import (
	"container/list"
	"crypto/sha256"
	"testing"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/firstack/firstack/p4src"
)

// TestLoadRemembers: the same P4Info and device config are compiled once, whatever their cookie; another P4Info
// or device config is another program.
func TestLoadRemembers(t *testing.T) {
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p4src.ReplicaGateway.P4Info(), info); err != nil {
		t.Fatal(err)
	}
	config := func(cookie uint64, info *p4configv1.P4Info, json []byte) *p4v1.ForwardingPipelineConfig {
		return &p4v1.ForwardingPipelineConfig{
			P4Info: info, P4DeviceConfig: json, Cookie: &p4v1.ForwardingPipelineConfig_Cookie{Cookie: cookie},
		}
	}
	must := func(cfg *p4v1.ForwardingPipelineConfig) *loaded {
		t.Helper()
		l, err := load(cfg)
		if err != nil {
			t.Fatal(err)
		}
		if l.config != cfg {
			t.Errorf("the config is not the one that was loaded")
		}
		return l
	}
	json := p4src.ReplicaGateway.JSON()
	first := must(config(1, info, json))
	if again := must(config(2, proto.CloneOf(info), json)); again.prog != first.prog {
		t.Error("compiled again")
	}
	if other := must(config(1, info, append(append([]byte(nil), json...), '\n'))); other.prog == first.prog {
		t.Error("another device config was taken for the same")
	}
	changed := proto.CloneOf(info)
	changed.PkgInfo = &p4configv1.PkgInfo{Name: "another"}
	if other := must(config(1, changed, json)); other.prog == first.prog {
		t.Error("another P4Info was taken for the same")
	}
	if l, err := load(config(1, info, []byte("{"))); err == nil {
		t.Errorf("a broken program loaded: %v", l)
	}
}

// TestProgramCacheForgets: the ones used last are kept, and no more.
func TestProgramCacheForgets(t *testing.T) {
	c := programCache{entries: map[[sha256.Size]byte]*list.Element{}, order: list.New()}
	key := func(i int) [sha256.Size]byte { return [sha256.Size]byte{byte(i)} }
	for i := range keptPrograms {
		c.put(key(i), &loaded{})
	}
	if c.get(key(0), nil) == nil {
		t.Fatal("the first is gone too early")
	}
	c.put(key(keptPrograms), &loaded{})
	if c.get(key(1), nil) != nil || c.get(key(0), nil) == nil || len(c.entries) != keptPrograms || c.order.Len() != keptPrograms {
		t.Errorf("%d and %d are kept; the least used one should be gone", len(c.entries), c.order.Len())
	}
}
