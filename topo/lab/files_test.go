package lab

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/firstack/firstack/controller/config"
)

func TestFiles(t *testing.T) {
	p, l, err := prepare(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := WriteFiles(dir, p, l); err != nil {
		t.Fatal(err)
	}
	back, err := ReadLayout(filepath.Join(dir, layoutFile))
	if err != nil || !reflect.DeepEqual(l, back) {
		t.Errorf("layout: got %+v, %v\nwant %+v", back, err, l)
	}

	c, err := config.Load(filepath.Join(dir, controllerFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range c.Switches {
		if g := l.Gateway(s.Name); g == nil || s.Address != g.P4Runtime || s.DeviceID != uint64(g.DeviceID) {
			t.Errorf("switch %s is %d at %s", s.Name, s.DeviceID, s.Address)
		}
	}
	if c.Controller.Listen != controllerListen || len(c.Switches) != 3 || c.Health.Rise != 1 {
		t.Errorf("controller at %s, %d switches, health %+v", c.Controller.Listen, len(c.Switches), c.Health)
	}

	for host, listens := range map[string][]string{"o": {"10.2.0.10:80", "192.0.2.1:80"}, "r": {"198.51.100.7:8080"}} {
		text, err := os.ReadFile(filepath.Join(dir, "nginx", host+".conf"))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "listen "); n != len(listens) {
			t.Errorf("nginx of %s listens %d times", host, n)
		}
		for _, want := range append(listens, `add_header X-Served-By "B" always;`, "root "+dir+"/www;", "location /slow/ { alias "+dir+"/www/;") {
			if !strings.Contains(string(text), want) {
				t.Errorf("nginx of %s: %q is not there:\n%s", host, want, text)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "nginx", "c.conf")); err == nil {
		t.Error("the client has a web server")
	}

	sums, err := os.ReadFile(filepath.Join(dir, "www", sumsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Files {
		content, err := os.ReadFile(filepath.Join(dir, "www", f.Name))
		if err != nil {
			t.Fatal(err)
		}
		hash := sha256.Sum256(content)
		got := hex.EncodeToString(hash[:])
		want, err := Sum(l.Seed, f.Name)
		if err != nil || int64(len(content)) != f.Size || got != want || !strings.Contains(string(sums), got+"  "+f.Name+"\n") {
			t.Errorf("%s: %d bytes, SHA-256 %s, want %s (%v)", f.Name, len(content), got, want, err)
		}
	}
	if _, err := Sum(1, "nothing"); err == nil {
		t.Error("a file that is not there has a sum")
	}
	if a, _ := Sum(1, "1k"); a == func() string { b, _ := Sum(2, "1k"); return b }() {
		t.Error("the seed makes no difference")
	}
}

func TestLayoutFileThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := ReadLayout(filepath.Join(dir, "none")); err == nil || !strings.Contains(err.Error(), "no layout") {
		t.Errorf("got %v", err)
	}
	bad := filepath.Join(dir, "bad")
	if err := os.WriteFile(bad, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadLayout(bad); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("got %v", err)
	}
}
