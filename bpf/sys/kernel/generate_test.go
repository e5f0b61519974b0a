//go:build linux

package kernel

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerate makes the objects again and compares them byte for byte.
func TestGenerate(t *testing.T) {
	for _, tool := range []string{"clang-14", "llvm-strip-14"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s (apt-get install clang-14 llvm-14)", tool)
		}
	}
	version, err := exec.Command("clang-14", "--version").Output()
	if err != nil {
		t.Skip(err)
	}
	objects, err := filepath.Glob("*_bpfel.*")
	if err != nil || len(objects) == 0 {
		t.Fatalf("no objects: %v", err)
	}
	dir := t.TempDir()
	for line := range strings.Lines(mustRead(t, "objects.go")) {
		words, ok := strings.CutPrefix(line, "//go:generate go tool bpf2go ")
		if !ok {
			continue
		}
		// As go generate splits words: the quoted one is the last flag's value.
		head, rest, _ := strings.Cut(strings.TrimSpace(words), `"`)
		flags, tail, _ := strings.Cut(rest, `"`)
		args := append([]string{"tool", "bpf2go", "-output-dir", dir}, strings.Fields(head)...)
		cmd := exec.Command("go", append(append(args, flags), strings.Fields(tail)...)...)
		cmd.Env = append(os.Environ(), "GOPACKAGE=kernel")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
	}
	for _, name := range objects {
		again, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Errorf("%s is made by nothing: %v", name, err)
			continue
		}
		if !bytes.Equal(again, []byte(mustRead(t, name))) {
			t.Errorf("%s is not what go generate makes of its source, with %s", name, bytes.TrimSpace(version))
		}
	}
}

func mustRead(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
