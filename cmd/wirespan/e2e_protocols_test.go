package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// protocolScores says which share of pairs, spans and fields must be as the truth
// of the shared captures has them, or explained in testdata/deviations. Truth
// names some protocols in its own way, and knows no turns of what is encrypted.
var protocolScores = []struct {
	truth string // names of score_spans.py
	least float64
	table string
	args  []string
}{
	{"redis", 0.995, "redis.md", nil},
	{"mysql", 0.995, "mysql.md", nil},
	{"pgsql", 0.995, "postgresql.md", nil},
	{"memcache", 0.995, "", nil},
	{"kafka", 0.99, "kafka.md", nil},
	{"rocketmq", 0.99, "", nil},
	{"mqtt", 0.995, "mqtt.md", nil},
	{"http2", 0.99, "", nil},
	{"grpc", 0.99, "", nil},
	{"amqp", 0.99, "", nil},
	{"nats", 0.99, "", nil},
	{"stomp", 0.99, "", nil},
	{"openwire", 0.99, "", nil},
	{"mongo", 0.99, "mongodb.md", nil},
	{"cql", 0.99, "cassandra.md", nil},
	{"thrift", 0.99, "thrift.md", nil},
	{"dubbo", 0.99, "", nil},
	{"fcgi,fastcgi", 0.99, "", nil},
	{"tls", 0.99, "tls.md", []string{"--where", "not wirespan.opaque = true"}},
}

// TestProtocolScores scores every protocol beside HTTP/1 and DNS, each on all
// captures in whose truth it is.
func TestProtocolScores(t *testing.T) {
	t.Parallel()
	bench := sharedCapture(t, "bench")
	for _, p := range protocolScores {
		t.Run(p.truth, func(t *testing.T) {
			t.Parallel()
			captures, truths := withProtocol(t, p.truth)
			var rows []*explained
			if p.table != "" {
				rows = explanations(t, p.table)
			}
			sum := make(map[string]int)
			for _, f := range scoreFiles(t, bench, p.truth, truths, analyseAll(t, captures, t.TempDir(), p.args...)) {
				for k, n := range f.Counts {
					sum[k] += n
				}
				for _, d := range f.Deviations {
					if explain(rows, f.File, d) {
						sum["explained_"+d.Kind]++
					} else {
						t.Logf("%s: %s: %s | %s", f.File, d.Kind, d.What, d.Span)
					}
				}
			}
			allUsed(t, p.table, rows)
			ok, of := fieldsOf(sum)
			least(t, "recall", sum["pair_hit"]+sum["explained_missed"], sum["pair"], p.least)
			least(t, "precision", sum["spans_ok"]+sum["explained_extra"], sum["spans"]-sum["uncovered"], p.least)
			if of > 0 { // the truth of TLS has names where the client sends them
				least(t, "fields", ok, of, p.least)
			}
		})
	}
}

// withProtocol lists the captures in whose truth one of the protocols is.
func withProtocol(t *testing.T, protos string) (captures, truths []string) {
	t.Helper()
	all, _ := filepath.Glob(filepath.Join(sharedDir, "captures", "*", "*"))
	for _, c := range all {
		truth := truthFile(c)
		if truth == "" {
			continue
		}
		b, err := os.ReadFile(truth)
		if err != nil {
			t.Fatal(err)
		}
		for p := range strings.SplitSeq(protos, ",") {
			if bytes.Contains(b, fmt.Appendf(nil, `"proto": %q`, p)) {
				captures, truths = append(captures, c), append(truths, truth)
				break
			}
		}
	}
	return captures, truths
}

// withTruth lists the captures of a shared folder that have a truth.
func withTruth(folder string) (captures, truths []string) {
	all, _ := filepath.Glob(filepath.Join(sharedDir, "captures", folder, "*"))
	for _, c := range all {
		if truth := truthFile(c); truth != "" {
			captures, truths = append(captures, c), append(truths, truth)
		}
	}
	return captures, truths
}

// fieldsOf counts the fields of pairs that are right or explained, and all.
func fieldsOf(sum map[string]int) (ok, of int) {
	for _, k := range []string{"method", "resource", "status"} {
		of += sum[k+"_n"]
		ok += sum[k+"_ok"] + sum["explained_"+k]
	}
	return ok, of
}

// least wants a share. Of fewer than 20, one may deviate.
func least(t *testing.T, what string, ok, of int, share float64) {
	t.Helper()
	text := fmt.Sprintf("%s: %d of %d", what, ok, of)
	if of == 0 || float64(ok) < share*float64(of) && (of >= 20 || ok < of-1) {
		t.Errorf("%s, want a share of %v", text, share)
		return
	}
	t.Log(text)
}
