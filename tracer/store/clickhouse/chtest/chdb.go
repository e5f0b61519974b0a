package chtest

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// chdbDir is testdata/e2e/chdb, seen from the package under test.
func chdbDir(t *testing.T) string {
	t.Helper()
	for dir := "."; len(dir) < 40; dir = filepath.Join("..", dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "testdata", "e2e", "chdb")
		}
	}
	t.Fatal("no go.mod above")
	return ""
}

// chdbModules installs the npm package that testdata/e2e/chdb names, once per checkout.
func chdbModules(t *testing.T, chdb string) string {
	t.Helper()
	for _, p := range []string{"node", "npm"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("no %s here, which runs the engine of a current ClickHouse", p)
		}
	}
	lock, err := os.OpenFile(filepath.Join(chdb, "package.json"), os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join(chdb, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, ".complete")); err == nil {
		return modules
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
	cmd.Dir = chdb
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install chdb: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(modules, ".complete"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return modules
}

// StartCHDB runs a current engine until the test ends, and names a database of it.
func StartCHDB(t *testing.T) func(database string) string {
	t.Helper()
	chdb := chdbDir(t)
	modules := chdbModules(t, chdb)
	script, err := filepath.Abs(filepath.Join(chdb, "server.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, modules, MemoryDir(t))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Skipf("node does not start: %v", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		Kill(cmd)
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		Kill(cmd)
		t.Skipf("chdb does not run here: %v\n%s", err, stderr.String())
	}
	return func(database string) string {
		return fmt.Sprintf("http://127.0.0.1:%s/%s", strings.TrimSpace(port), database)
	}
}
