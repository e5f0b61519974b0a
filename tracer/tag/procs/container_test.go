package procs

import (
	"strings"
	"testing"
)

// container makes a container with a port of its own.
func container(f *procfs, id string) {
	f.write("docker/"+id+"/config.v2.json", `{"Name":"/web","Config":{"Labels":null}}`)
	f.process(made{
		pid: 200, parent: 1, start: 3000, netns: 200, comm: "redis-server", exe: "/usr/bin/redis-server", uid: 999,
		cgroup: "0::/system.slice/docker-" + id + ".scope\n", socks: []int{601},
	})
	f.write("200/net/tcp", tcpLine("00000000", 6379, "00000000", 0, stateListen, 999, 601))
	f.write("200/net/fib_trie", "  |-- 172.17.0.2\n     /32 host LOCAL\n")
}

// TestPublishedPort follows docker-proxy to the container that answers.
func TestPublishedPort(t *testing.T) {
	f := newProcfs(t)
	f.host()
	container(f, strings.Repeat("3f2a9c1b77de4a60", 4))
	f.write("self/net/tcp", tcpLine("00000000", 16379, "00000000", 0, stateListen, 0, 801)+tcpLine("00000000", 16380, "00000000", 0, stateListen, 0, 802))
	for i, port := range []string{"6379", "1"} {
		f.process(made{
			pid: 80 + i, parent: 1, start: 4000, netns: 100, comm: "docker-proxy", exe: "/usr/bin/docker-proxy", cgroup: "0::/system.slice/docker.service\n",
			args:  "/usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 16379 -container-ip 172.17.0.2 -container-port " + port,
			socks: []int{801 + i},
		})
	}
	tb := f.table(nil)
	tb.Refresh(true)
	if p := tb.Lookup(v4("192.0.2.5", 16379, 0)); p == nil || p.PID != 200 || p.Service() != "web" {
		t.Errorf("%+v", p)
	}
	if p := tb.Lookup(v4("192.0.2.5", 16380, 0)); p == nil || p.PID != 81 {
		t.Errorf("a target that nobody has: %+v", p)
	}
}

func TestForward(t *testing.T) {
	for args, ok := range map[string]bool{
		"p -container-ip 172.17.0.2 -container-port 80 -proto udp": true,
		"p -container-ip 172.17.0.2 -container-port":               false,
		"p -container-ip x -container-port 80":                     false,
		"p -container-ip 172.17.0.2 -container-port 80000":         false,
		"": false,
	} {
		if got := forwardOf([]byte(strings.ReplaceAll(args, " ", "\x00"))); (got.port != 0) != ok {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// TestAlone names a connection that was too short to be seen by the container
// that has the namespace for itself.
func TestAlone(t *testing.T) {
	f := newProcfs(t)
	f.host()
	id := strings.Repeat("3f2a9c1b77de4a60", 4)
	container(f, id)
	tb := f.table(nil)
	tb.Refresh(true)
	p := tb.Lookup(v4("172.17.0.2", 51234, 0))
	if p == nil || p.PID != 0 || p.Container != id || p.Service() != "web" || p.Netns != 200 {
		t.Errorf("%+v", p)
	}
	tb.Refresh(true)
	if again := tb.Lookup(v4("172.17.0.2", 51234, 0)); again != p {
		t.Error("a new value for the same container")
	}
	f.process(made{
		pid: 201, parent: 1, start: 3000, netns: 200, comm: "sidecar", exe: "/sidecar",
		cgroup: "0::/system.slice/docker-" + strings.Repeat("a", 64) + ".scope\n", socks: []int{602},
	})
	f.write("200/net/tcp", tcpLine("00000000", 6379, "00000000", 0, stateListen, 999, 601)+tcpLine("00000000", 1, "00000000", 0, stateListen, 0, 602))
	tb.Refresh(true)
	if p := tb.Lookup(v4("172.17.0.2", 51234, 0)); p != nil {
		t.Errorf("two containers share the namespace: %+v", p)
	}
}

// TestProgram takes nothing but the name of what an interpreter runs.
func TestProgram(t *testing.T) {
	for _, c := range []struct{ exe, args, want string }{
		{"python3.11", "python3 -u -W ignore /srv/shop/app.py --password x", "app"},
		{"python3.11", "/usr/bin/python3 -m http.server 80", "http.server"},
		{"python3", "python3 -c import_secret", ""},
		{"python3", "python3", ""},
		{"python2.7", "/usr/bin/python2.7 /usr/bin/supervisord", "supervisord"},
		{"java", "java -Xmx1g -jar /opt/app/billing.jar --spring.x=y", "billing"},
		{"java", "java -cp a:b -Dx=y com.example.Main arg", "Main"},
		{"java", "java -p mods -m com.example/com.example.App", "App"},
		{"node", "node --require ./trace.js /app/server.js", "server"},
		{"nodejs", "nodejs -e 1+1", ""},
		{"php8.2", "php -d a=b /srv/worker.php", "worker"},
		{"bash", "bash /opt/run.sh x", "run"},
		{"bash", "bash -c secret", ""},
		{"perl", "perl -I lib /usr/bin/munin-node", "munin-node"},
		{"ruby", "puma:_5.6.4_(tcp://0.0.0.0:3000)_[shop]", ""},
	} {
		if got := programOf(c.exe, []byte(strings.ReplaceAll(c.args, " ", "\x00")+"\x00")); got != c.want {
			t.Errorf("%s: %q, want %q", c.args, got, c.want)
		}
	}
	if got := programOf("python3", []byte("gunicorn: master [shop]\x00")); got != "gunicorn" {
		t.Errorf("title: %q", got)
	}
	if got := programOf("python3", []byte("python3\x00/srv/\x1b[31m.py\x00")); got != "" {
		t.Errorf("control characters: %q", got)
	}
	if isInterpreter("nginx") || isInterpreter("shim") || !isInterpreter("python3.12") {
		t.Error("which are interpreters")
	}
}

func FuzzProgram(f *testing.F) {
	f.Add("java", []byte("java\x00-jar\x00/opt/x.jar\x00"))
	f.Add("python3", []byte("python3\x00-m\x00x\x00"))
	f.Add("docker-proxy", []byte("p\x00-container-ip\x00172.17.0.2\x00-container-port\x0080\x00"))
	f.Fuzz(func(t *testing.T, exe string, args []byte) {
		if p := programOf(exe, args); len(p) > maxProgram {
			t.Errorf("%q", p)
		}
		forwardOf(args)
	})
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("1 (a) b) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 5 1 1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if comm, _, _, err := parseStat(b); err == nil && len(comm) > len(b) {
			t.Errorf("%q", comm)
		}
		parseUID(b)
		parseBoot(b)
		dockerName(b)
	})
}

func FuzzPasswd(f *testing.F) {
	f.Add("root:x:0:0:root:/root:/bin/sh\n+\n")
	f.Fuzz(func(t *testing.T, s string) {
		m, _ := parsePasswd(strings.NewReader(s))
		for _, n := range m {
			if n == "" || len(n) > maxUserBytes {
				t.Errorf("%q", n)
			}
		}
	})
}
