package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Where the end-to-end tests read from. The shared captures are other people's
// and not part of the project; tests that want them skip without.
const (
	goldenDir     = "../../testdata/golden"
	demoDir       = "../../testdata/demo"
	deviationsDir = "../../testdata/deviations"
	sharedDir     = "../../../shared"
)

// asProgram makes the test binary run as wirespan itself, so that tests see
// its streams and its exit status.
const asProgram = "WIRESPAN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	if what := os.Getenv(asShop); what != "" {
		os.Exit(shop(what))
	}
	os.Exit(m.Run())
}

// e2eUpdate reports whether -update was given; another file may define it.
func e2eUpdate() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// runResult is what a run of the program left behind.
type runResult struct {
	code           int
	stdout, stderr string
	took           time.Duration
}

// programCmd prepares a run of wirespan. The caller starts it.
func programCmd(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), asProgram+"=1", "LC_ALL=C.UTF-8", "NO_COLOR=1", "GOMEMLIMIT=off")
	return cmd
}

// wirespan runs the program to its end.
func wirespan(t *testing.T, args ...string) runResult {
	t.Helper()
	return wirespanOn(t, nil, args...)
}

// wirespanOn is wirespan with a standard input.
func wirespanOn(t *testing.T, stdin io.Reader, args ...string) runResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	cmd := programCmd(ctx, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	begin := time.Now()
	err := cmd.Run()
	o := runResult{stdout: out.String(), stderr: errs.String(), took: time.Since(begin)}
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		o.code = exit.ExitCode()
	case err != nil:
		t.Fatalf("wirespan %s: %v", strings.Join(args, " "), err)
	}
	return o
}

// mustRead runs `wirespan read` in this process and wants an exit status.
func mustRead(t *testing.T, want int, args ...string) {
	t.Helper()
	args = append([]string{"read", "--summary=false", "--progress=never"}, args...)
	if got := run(t.Context(), args); got != want {
		t.Fatalf("wirespan %s: exit status %d, want %d", strings.Join(args, " "), got, want)
	}
}

// outputOf runs `wirespan read` in this process and returns what it wrote as one
// format.
func outputOf(t *testing.T, format string, args ...string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "out")
	mustRead(t, 0, append(args, "--out", format+":"+path)...)
	return readFile(t, path)
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// writeFile makes a file in the test's own directory.
func writeFile(t *testing.T, name string, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// goldenCapture is the path of one of the recorded captures.
func goldenCapture(name string) string { return filepath.Join(goldenDir, name+".pcap") }

// demoCaptures are the captures that come with the program.
func demoCaptures() []string {
	return []string{filepath.Join(demoDir, "edge.pcap"), filepath.Join(demoDir, "app.pcap")}
}

// sharedCapture is a path below the shared captures; the test skips without it.
func sharedCapture(t *testing.T, elem ...string) string {
	t.Helper()
	p := filepath.Join(append([]string{sharedDir}, elem...)...)
	if _, err := os.Stat(p); err != nil {
		t.Skip("the shared captures are not here")
	}
	return p
}

// toolPath is a program of the system; the test skips without it.
func toolPath(t *testing.T, name string) string {
	t.Helper()
	for _, p := range []string{name, "/usr/sbin/" + name, "/sbin/" + name} {
		if found, err := exec.LookPath(p); err == nil {
			return found
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}
