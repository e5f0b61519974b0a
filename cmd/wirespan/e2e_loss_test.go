package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// lossyCaptures are what packets are dropped from: connections with many
// exchanges, of several protocols.
func lossyCaptures() map[string]string {
	shared := func(elem ...string) string {
		return filepath.Join(append([]string{sharedDir, "captures"}, elem...)...)
	}
	return map[string]string{
		"demo edge":         demoCaptures()[0],
		"demo app":          demoCaptures()[1],
		"http pipeline":     goldenCapture("http-pipeline"),
		"http siblings":     goldenCapture("http-siblings"),
		"postgresql pgx":    filepath.Join("..", "..", "l7", "postgresql", "testdata", "pgx-prepared.pcap"),
		"postgresql psql":   filepath.Join("..", "..", "l7", "postgresql", "testdata", "psql.pcap"),
		"redis plain":       filepath.Join("..", "..", "l7", "redis", "testdata", "plain.pcap"),
		"redis queues":      filepath.Join("..", "..", "l7", "redis", "testdata", "queues.pcap"),
		"lab f1":            shared("lab", "f1", "bridge.pcap"),
		"lab f2":            shared("lab", "f2", "bridge.pcap"),
		"lab f3":            shared("lab", "f3", "bridge.pcap"),
		"http 4K requests":  shared("http1", "pcpp-4KHttpRequests.pcap"),
		"http 650 answers":  shared("http1", "pcpp-650HttpResponses.pcap"),
		"http long":         shared("http1", "zeek-http_m57-long-49583-80.pcap"),
		"http methods":      shared("http1", "zeek-http_methods.pcap"),
		"mysql 171":         shared("mysql", "deepflow-mysql_171-mysql.pcap"),
		"mysql statements":  shared("mysql", "deepflow-mysql_mysql-statement.pcap"),
		"mysql int string":  shared("mysql", "packetbeat-mysql_int_string_operations.pcap"),
		"mysql attributes":  shared("mysql", "zeek-mysql_many-query-attrs.pcap"),
		"postgresql app":    shared("postgresql", "zeek-postgresql_greenhouse-app.pcap"),
		"redis resp2 resp3": shared("redis", "debian-redis_resp2_resp3.pcap"),
		"redis deepflow":    shared("redis", "deepflow-redis_redis.pcap"),
	}
}

// loseSome leaves out a share of the packets of a little-endian pcap, and
// says how many.
func loseSome(b []byte, share float64, seed uint64) (kept []byte, dropped int) {
	rnd := rand.New(rand.NewPCG(seed, 7))
	kept = bytes.Clone(b[:24])
	for at := 24; at+16 <= len(b); {
		end := at + 16 + int(binary.LittleEndian.Uint32(b[at+8:]))
		if rnd.Float64() < share {
			dropped++
		} else {
			kept = append(kept, b[at:min(end, len(b))]...)
		}
		at = end
	}
	return kept, dropped
}

// pair is one exchange with its places in the streams.
type pair struct {
	conn      string
	req, resp uint32
	name      string
}

// pairsOf lists the answered exchanges by connection.
func pairsOf(spans []spanLine) map[string][]pair {
	m := make(map[string][]pair)
	for i := range spans {
		s := &spans[i]
		req, ok1 := s.seq("wirespan.flow.seq.request")
		resp, ok2 := s.seq("wirespan.flow.seq.response")
		if !ok1 || !ok2 || s.str("wirespan.response") != "" {
			continue
		}
		p := pair{req: req, resp: resp, name: s.Name}
		ends := []string{s.str("client.address") + " " + s.text("client.port"), s.text("network.peer.address") + s.text("network.local.address"), s.text("server.port")}
		p.conn = strings.Join(ends, "|")
		m[p.conn] = append(m[p.conn], p)
	}
	return m
}

func (s *spanLine) seq(key string) (uint32, bool) {
	var n uint32
	_, err := fmt.Sscan(s.text(key), &n)
	return n, err == nil
}

func (s *spanLine) text(key string) string {
	if v, ok := s.Attributes[key]; ok {
		return fmt.Sprint(v)
	}
	return ""
}

// owner is the exchange whose message a place belongs to: the latest one that
// begins there or before.
func owner(list []pair, at uint32, of func(*pair) uint32) int {
	best := -1
	for i := range list {
		if d := int32(at - of(&list[i])); d >= 0 && (best < 0 || int32(at-of(&list[best])) > d) {
			best = i
		}
	}
	return best
}

func request(p *pair) uint32  { return p.req }
func response(p *pair) uint32 { return p.resp }

// lossScore compares pairs with those of the whole capture.
type lossScore struct {
	truth, paired int
	wrong         []string
}

func (l *lossScore) add(truth, got map[string][]pair) {
	for conn, list := range truth {
		l.truth += len(list)
		found := make(map[int]bool)
		for _, p := range got[conn] {
			a, b := owner(list, p.req, request), owner(list, p.resp, response)
			switch {
			case a >= 0 && b >= 0 && list[a].req == list[b].req:
				found[a] = true
			default:
				l.wrong = append(l.wrong, fmt.Sprintf("%s: %s %d with %d", conn, p.name, p.req, p.resp))
			}
		}
		l.paired += len(found)
	}
	for conn, list := range got {
		if truth[conn] == nil {
			l.wrong = append(l.wrong, fmt.Sprintf("%s: %v of no exchange", conn, list))
		}
	}
}

// lossSeeds is how often packets are dropped from each capture.
const lossSeeds = 6

// TestLossyMirror holds that no response is taken for another's when packets
// are dropped at random, that nearly all others are still paired, that spans
// tell what they miss, and the summary how much the point did not see. An
// exchange of two segments survives a loss of one in a hundred with a chance of
// 0.98, one of one in twenty with 0.9.
func TestLossyMirror(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ share, paired float64 }{{0.01, 0.97}, {0.05, 0.88}} {
		t.Run(fmt.Sprint(c.share), func(t *testing.T) {
			t.Parallel()
			var sum lossScore
			told := 0
			for _, name := range slices.Sorted(maps.Keys(lossyCaptures())) {
				path := lossyCaptures()[name]
				if !exists(path) {
					continue
				}
				one, lossy := scoreLoss(t, path, c.share)
				for _, w := range one.wrong {
					t.Errorf("%s: %s", name, w)
				}
				sum.truth, sum.paired, told = sum.truth+one.truth, sum.paired+one.paired, told+lossy
			}
			got := float64(sum.paired) / float64(sum.truth)
			t.Logf("%d of %d paired, %.2f %%; %d spans with wirespan.loss.bytes", sum.paired, sum.truth, 100*got, told)
			if told == 0 {
				t.Error("no span tells of lost bytes")
			}
			if sum.truth < 5000 {
				t.Log("the shared captures are not here: too few exchanges for a share")
			} else if got < c.paired {
				t.Errorf("want %.0f %%", 100*c.paired)
			}
		})
	}
}

// scoreLoss drops packets of a capture several times, and counts the spans
// that tell of lost bytes.
func scoreLoss(t *testing.T, path string, share float64) (sum lossScore, lossy int) {
	t.Helper()
	whole := readFile(t, path)
	truth := pairsOf(spansOf(t, path))
	for seed := range uint64(lossSeeds) {
		b, _ := loseSome(whole, share, seed)
		spans := spansOf(t, writeFile(t, filepath.Base(path), b))
		for i := range spans {
			if spans[i].text("wirespan.loss.bytes") != "" {
				lossy++
			}
		}
		sum.add(truth, pairsOf(spans))
	}
	return sum, lossy
}

// neverSeen is what the summary says of a point that lost packets.
var neverSeen = regexp.MustCompile(`(?m)^point +(\S+): ([0-9.]+) % of TCP bytes never seen, in [0-9]+ holes? \(mirror oversubscribed\?\)$`)

// TestLossIsTold holds that a point which loses packets is named with about the
// share that it lost, and one that does not is not.
func TestLossIsTold(t *testing.T) {
	t.Parallel()
	a, b := sharedCapture(t, "captures", "lab", "f1", "bridge.pcap"), sharedCapture(t, "captures", "lab", "f1", "db.pcap")
	lossy, _ := loseSome(readFile(t, a), 0.05, 3)
	path := writeFile(t, "span.pcap", lossy)
	o := wirespan(t, "read", "--progress=never", "--out", "ndjson:"+filepath.Join(t.TempDir(), "o"), path, b)
	found := neverSeen.FindAllStringSubmatch(o.stderr, -1)
	if len(found) != 1 || found[0][1] != "span" {
		t.Fatalf("points with loss: %q in\n%s", found, o.stderr)
	}
	if share, err := strconv.ParseFloat(found[0][2], 64); err != nil || share < 2 || share > 10 {
		t.Errorf("%s %% are said to be lost, 5 %% of the packets were", found[0][2])
	}
}
