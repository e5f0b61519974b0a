package main

import (
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// The places where everything listens, in a namespace of its own.
const (
	backend = "127.0.0.1:9000"
	front   = "127.0.0.1:8000"
	behind  = "127.0.0.1:8001" // what a gateway is in front of
)

// runtime is a kind of server.
type runtime struct {
	name    string
	how     string   // how it works, for the table
	single  bool     // makes one call per request, to its own path
	ids     bool     // requests have IDs, which it passes on
	sys     []string // further flags for wirespan
	command func(dir string) (*exec.Cmd, error)

	gateway, gatewayHow string // in front of it, with a row of its own
}

//go:embed servers
var servers embed.FS

// writeServers puts the servers' sources into a folder.
func writeServers(dir string) error {
	files, err := servers.ReadDir("servers")
	if err != nil {
		return err
	}
	for _, f := range files {
		b, err := servers.ReadFile("servers/" + f.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, f.Name()), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// program prepares a command with what servers are told by the environment.
func program(name string, args ...string) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, fmt.Errorf("%s is not installed", name)
		}
		cmd := exec.Command(path, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "PORT="+portOf(front), "BACKEND="+backend)
		return cmd, nil
	}
}

func portOf(addr string) string { return addr[strings.LastIndexByte(addr, ':')+1:] }

// python prefers the system's: wrappers of other installations start slowly.
func python(script string) func(string) (*exec.Cmd, error) {
	name := "/usr/bin/python3"
	if _, err := os.Stat(name); err != nil {
		name = "python3"
	}
	return program(name, script)
}

// self is a role of this program.
func self(role string) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		cmd, err := program("/proc/self/exe")(dir)
		if err == nil {
			cmd.Env = append(cmd.Env, roleEnv+"="+role)
		}
		return cmd, err
	}
}

// goServer is a role of a copy of this program, so that it has a name of its
// own.
func goServer(role string) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		b, err := os.ReadFile("/proc/self/exe")
		if err != nil {
			return nil, err
		}
		path := filepath.Join(dir, goName)
		if err := os.WriteFile(path, b, 0o755); err != nil {
			return nil, err
		}
		cmd, err := program(path)(dir)
		if err == nil {
			cmd.Env = append(cmd.Env, roleEnv+"="+role)
		}
		return cmd, err
	}
}

const goName = "goserver"

func runtimes() []runtime {
	wakes := []string{"--sys-go-wake", goName}
	return []runtime{
		{name: "Python threads", how: "a thread per connection", command: python("threads.py")},
		{name: "Python pool", how: "one reader, 32 workers", command: python("pool.py")},
		{name: "Python pre-fork", how: "8 processes, a connection per request", command: python("prefork.py")},
		{name: "php-fpm", how: "8 processes behind nginx, a connection per request", command: phpFPM,
			gateway: "nginx before php-fpm", gatewayHow: "event loop, FastCGI; answers end with the connection"},
		{name: "Java threads", how: "a thread per connection", command: java("threads")},
		{name: "Java pool", how: "one reader, 32 workers (com.sun.net.httpserver)", command: java("pool")},
		{name: "Java virtual threads", how: "a virtual thread per connection", command: java("virtual")},
		{name: "node, no agent", how: "event loop, a connection per call", command: node("none")},
		{name: "node, keep-alive agent", how: "event loop, connections kept", command: node("kept")},
		{name: "node, bounded agent", how: "the same, calls wait for one of 32 connections", command: node("bounded")},
		{name: "node, timers", how: "the same, requests wait for a timer before they call", command: node("timer")},
		{name: "nginx, 1 worker, no keep-alive", how: "event loop, a connection per call", single: true, command: nginx(1, false)},
		{name: "nginx, 1 worker, keep-alive", how: "event loop, connections kept", single: true, command: nginx(1, true)},
		{name: "nginx, 4 workers, keep-alive", how: "four event loops", single: true, command: nginx(4, true)},
		{name: "HAProxy, 4 threads", how: "four event loops in one process, connections shared", single: true, command: haproxy},
		{name: "HAProxy, 4 threads, IDs", how: "the same, requests with X-Request-ID", single: true, ids: true, command: haproxy},
		{name: "Go direct", how: "net/http, a goroutine per connection", command: goServer("go-direct")},
		{name: "Go direct, wakes", how: "the same, `--sys-go-wake`", command: goServer("go-direct"), sys: wakes},
		{name: "Go channel pool", how: "net/http, 32 workers behind a channel", command: goServer("go-pool")},
		{name: "Go channel pool, wakes", how: "the same, `--sys-go-wake`", command: goServer("go-pool"), sys: wakes},
	}
}

func node(agent string) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		cmd, err := program("node", "node.js")(dir)
		if err == nil {
			cmd.Env = append(cmd.Env, "AGENT="+agent)
		}
		return cmd, err
	}
}

// java runs the JDK's servers, virtual threads with that of java21.sh if the
// host's is older.
func java(mode string) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		name := "java"
		if mode == "virtual" {
			var err error
			if name, err = java21(); err != nil {
				return nil, err
			}
		}
		if out, err := exec.Command("javac", "-nowarn", "-d", dir, filepath.Join(dir, "Server.java")).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("javac: %w: %s", err, out)
		}
		return program(name, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dhttp.maxConnections=256", "-Dsun.net.httpserver.nodelay=true", "-cp", dir, "Server", mode)(dir)
	}
}

// java21 is a Java that has virtual threads.
func java21() (string, error) {
	b, err := exec.Command("java", "--version").Output()
	if words := strings.Fields(string(b)); err == nil && len(words) > 1 {
		if version, _ := strconv.Atoi(strings.SplitN(words[1], ".", 2)[0]); version >= 21 {
			return "java", nil
		}
	}
	b, err = exec.Command("testdata/make/java21.sh").Output()
	if err != nil {
		return "", fmt.Errorf("no Java 21: %w: %s", err, b)
	}
	return strings.TrimSpace(string(b)), nil
}

// nginxConf is a configuration with the folders of temporary files in dir.
func nginxConf(dir string, workers int, http string) (*exec.Cmd, error) {
	text := fmt.Sprintf(`worker_processes %d; daemon off; pid %[2]s/nginx.pid; error_log %[2]s/nginx.err; user root;
events { worker_connections 2048; }
http {
  access_log off; client_body_temp_path %[2]s/b; proxy_temp_path %[2]s/p; fastcgi_temp_path %[2]s/f; uwsgi_temp_path %[2]s/u; scgi_temp_path %[2]s/s;
  keepalive_requests 10000000;
%[3]s
}
`, workers, dir, http)
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(text), 0o644); err != nil {
		return nil, err
	}
	return program("nginx", "-e", filepath.Join(dir, "nginx.err"), "-c", filepath.Join(dir, "nginx.conf"))(dir)
}

func nginx(workers int, keep bool) func(string) (*exec.Cmd, error) {
	return func(dir string) (*exec.Cmd, error) {
		keepalive, header := "", "close"
		if keep {
			keepalive, header = "keepalive 64;", `""`
		}
		return nginxConf(dir, workers, fmt.Sprintf(`  upstream back { server %s; %s }
  server { listen %s backlog=512; location / { proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection %s; } }`,
			backend, keepalive, front, header))
	}
}

func haproxy(dir string) (*exec.Cmd, error) {
	text := fmt.Sprintf(`global
  nbthread 4
defaults
  mode http
  timeout connect 10s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend f
  bind %s
  default_backend b
backend b
  server s %s
`, front, backend)
	conf := filepath.Join(dir, "haproxy.cfg")
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	return program("haproxy", "-db", "-f", conf)(dir)
}

// phpFPM runs nginx and php-fpm under one shell, which ends both; php-fpm makes
// a session of its own.
func phpFPM(dir string) (*exec.Cmd, error) {
	var path string
	for _, name := range []string{"php-fpm", "php-fpm8.2", "php-fpm8.3", "php-fpm8.4", "php-fpm8.1", "php-fpm7.4"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		return nil, fmt.Errorf("php-fpm is not installed")
	}
	conf := filepath.Join(dir, "fpm.conf")
	text := fmt.Sprintf(`[global]
error_log = %s/fpm.err
daemonize = no
[www]
user = root
group = root
listen = %s
listen.backlog = 512
clear_env = no
pm = static
pm.max_children = 8
`, dir, behind)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return nil, err
	}
	ngx, err := nginxConf(dir, 1, fmt.Sprintf(`  server { listen %s backlog=512; location / { fastcgi_pass %s;
    fastcgi_param SCRIPT_FILENAME %s/index.php; fastcgi_param SCRIPT_NAME /index.php; fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri; } }`,
		front, behind, dir))
	if err != nil {
		return nil, err
	}
	cmd, err := program("sh", "-c", `"$0" -R -F -y "$1" & fpm=$!; trap "kill $fpm" TERM; shift; "$@" & wait`, path, conf)(dir)
	if err == nil {
		cmd.Args = append(cmd.Args, ngx.Args...)
		cmd.Args[len(cmd.Args)-len(ngx.Args)] = ngx.Path
	}
	return cmd, err
}
