// Package npmtest installs the npm packages that tests run: those that a
// package.json below testdata/e2e names. It stands beside the tests that use it
// and is no part of the program.
package npmtest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Dir is a folder below testdata/e2e as an absolute path, whatever package is
// under test.
func Dir(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "e2e", name)
		}
	}
	t.Fatal("no go.mod above")
	return ""
}

// Install installs what testdata/e2e/name needs, once per checkout, however many
// tests ask at a time, and returns that folder. args are more arguments of npm
// install. Where there is no node or no registry, the test is skipped, with what
// it would have run.
func Install(t testing.TB, name, what string, args ...string) (dir string) {
	t.Helper()
	for _, p := range []string{"node", "npm"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("no %s here, which runs %s", p, what)
		}
	}
	dir = Dir(t, name)
	lock, err := os.Open(filepath.Join(dir, "package.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	done := filepath.Join(dir, "node_modules", ".complete")
	if _, err := os.Stat(done); err == nil {
		return dir
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", append([]string{"install", "--no-package-lock", "--no-audit", "--no-fund"}, args...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install %s: %v\n%s", what, err, out)
	}
	if err := os.WriteFile(done, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir
}
