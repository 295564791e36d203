// Command gendoc writes docs/model.md from the YANG modules.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/firstack/firstack/controller/model"
	"github.com/firstack/firstack/controller/model/internal/doc"
)

func main() {
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := generate(*out); err != nil {
		fmt.Fprintln(os.Stderr, "gendoc:", err)
		os.Exit(1)
	}
}

func generate(out string) error {
	module, err := model.Parse()
	if err != nil {
		return err
	}
	return os.WriteFile(out, []byte(doc.Page(module)), 0o644)
}
