package main

import (
	"net"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the command as a user would.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"firstack": main,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"until": until},
		Setup: func(e *testscript.Env) error {
			free, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			e.Setenv("FREE", free.Addr().String())
			return free.Close()
		},
	})
}

// until runs a command again and again until it succeeds: what it asks may have to start first.
func until(ts *testscript.TestScript, _ bool, args []string) {
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if err = ts.Exec(args[0], args[1:]...); err == nil {
			return
		}
	}
	ts.Fatalf("%v: %v", args, err)
}

func TestRootHasHelpForEveryCommand(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if c.Short == "" || (c.RunE == nil && !c.HasSubCommands()) {
			t.Errorf("%s: no help or nothing to run", c.Name())
		}
	}
}
