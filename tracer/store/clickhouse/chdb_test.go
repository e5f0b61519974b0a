package clickhouse

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

	"github.com/wirespan/wirespan/tracer/store/storetest"
)

const chdbDir = "../../../testdata/e2e/chdb"

// chdbModules installs the npm package that testdata/e2e/chdb names, once per checkout.
func chdbModules(t *testing.T) string {
	t.Helper()
	for _, p := range []string{"node", "npm"} {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("no %s here, which runs the engine of a current ClickHouse", p)
		}
	}
	lock, err := os.OpenFile(filepath.Join(chdbDir, "package.json"), os.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join(chdbDir, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, ".complete")); err == nil {
		return modules
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-package-lock", "--no-audit", "--no-fund")
	cmd.Dir = chdbDir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("npm cannot install chdb: %v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(modules, ".complete"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	return modules
}

// startCHDB runs a current engine until the test ends, and names a database of it.
func startCHDB(t *testing.T) func(database string) string {
	t.Helper()
	modules := chdbModules(t)
	script, err := filepath.Abs(filepath.Join(chdbDir, "server.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", script, modules, memoryDir(t))
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
		kill(cmd)
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		kill(cmd)
		t.Skipf("chdb does not run here: %v\n%s", err, stderr.String())
	}
	return func(database string) string {
		return fmt.Sprintf("http://127.0.0.1:%s/%s", strings.TrimSpace(port), database)
	}
}

func TestSuiteEnhanced(t *testing.T) {
	storetest.Run(t, opener(startCHDB(t)))
}
