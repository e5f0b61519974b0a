package all_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
)

// rooms are the folders below l7 that are no protocol.
var rooms = []string{"all", "cursor", "engine", "hpack", "ids", "l7test", "plugin", "sqltext", "tlskeys", "unpack"}

const importPath = "github.com/wirespan/wirespan/l7/"

func TestEveryProtocolIsComplete(t *testing.T) {
	listed := imports(t)
	found := 0
	for _, name := range folders(t) {
		if slices.Contains(rooms, name) || name[0] == '_' {
			continue
		}
		found++
		t.Run(name, func(t *testing.T) {
			complete(t, filepath.Join("..", name))
			if !slices.Contains(listed, importPath+name) {
				t.Errorf("l7/%s is not listed in all.go", name)
			}
		})
	}
	if found == 0 {
		t.Error("no protocol folders found")
	}
}

func TestTemplateIsComplete(t *testing.T) { complete(t, filepath.Join("..", "_template")) }

// complete checks what every protocol's folder must have.
func complete(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "README.md")); err != nil {
		t.Errorf("README.md: %v", err)
	}
	var golden int
	err := filepath.WalkDir(filepath.Join(dir, "testdata"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".golden.json") {
			golden++
		}
		return err
	})
	if err != nil || golden == 0 {
		t.Errorf("testdata has %d golden cases (%v), want at least one", golden, err)
	}
	funcs := testFuncs(t, dir)
	for _, kind := range []string{"Fuzz", "Benchmark"} {
		if !slices.ContainsFunc(funcs, func(name string) bool { return strings.HasPrefix(name, kind) }) {
			t.Errorf("no %s function in the tests", kind)
		}
	}
}

// folders lists the folders below l7 that hold Go files.
func folders(t *testing.T) (names []string) {
	t.Helper()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files, _ := filepath.Glob(filepath.Join("..", e.Name(), "*.go")); e.IsDir() && len(files) > 0 {
			names = append(names, e.Name())
		}
	}
	return names
}

// testFuncs lists the functions of a folder's test files.
func testFuncs(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// imports lists what all.go imports.
func imports(t *testing.T) (paths []string) {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "all.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range f.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

func TestProtosFitTheEngine(t *testing.T) {
	cfg := engine.Config{Protos: all.Protos(), Options: l7test.Options(), MaxCarry: 1 << 20}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
	for _, p := range cfg.Protos {
		for i, k := range p.Keys {
			if k.Name == "" || k.Doc == "" {
				t.Errorf("%s: key %d %q lacks its name or its line of documentation", p.Name, i, k.Name)
			}
		}
	}
}
