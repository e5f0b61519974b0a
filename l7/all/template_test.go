package all_test

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestTemplate compiles l7/_template as if it stood in a folder that go looks
// into, and runs its tests: whoever copies it begins with something that works.
func TestTemplate(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a package")
	}
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: ", err)
	}
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	from := filepath.Join(root, "_template")
	files, err := filepath.Glob(filepath.Join(from, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files in the template: %v", len(files), err)
	}
	replace := map[string]string{}
	for _, f := range files {
		replace[filepath.Join(root, "quote", filepath.Base(f))] = f
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, binary := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "quote.test")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.Command(goTool, "test", "-c", "-vet=off", "-overlay", file, "-o", binary, "./quote")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	args := []string{}
	if flag.Lookup("update").Value.String() == "true" { // of l7test
		args = append(args, "-update")
	}
	run := exec.Command(binary, args...)
	run.Dir = from // for its testdata
	if out, err := run.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
