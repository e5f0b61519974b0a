package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dissectors names the protocols of l7 as tshark does; it has none of the rest.
var dissectors = map[string]string{
	"amqp": "amqp", "cassandra": "cql", "dns": "dns", "http1": "http", "http2": "http2", "icmp": "icmp", "kafka": "kafka",
	"memcached": "memcache", "mongodb": "mongo", "mqtt": "mqtt", "mysql": "mysql", "nats": "nats", "openwire": "openwire",
	"oracle": "tns", "postgresql": "pgsql", "proxy": "proxy", "redis": "resp", "socks": "socks", "tds": "tds",
	"thrift": "thrift", "tls": "tls", "tns": "tns",
}

// dissectorOf is what tshark calls a protocol, "" if this tshark has none.
func dissectorOf(name string) string {
	filter := dissectors[name]
	if filter == "" || !installed("tshark") {
		return filter
	}
	all, err := exec.Command("tshark", "-G", "protocols").Output()
	if err != nil || !regexp.MustCompile(`(?m)\t`+filter+`(\t|$)`).Match(all) {
		return ""
	}
	return filter
}

// unasked are those that cannot be told to tshark by port, or need not be.
var unasked = map[string]bool{"icmp": true, "proxy": true}

// events are the types of suricata's eve log for its parsers.
var events = map[string]string{
	"dns": "dns", "http1": "http", "http2": "http2", "mqtt": "mqtt", "postgresql": "pgsql", "tls": "tls",
}

// result is a row: CPU time and what was found by each program. What did not
// run has no time.
type result struct {
	name      string
	packets   int
	bytes     int64
	dissector string
	cpu       [3]time.Duration
	found     [3]int
}

// Programs, as columns.
const (
	wirespan = iota
	tshark
	suricata
)

func measure(name, file string, ports []port, config string, rounds int) (r result, err error) {
	r = result{name: name, dissector: dissectorOf(name)}
	info, err := os.Stat(file)
	if err != nil {
		return r, err
	}
	r.bytes = info.Size()
	if r.found[wirespan], err = exchanges(file); err != nil {
		return r, err
	}
	commands := commandsOf(name, r.dissector, file, ports, config)
	var times [3][]time.Duration
	for range rounds {
		for i, c := range commands {
			if c == nil {
				continue
			}
			used, lines, err := timed(c)
			if err != nil {
				return r, err
			}
			times[i] = append(times[i], used)
			switch i {
			case tshark:
				r.found[i] = lines
			case suricata:
				r.found[i] = logged(events[name])
			}
		}
	}
	for i, t := range times {
		if slices.Sort(t); len(t) > 0 {
			r.cpu[i] = t[len(t)/2]
		}
	}
	return r, nil
}

func commandsOf(name, filter, file string, ports []port, config string) (c [3][]string) {
	c[wirespan] = []string{
		program, "read", "--summary=false", "--progress", "never", "--bodies", "0",
		"--workers", "1", file, "--out", "otlp-proto:/dev/null",
	}
	if installed("tshark") {
		c[tshark] = []string{"tshark", "-n", "-r", file, "-T", "fields", "-e", "frame.number"}
		for _, p := range ports {
			if filter != "" && !unasked[name] {
				c[tshark] = append(c[tshark], "-d", fmt.Sprintf("%s.port==%d,%s", p.transport, p.number, filter))
			}
		}
		switch filter {
		case "":
			filter = "tcp.len>0"
		case "icmp":
			filter = "icmp||icmpv6"
		}
		c[tshark] = append(c[tshark], "-Y", filter)
	}
	if events[name] != "" && installed("suricata") {
		c[suricata] = []string{"suricata", "-c", config, "-S", os.DevNull, "--runmode", "single", "-k", "none", "-r", file, "-l", eve()}
	}
	return c
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// timed runs a program and says what CPU time it took and how many lines it wrote.
func timed(command []string) (used time.Duration, lines int, err error) {
	_ = os.Remove(filepath.Join(eve(), "eve.json"))
	var out lineCounter
	var said bytes.Buffer
	c := exec.Command(command[0], command[1:]...)
	c.Stdout, c.Stderr = &out, &said
	if err := c.Run(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, said.Bytes())
	}
	return c.ProcessState.UserTime() + c.ProcessState.SystemTime(), int(out), nil
}

type lineCounter int

func (n *lineCounter) Write(b []byte) (int, error) {
	*n += lineCounter(bytes.Count(b, []byte("\n")))
	return len(b), nil
}

var counted = regexp.MustCompile(`(?m)^exchanges +(.*)$`)

// exchanges asks wirespan's summary how many it finds, of all protocols.
func exchanges(file string) (n int, err error) {
	c := exec.Command(program, "read", "--progress", "never", "--bodies", "0", "--workers", "1", file, "--out", "otlp-proto:/dev/null")
	said, err := c.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%w: %s", err, said)
	}
	if m := counted.FindSubmatch(said); m != nil {
		for _, word := range strings.Fields(string(m[1])) {
			one, err := strconv.Atoi(strings.ReplaceAll(word, ",", ""))
			if err == nil {
				n += one
			}
		}
	}
	return n, nil
}

// eve is the folder where suricata writes what it finds: in memory, if there is.
func eve() string {
	dir := "/dev/shm"
	if _, err := os.Stat(dir); err != nil {
		dir = os.TempDir()
	}
	return filepath.Join(dir, "wirespan-bench-protocols")
}

func logged(kind string) int {
	b, err := os.ReadFile(filepath.Join(eve(), "eve.json"))
	if err != nil {
		return 0
	}
	return bytes.Count(b, []byte(`"event_type":"`+kind+`"`))
}

// suricataConfig writes the settings under which suricata logs the protocols
// that it parses and nothing else.
func suricataConfig() (file string, err error) {
	if err := os.MkdirAll(eve(), 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(folder, "suricata.yaml")
	return file, os.WriteFile(file, []byte(settings), 0o600)
}

const settings = `%YAML 1.1
---
vars: {address-groups: {HOME_NET: "any", EXTERNAL_NET: "any"}, port-groups: {HTTP_PORTS: "any"}}
stats: {enabled: no}
outputs:
  - eve-log: {enabled: yes, filetype: regular, filename: eve.json, types: [ {http: {extended: yes}}, dns, http2, pgsql, tls, mqtt ]}
logging: {default-log-level: error, outputs: [ {console: {enabled: yes}} ]}
app-layer:
  protocols:
    http: {enabled: yes, libhtp: {default-config: {personality: IDS, request-body-limit: 0, response-body-limit: 0}}}
    http2: {enabled: yes}
    tls: {enabled: yes}
    dns: {tcp: {enabled: yes}, udp: {enabled: yes}}
    pgsql: {enabled: yes, stream-depth: 0}
    mqtt: {enabled: yes}
stream: {memcap: 2gb, checksum-validation: no, inline: no, reassembly: {memcap: 4gb, depth: 0}}
flow: {memcap: 1gb, hash-size: 65536, prealloc: 10000}
pcap-file: {checksum-checks: no}
`
