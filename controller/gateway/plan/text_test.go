package plan

import (
	"bytes"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	p4configv1 "github.com/p4lang/p4runtime/go/p4/config/v1"
	p4v1 "github.com/p4lang/p4runtime/go/p4/v1"
	"google.golang.org/protobuf/encoding/prototext"

	"github.com/firstack/firstack/controller/p4rt"
	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tables"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares a text with a file in testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, []byte(got)) {
		t.Errorf("%s differs (-update writes it); got:\n%s", file, got)
	}
}

func infoOf(t *testing.T, p p4src.Program) *p4configv1.P4Info {
	t.Helper()
	info := &p4configv1.P4Info{}
	if err := prototext.Unmarshal(p.P4Info(), info); err != nil {
		t.Fatal(err)
	}
	return info
}

// text writes stages as people read them.
func text(s *tables.Schema, stages ...Stage) string {
	var b strings.Builder
	for _, stage := range stages {
		fmt.Fprintf(&b, "== %s\n", stage.Name)
		for _, e := range stage.Entities {
			object, key := s.Describe(e)
			fmt.Fprintf(&b, "%s  %s  %s\n", object, key, valueText(s, e))
		}
	}
	return b.String()
}

func valueText(s *tables.Schema, e *p4v1.Entity) string {
	switch x := e.GetEntity().(type) {
	case *p4v1.Entity_TableEntry:
		if set := x.TableEntry.GetAction().GetActionProfileActionSet(); set != nil {
			var parts []string
			for _, one := range set.GetActionProfileActions() {
				parts = append(parts, fmt.Sprintf("%d*%s", one.GetWeight(), actionText(s, one.GetAction())))
			}
			return "-> " + strings.Join(parts, " | ")
		}
		return "-> " + actionText(s, x.TableEntry.GetAction().GetAction())
	case *p4v1.Entity_MeterEntry:
		// Not by the message's own String, whose blanks differ from build to build.
		c := x.MeterEntry.GetConfig()
		return fmt.Sprintf("cir=%d cburst=%d pir=%d pburst=%d", c.GetCir(), c.GetCburst(), c.GetPir(), c.GetPburst())
	case *p4v1.Entity_DigestEntry:
		c := x.DigestEntry.GetConfig()
		return fmt.Sprintf("max_timeout=%v max_list=%d ack_timeout=%v", time.Duration(c.GetMaxTimeoutNs()), c.GetMaxListSize(), time.Duration(c.GetAckTimeoutNs()))
	}
	if _, copies, ok := p4rt.DecodeMulticastGroup(e); ok {
		return fmt.Sprint(copies)
	}
	return fmt.Sprint(e)
}

func actionText(s *tables.Schema, a *p4v1.Action) string {
	info := s.Action(a.GetActionId())
	var parts []string
	for _, p := range a.GetParams() {
		for _, i := range info.GetParams() {
			if i.GetId() != p.GetParamId() {
				continue
			}
			value := fmt.Sprintf("0x%x", p.GetValue())
			if tables.IsAddress(i.GetName(), int(i.GetBitwidth()), i.GetAnnotations()) {
				padded := make([]byte, i.GetBitwidth()/8)
				copy(padded[len(padded)-len(p.GetValue()):], p.GetValue())
				if addr, ok := netip.AddrFromSlice(padded); ok {
					value = addr.String()
				} else {
					value = tables.MAC(padded).String()
				}
			}
			parts = append(parts, i.GetName()+"="+value)
		}
	}
	return info.GetPreamble().GetAlias() + "(" + strings.Join(parts, ", ") + ")"
}
