package goroutines

import (
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// build makes a program with the toolchain of the test and returns it.
func build(t *testing.T, source string, env []string, flags ...string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": source, "go.mod": "module p\n\ngo 1.21\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", append(append([]string{"build", "-o", "p"}, flags...), ".")...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), append([]string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS="}, env...)...)
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("cannot build: %v: %s", err, b)
	}
	b, err := os.ReadFile(filepath.Join(dir, "p"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const hello = "package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Println(1) }\n"

const cgo = "package main\n\n// static __thread char room[300];\n// static char *at(void) { return room; }\nimport \"C\"\nimport \"fmt\"\n\nfunc main() { fmt.Println(C.at()) }\n"

// A program says the same whether it has symbols or not, and the table says
// what its DWARF does.
func TestInspect(t *testing.T) {
	b := build(t, hello, nil)
	full, err := Inspect(bytes.NewReader(b))
	if err != nil || full.DWARF || full.ReadyErr != nil || full.Offsets.Slot != usualSlot || full.Offsets.Reasons == 0 {
		t.Fatalf("%+v, %v", full, err)
	}
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	own, err := FromDWARF(f)
	if own.Slot = full.Offsets.Slot; err != nil || own != full.Offsets {
		t.Errorf("DWARF: %+v, %v; want %+v", own, err, full.Offsets)
	}
	arm, err := Inspect(bytes.NewReader(build(t, hello, []string{"GOARCH=arm64"})))
	if err != nil || arm.ReadyErr != nil || arm.Offsets.Slot != 0 || arm.Offsets.Goid != full.Offsets.Goid {
		t.Errorf("arm64: %+v, %v", arm, err)
	}
	for name, flags := range map[string][]string{
		"stripped": {"-ldflags=-s -w"}, "pie": {"-buildmode=pie"}, "stripped pie": {"-buildmode=pie", "-ldflags=-s -w"},
	} {
		p, err := Inspect(bytes.NewReader(build(t, hello, nil, flags...)))
		if err != nil || p.ReadyErr != nil || p.Offsets != full.Offsets {
			t.Errorf("%s: %+v, %v; want %+v", name, p, err, full)
		}
	}
}

// A version that is not in the table is understood by its DWARF, and not
// without.
func TestInspectUnpublished(t *testing.T) {
	b := bytes.ReplaceAll(build(t, hello, nil, "-ldflags=-compressdwarf=false"), []byte(runtime.Version()), []byte("go1.99.9" + strings.Repeat(" ", 8))[:len(runtime.Version())])
	p, err := Inspect(bytes.NewReader(b))
	if err != nil || !p.DWARF || p.Offsets.Goid == 0 {
		t.Errorf("%+v, %v", p, err)
	}
	b = bytes.ReplaceAll(build(t, hello, nil, "-ldflags=-s -w"), []byte(runtime.Version()), []byte("go1.99.9" + strings.Repeat(" ", 8))[:len(runtime.Version())])
	if p, err := Inspect(bytes.NewReader(b)); !errors.Is(err, ErrVersion) {
		t.Errorf("stripped: %+v, %v", p, err)
	}
}

// C code's thread-local storage moves g; a stripped program still shows where
// it is by the code that fetches it.
func TestInspectCgo(t *testing.T) {
	full, err := Inspect(bytes.NewReader(build(t, cgo, []string{"CGO_ENABLED=1"})))
	if err != nil || full.Offsets.Slot >= usualSlot {
		t.Fatalf("%+v, %v", full, err)
	}
	p, err := Inspect(bytes.NewReader(build(t, cgo, []string{"CGO_ENABLED=1"}, "-ldflags=-s -w")))
	if err != nil || p.Offsets != full.Offsets {
		t.Errorf("stripped: %+v, %v; want %+v", p, err, full)
	}
}

func TestInspectRefuses(t *testing.T) {
	if b, err := os.ReadFile("/bin/sh"); err == nil {
		if _, err := Inspect(bytes.NewReader(b)); !errors.Is(err, ErrNotGo) {
			t.Errorf("sh: %v", err)
		}
	}
	b := build(t, hello, nil, "-ldflags=-s -w")
	if _, err := Inspect(bytes.NewReader(b[:len(b)/3])); err == nil {
		t.Error("a third of a program was understood")
	}
}

func TestVersions(t *testing.T) {
	for _, v := range []string{"go1.17", "go1.20.14", "go1.21.0", "go1.24.4 (Red Hat 1.24.4-1.el9)", "go1.22.7-vendor.2", "go1.26.8"} {
		if o, err := byVersion(v); err != nil || o.Goid == 0 || o.M == 0 || o.Curg == 0 {
			t.Errorf("%s: %+v, %v", v, o, err)
		}
	}
	for _, v := range []string{"", "go1", "go1.16.3", "go1.99.1", "go1.26rc1", "go1.25beta1", "devel go1.27-abcdef", "go1.26.8 X:nosuch", "go2.1", "go1.-3", "1.20"} {
		if _, err := byVersion(v); !errors.Is(err, ErrVersion) {
			t.Errorf("%q: %v", v, err)
		}
	}
}

// Of a program that is none, or that is damaged, an error is said, whatever it is.
func FuzzInspect(f *testing.F) {
	f.Add([]byte("\x7fELF"))
	f.Add(tiny("go1.24.4", 64))
	f.Add(compressed())
	f.Add(tiny("go1.17", 0))
	f.Add(tiny("go1.99.1", 8))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Inspect(bytes.NewReader(b))
		if err == nil && (p.Offsets.Goid == 0 || p.Offsets.M == 0) {
			t.Fatalf("%+v", p)
		}
	})
}

func FuzzPrologue(f *testing.F) {
	f.Add([]byte{0x49, 0x3b, 0x66, 0x10, 0x76, 0x20, 0x55, 0x48})
	f.Add([]byte{0x4c, 0x8d, 0x64, 0x24, 0x80, 0x4d, 0x3b, 0x66, 0x10, 0x0f, 0x86, 1, 2, 3, 4, 0x48, 0x83, 0xec, 0x48})
	f.Fuzz(func(t *testing.T, code []byte) {
		for _, find := range []func([]byte) (int, error){prologueAMD64, prologueARM64} {
			if n, err := find(code); err == nil && (n < 0 || n >= len(code)) {
				t.Fatalf("%d of %d", n, len(code))
			}
		}
	})
}
