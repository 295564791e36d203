// Command genschema writes docs/config.schema.json from the configuration's Go types and their comments.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/firstack/firstack/controller/config/internal/schema"
)

func main() {
	folder := flag.String("d", ".", "folder of the Go types")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	text, err := schema.Of(*folder)
	if err == nil {
		err = os.WriteFile(*out, text, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
