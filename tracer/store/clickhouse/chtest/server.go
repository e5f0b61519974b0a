package chtest

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Server is a clickhouse-server of the distribution, on loopback, in a directory of
// its own, with no right that it does not need.
type Server struct {
	Native, HTTP, Interserver int    // ports
	Dir                       string // of all that it has
	Cmd                       *exec.Cmd
	Log                       *bytes.Buffer
}

// FreePorts finds ports that nobody listens on.
func FreePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// MemoryDir is a directory in memory where there is one: disks of test machines are slow
// to fsync, and to make the many small files of an old server.
func MemoryDir(t *testing.T) string {
	t.Helper()
	parent := ""
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		parent = "/dev/shm"
	}
	dir, err := os.MkdirTemp(parent, "wirespan-clickhouse-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// New makes a directory and a configuration, to which more is added.
func New(t *testing.T) *Server {
	t.Helper()
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Skip("no clickhouse-server here (Debian: apt-get install clickhouse-server)")
	}
	dir := MemoryDir(t)
	p := FreePorts(t, 3)
	return &Server{Native: p[0], HTTP: p[1], Interserver: p[2], Dir: dir, Log: &bytes.Buffer{}}
}

const serverConfig = `<yandex>
<logger><level>warning</level><console>1</console></logger>
<tcp_port>%d</tcp_port><http_port>%d</http_port><interserver_http_port>%d</interserver_http_port>
<interserver_http_host>127.0.0.1</interserver_http_host><listen_host>127.0.0.1</listen_host>
<path>%[4]s/data/</path><tmp_path>%[4]s/tmp/</tmp_path><format_schema_path>%[4]s/formats/</format_schema_path>
<users_config>users.xml</users_config><default_profile>default</default_profile><default_database>default</default_database>
<timezone>UTC</timezone><mark_cache_size>67108864</mark_cache_size><max_concurrent_queries>100</max_concurrent_queries><background_pool_size>2</background_pool_size>
%[5]s</yandex>
`

const serverUsers = `<yandex><profiles><default><max_memory_usage>2000000000</max_memory_usage></default></profiles>
<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
<quotas><default></default></quotas></yandex>
`

// Start runs the server until the test ends; more is XML for its configuration.
func (s *Server) Start(t *testing.T, more string) {
	t.Helper()
	for file, text := range map[string]string{
		"config.xml": fmt.Sprintf(serverConfig, s.Native, s.HTTP, s.Interserver, s.Dir, more),
		"users.xml":  serverUsers,
	} {
		if err := os.WriteFile(filepath.Join(s.Dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.Run(t)
}

// Run starts the process and waits until it answers.
func (s *Server) Run(t *testing.T) {
	t.Helper()
	s.Cmd = exec.Command("clickhouse-server", "--config-file="+filepath.Join(s.Dir, "config.xml"))
	s.Cmd.Dir, s.Cmd.Stdout, s.Cmd.Stderr = s.Dir, s.Log, s.Log
	if os.Getuid() == 0 { // as nobody
		s.Cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		filepath.Walk(s.Dir, func(path string, _ os.FileInfo, _ error) error { return os.Chown(path, 65534, 65534) })
	}
	if err := Begin(t, s.Cmd); err != nil {
		t.Skipf("clickhouse-server does not start: %v", err)
	}
	cmd := s.Cmd
	t.Cleanup(func() { Kill(cmd) })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", s.Addr()); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) || s.Cmd.ProcessState != nil {
			Kill(cmd)
			t.Fatalf("clickhouse-server does not answer:\n%s", s.Log)
		}
	}
}

// Begin starts a process that ends with this one, or with the test. Linux sends it
// Pdeathsig when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG), as
// threads do that were in another network namespace: so one is kept for it.
func Begin(t *testing.T, cmd *exec.Cmd) error {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
	begun, ended := make(chan error), make(chan struct{})
	t.Cleanup(func() { close(ended) })
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		begun <- cmd.Start()
		<-ended
	}()
	return <-begun
}

// Kill ends a process at once, and waits for it.
func Kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
}

// Errors are the first lines of what the server said, without stacks.
func (s *Server) Errors() string {
	var out []string
	for l := range strings.Lines(s.Log.String()) {
		if strings.HasPrefix(l, "20") && len(out) < 20 {
			out = append(out, l[:min(len(l), 400)])
		}
	}
	return strings.Join(out, "\n")
}

// Addr is where it speaks the native protocol.
func (s *Server) Addr() string { return fmt.Sprintf("127.0.0.1:%d", s.Native) }

// DSN names a database of the server.
func (s *Server) DSN(database string) string {
	return "clickhouse://default@" + s.Addr() + "/" + database
}
