package clickhouse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
	"github.com/wirespan/wirespan/tracer/store/storetest"
)

// clusterConfig is a cluster of servers, each a shard of its own or all replicas of
// one shard.
func clusterConfig(servers []*chtest.Server, replicas bool) string {
	var b strings.Builder
	b.WriteString("<remote_servers><pair>")
	if replicas {
		b.WriteString("<shard><internal_replication>true</internal_replication>")
	}
	for _, s := range servers {
		r := fmt.Sprintf("<replica><host>127.0.0.1</host><port>%d</port></replica>", s.Native)
		if !replicas {
			r = "<shard>" + r + "</shard>"
		}
		b.WriteString(r)
	}
	if replicas {
		b.WriteString("</shard>")
	}
	b.WriteString("</pair></remote_servers>")
	return b.String()
}

// startPair runs two servers that know each other.
func startPair(t *testing.T, replicas bool, more func(n int) string) []*chtest.Server {
	t.Helper()
	servers := []*chtest.Server{chtest.New(t), chtest.New(t)}
	for i, s := range servers {
		s.Start(t, clusterConfig(servers, replicas)+more(i))
	}
	return servers
}

// pairDSN names a database of the pair, by way of both.
func pairDSN(servers []*chtest.Server, params string) func(string) string {
	return func(database string) string {
		return fmt.Sprintf("clickhouse://default@%s,%s/%s?cluster=pair&%s", servers[0].Addr(), servers[1].Addr(), database, params)
	}
}

// TestSuiteSharded runs the suite on two shards without Keeper: tables are made on
// each host, and asked through Distributed tables.
func TestSuiteSharded(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: the suite runs on one server")
	}
	servers := startPair(t, false, func(int) string { return "" })
	storetest.Run(t, opener(pairDSN(servers, "ddl=hosts")))
	if t.Failed() {
		t.Logf("servers:\n%s\n%s", servers[0].Errors(), servers[1].Errors())
	}
}

// TestShards looks where spans went: all spans of a trace, and their keys and counts,
// lie on one shard, and both shards have some.
func TestShards(t *testing.T) {
	servers := startPair(t, false, func(int) string { return "" })
	s := mustOpen(t, quick(pairDSN(servers, "ddl=hosts")("shards")))
	defer s.Close(t.Context())
	list := sampleSpans(1, 200)
	for i := range list {
		list[i].Trace[0] = byte(i / 10)
		list[i].Trace[15] = 0
	}
	if err := s.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	var traces, spans uint64
	for _, sv := range servers {
		one := mustOpen(t, quick(sv.DSN("elsewhere")))
		defer one.Close(t.Context())
		n, err := count(t.Context(), one.conn, "SELECT count() FROM shards.spans_local")
		if err != nil || n == 0 {
			t.Fatalf("%d spans, %v", n, err)
		}
		spans += n
		for _, q := range []struct {
			sql  string
			want uint64
		}{
			{"SELECT count() FROM shards.keys_local WHERE key_kind = 2", n},
			{"SELECT sum(count) FROM shards.rates_local", n},
		} {
			if got, err := count(t.Context(), one.conn, q.sql); err != nil || got != q.want {
				t.Errorf("%s: %d, %v, want %d", q.sql, got, err, q.want)
			}
		}
		n, err = count(t.Context(), one.conn, "SELECT uniqExact(trace) FROM shards.spans_local")
		if err != nil {
			t.Fatal(err)
		}
		traces += n
	}
	if spans != 200 || traces != 20 {
		t.Errorf("%d spans of %d traces on the shards", spans, traces)
	}
	got, _, err := s.Related(t.Context(), []store.Key{store.TraceKey(list[0].Trace)}, store.Window{}, 100)
	if err != nil || len(got) != 10 {
		t.Errorf("%d spans of a trace, %v", len(got), err)
	}
}
