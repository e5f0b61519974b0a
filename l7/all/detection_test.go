package all_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/l7test"
)

// truthNames are the names that the truth of the shared captures has for
// protocols, where they are not ours.
var truthNames = map[string][]string{
	"mongodb": {"mongo"}, "cassandra": {"cql"}, "postgresql": {"pgsql"}, "memcached": {"memcache"}, "fastcgi": {"fcgi"},
	"http2": {"http2", "grpc"}, "dns": {"dns", "mdns"},
}

// untold are protocols that the truth does not know.
var untold = []string{"icmp", "oracle", "socks"}

// alsoThere are captures that hold a protocol which their truth lacks: TLS
// connections joined behind the handshake; or that have no truth.
var alsoThere = map[string]string{
	"joy-pcaps_sample":          "tls",
	"ndpi-starcraft_battle":     "tls",
	"packetbeat-http_basicauth": "tls",

	"arkime-tds7":                                         "tds",
	"deepflow-http_httpv2-stream-id":                      "http2",
	"deepflow-ipip":                                       "tls",
	"packetq-pcap_sample":                                 "dns",
	"scapy-pcaps_http_chunk":                              "http",
	"scapy-pcaps_http_compressed-zstd":                    "http",
	"scapy-pcaps_tls_tcp_frag":                            "tls",
	"scapy-pcaps_tls_tcp_frag_withnss":                    "tls",
	"suricata-firewall_tcp-session-decode-malformed-ipv4": "http",
	"suricata-llmnr_llmnr-tcp-reassembly":                 "dns",
	"tcpdump-dns_tcp_8053":                                "dns",
	"zeek-http_1000-requests-one-dropped-response":        "http",
	"zeek-postgresql_http-on-port-5432":                   "http",
	"zeek-tls_https-to-http":                              "tls",
}

// TestNothingElse demands that no message of a protocol is found in a shared
// capture which does not hold it.
func TestNothingElse(t *testing.T) {
	if testing.Short() {
		t.Skip("reads hundreds of captures")
	}
	files, _ := filepath.Glob(filepath.Join("..", "..", "..", "shared", "captures", "*", "*.pcap*"))
	if len(files) == 0 {
		t.Skip("no captures beside the repository")
	}
	protos := all.Protos()
	for _, file := range files {
		if st, err := os.Stat(file); err != nil || st.Size() > largest {
			continue
		}
		r, err := l7test.PlayCapture(file, protos...)
		if err != nil || r == nil {
			continue // damaged on purpose, or of other transports
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".pcap")
		there := truthOf(t, filepath.Join(filepath.Dir(file), name+".truth.ndjson"))
		for _, c := range r.Conns {
			if len(c.Messages) > 0 && !slices.Contains(untold, c.Proto) && alsoThere[name] != c.Proto && !holds(there, c.Proto) {
				t.Errorf("%s: %d messages of %s on %s; its truth has %v", file, len(c.Messages), c.Proto, c.Name, there)
			}
		}
	}
}

// holds reports whether a protocol is among those of a truth.
func holds(there []string, proto string) bool {
	names := truthNames[proto]
	if names == nil {
		names = []string{proto}
	}
	return slices.ContainsFunc(names, func(n string) bool { return slices.Contains(there, n) })
}

// truthOf lists the protocols of a truth, none if there is no such file.
func truthOf(t *testing.T, file string) (there []string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var line struct{ Proto string }
		if err := json.Unmarshal(s.Bytes(), &line); err != nil {
			t.Fatal(file, err)
		}
		if !slices.Contains(there, line.Proto) {
			there = append(there, line.Proto)
		}
	}
	if err := s.Err(); err != nil {
		t.Fatal(file, err)
	}
	return there
}

// follows are recorded sessions in which another protocol comes behind the
// first, which is found when all are asked.
var follows = map[string]string{
	"postgresql/testdata/encrypted": "tls",
	"socks/testdata/password":       "http",
	"socks/testdata/socks4":         "http",
	"socks/testdata/socks5":         "http",
	"socks/testdata/socks5-name":    "http",
}

// TestGoldenCases plays the recorded sessions of every protocol to all of them:
// what comes out must be what comes out where their own is alone.
func TestGoldenCases(t *testing.T) {
	played := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		golden, is := strings.CutSuffix(path, ".golden.json")
		if err != nil || !is || strings.Contains(path, "_template") || strings.Contains(path, "l7test") {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(golden), "../")
		own := ownProtos(strings.Split(name, "/")[0])
		if len(own) == 0 {
			return nil
		}
		want, got := play(golden, own), play(golden, all.Protos())
		if want == nil || got == nil {
			return nil
		}
		played++
		if next := follows[name]; next != "" {
			if got[next] == 0 {
				t.Errorf("%s: no messages of %s, which follows", name, next)
			}
			return nil
		}
		for proto, n := range got {
			if want[proto] != n && !(want[proto] > n && torn(name)) {
				t.Errorf("%s: %d messages of %s, alone %d", name, n, proto, want[proto])
			}
		}
		for proto, n := range want {
			if got[proto] == 0 {
				t.Errorf("%s: no messages of %s, alone %d", name, proto, n)
			}
		}
		return nil
	})
	if err != nil || played < 100 {
		t.Errorf("%d cases: %v", played, err)
	}
}

// torn reports whether a session begins in the middle: when others are asked
// first, the protocol may be found a message later.
func torn(name string) bool { return strings.Contains(name, "midstream") }

// ownProtos are the protocols of a folder.
func ownProtos(folder string) (own []l7.Proto) {
	for _, p := range all.Protos() {
		if p.Name == folder || p.Name == "http" && folder == "http1" {
			own = append(own, p)
		}
	}
	return own
}

// play counts messages by protocol.
func play(base string, protos []l7.Proto) map[string]int {
	var r *l7test.Result
	if s, err := l7test.Load(base + ".txt"); err == nil && protos[0].Transport != l7.ICMP { // text is of TCP or UDP
		r = l7test.Play(s, protos...)
	} else if r, err = l7test.PlayCapture(base+".pcap", protos...); err != nil || r == nil {
		return nil
	}
	n := map[string]int{}
	for _, c := range r.Conns {
		if len(c.Messages) > 0 {
			n[c.Proto] += len(c.Messages)
		}
	}
	return n
}
