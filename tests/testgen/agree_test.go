package testgen

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/firstack/firstack/p4src"
	"github.com/firstack/firstack/tests/vector"
	"github.com/firstack/firstack/tests/vector/embedded"
)

func read(t *testing.T, program string) []*Case {
	t.Helper()
	name := filepath.Join("testdata", program+".txt")
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Read(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	sources, err := Sources(os.DirFS("../../p4src"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte("# sources "+sources+"\n")) {
		t.Logf("NOT CURRENT: %s was derived before the programs for TNA were last changed (make p4-testgen)", name)
	}
	return cases
}

// What p4testgen derived from the programs for TNA comes out of those for v1model, and at least so many times.
func TestAgree(t *testing.T) {
	for _, program := range p4src.Programs {
		t.Run(string(program), func(t *testing.T) { agree(t, string(program), atLeast[string(program)]) })
	}
}

func agree(t *testing.T, name string, atLeast int) {
	cases := read(t, name)
	program, err := vector.LoadProgram(name)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	agreed, excluded := 0, map[string]int{}
	var work sync.WaitGroup
	queue := make(chan *Case)
	for range runtime.GOMAXPROCS(0) {
		target, err := embedded.Start(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		work.Add(1)
		go func() {
			defer work.Done()
			for c := range queue {
				got, err := Run(context.Background(), target, program, c)
				if err == nil {
					err = c.Compare(got)
				}
				mu.Lock()
				switch why := differs(name, c, got); {
				case err == nil:
					agreed++
				case why != "":
					excluded[why]++
				default:
					t.Errorf("testdata/%s.txt:%d: in  %s\n%v", name, c.Line, describe(c), err)
				}
				mu.Unlock()
			}
			if err := target.Close(); err != nil {
				t.Error(err)
			}
		}()
	}
	for _, c := range cases {
		queue <- c
	}
	close(queue)
	work.Wait()
	t.Logf("%s: %d cases, %d agree", name, len(cases), agreed)
	var reasons []string
	for why, n := range excluded {
		reasons = append(reasons, fmt.Sprintf("%d do not: %s", n, why))
	}
	slices.Sort(reasons)
	for _, r := range reasons {
		t.Log(r)
	}
	if agreed < atLeast {
		t.Errorf("%s: %d cases agree, %d should", name, agreed, atLeast)
	}
}

func describe(c *Case) string { return fmt.Sprintf("port %d, %s", c.InPort, show(c.InPort, c.In)) }
