// Command genschema has ygot make Go structs of the YANG modules, formats them, and takes the generator's place on this
// machine out of them.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"regexp"
)

const generator = "github.com/openconfig/ygot/generator@v0.36.0"

var place = regexp.MustCompile(`by \S+/ygot@\S+`)

func main() {
	dir := flag.String("yang", "yang", "folder of the modules")
	out := flag.String("o", "", "file to write")
	flag.Parse()
	if err := generate(*dir, *out); err != nil {
		fmt.Fprintln(os.Stderr, "genschema:", err)
		os.Exit(1)
	}
}

func generate(dir, out string) error {
	cmd := exec.Command("go", "run", generator, "-path="+dir, "-output_file=-", "-package_name=schema",
		"-generate_fakeroot", "-fakeroot_name=root", "-compress_paths=false", "-include_model_data",
		"-generate_simple_unions", "-generate_getters", "-typedef_enum_with_defmod", dir+"/firstack.yang")
	cmd.Stderr = os.Stderr
	code, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("%s: %w", generator, err)
	}
	code = place.ReplaceAll(code, []byte("by "+generator))
	if code, err = format.Source(bytes.TrimSpace(code)); err != nil {
		return fmt.Errorf("format what %s made: %w", generator, err)
	}
	return os.WriteFile(out, code, 0o644)
}
