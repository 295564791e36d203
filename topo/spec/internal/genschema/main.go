// Command genschema writes the JSON schema of a topology to the file it is given.
package main

import (
	"log"
	"os"

	"github.com/firstack/firstack/topo/spec"
)

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: genschema FILE")
	}
	schema, err := spec.Schema()
	if err != nil {
		log.Fatalf("make the schema: %v", err)
	}
	if err := os.WriteFile(os.Args[1], schema, 0o644); err != nil {
		log.Fatalf("write the schema: %v", err)
	}
}
