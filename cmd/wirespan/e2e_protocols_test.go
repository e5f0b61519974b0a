package main

import (
	"fmt"
	"path/filepath"
	"testing"
)

// protocolScores are what the spans of each protocol reach on the shared
// captures, in pairs, spans and fields, of those that the truth has. The rest is
// explained in testdata/deviations. Truth names some protocols in its own way.
var protocolScores = []struct {
	truth, folder            string
	pairs, precision, fields float64 // least shares
}{
	{"redis", "redis", 1, 1, 0.985},
	{"mysql", "mysql", 1, 1, 0.995},
	{"pgsql", "postgresql", 1, 1, 1},
	{"memcache", "memcached", 1, 1, 1},
	{"kafka", "kafka", 1, 1, 0.99},
	{"rocketmq", "rocketmq", 1, 1, 1},
	{"mqtt", "mqtt", 1, 1, 0.995},
	{"http2", "http2-grpc", 1, 1, 1},
	{"grpc", "http2-grpc", 1, 1, 1},
	{"amqp", "amqp", 1, 1, 1},
	{"nats", "nats", 1, 1, 1},
	{"stomp", "stomp", 1, 1, 1},
	{"openwire", "openwire", 1, 1, 1},
	{"mongo", "mongodb", 1, 0.8, 1},
	{"cql", "cassandra", 1, 0.97, 1},
	{"thrift", "thrift", 1, 1, 0.98},
	{"dubbo", "dubbo", 1, 1, 1},
}

// TestProtocolScores scores every protocol beside HTTP/1 and DNS.
func TestProtocolScores(t *testing.T) {
	t.Parallel()
	bench := sharedCapture(t, "bench")
	for _, p := range protocolScores {
		t.Run(p.truth, func(t *testing.T) {
			t.Parallel()
			captures, truths := withTruth(p.folder)
			sum := make(map[string]int)
			for _, f := range scoreFiles(t, bench, p.truth, truths, analyseAll(t, captures, t.TempDir())) {
				for k, n := range f.Counts {
					sum[k] += n
				}
				for _, d := range f.Deviations {
					t.Logf("%s: %s: %s | %s", f.File, d.Kind, d.What, d.Span)
				}
			}
			ok, of := fieldsOf(sum)
			least(t, "recall", sum["pair_hit"], sum["pair"], p.pairs)
			least(t, "precision", sum["spans_ok"], sum["spans"]-sum["uncovered"], p.precision)
			least(t, "fields", ok, of, p.fields)
		})
	}
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

func fieldsOf(sum map[string]int) (ok, of int) {
	for _, k := range []string{"method", "resource", "status"} {
		of += sum[k+"_n"]
		ok += sum[k+"_ok"]
	}
	return ok, of
}

func least(t *testing.T, what string, ok, of int, share float64) {
	t.Helper()
	text := fmt.Sprintf("%s: %d of %d", what, ok, of)
	if of == 0 || float64(ok) < share*float64(of) {
		t.Errorf("%s, want a share of %v", text, share)
		return
	}
	t.Log(text)
}
