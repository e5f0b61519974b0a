package main_test

import (
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/wirespan/wirespan/"

// directions says what the packages of each room may import of ours, however
// indirectly; the first line whose pattern matches a package counts. A pattern
// that ends in "/..." covers the folder and all below it, "*" is one folder.
var directions = []struct {
	room string
	may  []string
}{
	{"capture/...", []string{"capture/..."}},
	{"bpf/filter", []string{"capture"}},
	{"bpf/sys", nil},
	{"bpf/sys/goroutines", nil},
	{"bpf/sys/kernel", []string{"bpf/sys"}},
	{"mirror/...", []string{"capture/...", "mirror/..."}},
	{"flows/...", []string{"capture/...", "flows/..."}},
	{"l7", nil},
	{"l7/all", []string{"l7", "l7/..."}},
	{"l7/engine", []string{"capture/...", "flows/...", "l7"}},
	{"l7/l7test/...", []string{"capture/...", "flows/...", "l7", "l7/cursor", "l7/ids", "l7/engine", "l7/l7test/..."}},
	{"l7/*", []string{"l7", "l7/cursor", "l7/hpack", "l7/ids", "l7/sqltext", "l7/unpack"}},
	{"tracer/span", nil},
	{"tracer/...", []string{"bpf/sys", "capture/...", "flows/...", "l7", "l7/engine", "l7/cursor", "l7/ids", "tracer/..."}},
	{"cmd/...", []string{"cmd/...", "bpf/...", "capture/...", "flows/...", "l7/...", "mirror/...", "tracer/..."}},
}

// TestImportDirections keeps the rooms in one line: capture, flows, l7/engine,
// tracer, and cmd above all of them (ARCHITECTURE.md).
func TestImportDirections(t *testing.T) {
	packages := dependencies(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages of ours", len(packages))
	}
	for name, deps := range packages {
		may, known := allowed(name)
		if !known {
			t.Errorf("%s: in no room; the top level is fixed", name)
			continue
		}
		for _, dep := range deps {
			if forTests(dep) && !forTests(name) {
				t.Errorf("%s imports %s, which is for tests", name, dep)
			}
			if !slices.ContainsFunc(may, func(m string) bool { return covers(m, dep) }) {
				t.Errorf("%s must not import %s, not even through others", name, dep)
			}
		}
	}
}

// forTests reports whether a package is for tests only.
func forTests(name string) bool {
	return strings.HasPrefix(name, "l7/l7test") || strings.HasSuffix(path.Base(name), "test")
}

// TestDirectionsCatch makes sure that the rules refuse what they are for.
func TestDirectionsCatch(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"flows", "capture/wire", true},
		{"capture/wire", "flows", false},
		{"flows", "l7", false},
		{"l7/http1", "l7/ids", true},
		{"l7/http1", "l7/dns", false},
		{"l7/http1", "l7/engine", false},
		{"l7/engine", "l7/http1", false},
		{"tracer/link", "l7/engine", true},
		{"tracer/link", "l7/http1", false},
		{"tracer/executor", "bpf/sys", true},
		{"tracer/executor", "bpf/sys/kernel", false},
		{"tracer/span", "l7", false},
		{"l7/engine", "tracer/span", false},
		{"cmd/wirespan", "l7/http1", true},
	} {
		may, _ := allowed(c.from)
		if got := slices.ContainsFunc(may, func(m string) bool { return covers(m, c.to) }); got != c.want {
			t.Errorf("%s may import %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

func allowed(name string) (may []string, known bool) {
	for _, d := range directions {
		if covers(d.room, name) {
			return d.may, true
		}
	}
	return nil, false
}

// covers reports whether a pattern of directions matches a package.
func covers(pattern, name string) bool {
	if folder, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == folder || strings.HasPrefix(name, folder+"/")
	}
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// dependencies lists our packages and, for each, those of ours it stands on.
func dependencies(t *testing.T) map[string][]string {
	t.Helper()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command")
	}
	list := exec.Command(goTool, "list", "-deps", "-f", `{{.ImportPath}} {{join .Deps " "}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		name, ours := strings.CutPrefix(f[0], module)
		if !ours {
			continue
		}
		packages[name] = nil
		for _, d := range f[1:] {
			if dep, ours := strings.CutPrefix(d, module); ours {
				packages[name] = append(packages[name], dep)
			}
		}
	}
	return packages
}
