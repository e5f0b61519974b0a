package chtest

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/npmtest"
)

// StartCHDB runs a current engine until the test ends, and names a database of it.
func StartCHDB(t *testing.T) func(database string) string {
	t.Helper()
	dir := npmtest.Install(t, "chdb", "the engine of a current ClickHouse")
	cmd := exec.Command("node", filepath.Join(dir, "server.mjs"), filepath.Join(dir, "node_modules"), MemoryDir(t))
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
	if err := Begin(t, cmd); err != nil {
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
