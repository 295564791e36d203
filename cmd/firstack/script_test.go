package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata/script run the command as a user would.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"firstack": main,
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true})
}

func TestRootHasHelpForEveryCommand(t *testing.T) {
	for _, c := range newRoot().Commands() {
		if c.Short == "" || (c.RunE == nil && !c.HasSubCommands()) {
			t.Errorf("%s: no help or nothing to run", c.Name())
		}
	}
}
