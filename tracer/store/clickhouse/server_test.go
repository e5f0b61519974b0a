package clickhouse

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// server is a clickhouse-server of the distribution, on loopback, in a directory of
// its own, with no right that it does not need.
type server struct {
	native, http, interserver int
	dir                       string
	cmd                       *exec.Cmd
	log                       *bytes.Buffer
}

// freePorts finds ports that nobody listens on.
func freePorts(t *testing.T, n int) (ports []int) {
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

// memoryDir is a directory in memory where there is one: disks of test machines are slow
// to fsync, and to make the many small files of an old server.
func memoryDir(t *testing.T) string {
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

// newServer makes a directory and a configuration, to which more is added.
func newServer(t *testing.T) *server {
	t.Helper()
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Skip("no clickhouse-server here (Debian: apt-get install clickhouse-server)")
	}
	dir := memoryDir(t)
	p := freePorts(t, 3)
	return &server{native: p[0], http: p[1], interserver: p[2], dir: dir, log: &bytes.Buffer{}}
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

// start runs the server until the test ends; more is XML for its configuration.
func (s *server) start(t *testing.T, more string) {
	t.Helper()
	for file, text := range map[string]string{
		"config.xml": fmt.Sprintf(serverConfig, s.native, s.http, s.interserver, s.dir, more),
		"users.xml":  serverUsers,
	} {
		if err := os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s.run(t)
}

// run starts the process and waits until it answers.
func (s *server) run(t *testing.T) {
	t.Helper()
	s.cmd = exec.Command("clickhouse-server", "--config-file="+filepath.Join(s.dir, "config.xml"))
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.dir, s.log, s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Getuid() == 0 { // as nobody
		s.cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		filepath.Walk(s.dir, func(path string, _ os.FileInfo, _ error) error { return os.Chown(path, 65534, 65534) })
	}
	if err := s.cmd.Start(); err != nil {
		t.Skipf("clickhouse-server does not start: %v", err)
	}
	cmd := s.cmd
	t.Cleanup(func() { kill(cmd) })
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", s.addr()); err == nil {
			c.Close()
			return
		}
		if time.Now().After(deadline) || s.cmd.ProcessState != nil {
			kill(cmd)
			t.Fatalf("clickhouse-server does not answer:\n%s", s.log)
		}
	}
}

// kill ends a process at once, and waits for it.
func kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
}

// errors are the first lines of what the server said, without stacks.
func (s *server) errors() string {
	var out []string
	for l := range strings.Lines(s.log.String()) {
		if strings.HasPrefix(l, "20") && len(out) < 20 {
			out = append(out, l[:min(len(l), 400)])
		}
	}
	return strings.Join(out, "\n")
}

func (s *server) addr() string { return fmt.Sprintf("127.0.0.1:%d", s.native) }

// dsn names a database of the server.
func (s *server) dsn(database string) string {
	return "clickhouse://default@" + s.addr() + "/" + database
}

// quick is a configuration for tests: what is written goes at once.
func quick(dsn string) Config {
	cfg := Default(dsn)
	cfg.BatchDelay = time.Millisecond
	return cfg
}

// database is a name that other tests do not use.
func database(t *testing.T) string {
	return "t_" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(t.Name()))
}
