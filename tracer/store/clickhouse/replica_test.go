package clickhouse

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wirespan/wirespan/tracer/store"
	"github.com/wirespan/wirespan/tracer/store/clickhouse/chtest"
)

const zookeeperJar = "/usr/share/java/zookeeper.jar"

// startZooKeeper runs what replicas agree by, and returns its port.
func startZooKeeper(t *testing.T) int {
	t.Helper()
	if _, err := exec.LookPath("java"); err != nil {
		t.Skip("no java here, which runs ZooKeeper")
	}
	if _, err := os.Stat(zookeeperJar); err != nil {
		t.Skip("no ZooKeeper here (Debian: apt-get install zookeeper)")
	}
	dir, port := chtest.MemoryDir(t), chtest.FreePorts(t, 1)[0]
	cfg := filepath.Join(dir, "zoo.cfg")
	text := fmt.Sprintf("tickTime=500\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\nmaxClientCnxns=0\n4lw.commands.whitelist=srvr\n", dir, port)
	if err := os.WriteFile(cfg, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command("java", "-Xmx128m", "-cp", zookeeperJar, "org.apache.zookeeper.server.ZooKeeperServerMain", cfg)
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := chtest.Begin(t, cmd); err != nil {
		t.Skipf("java does not start: %v", err)
	}
	t.Cleanup(func() { chtest.Kill(cmd) })
	for deadline := time.Now().Add(60 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if strings.Contains(keeperStatus(port), "Mode: ") {
			return port
		}
		if time.Now().After(deadline) {
			chtest.Kill(cmd)
			t.Skipf("ZooKeeper does not run here:\n%s", log.String())
		}
	}
}

// keeperStatus asks ZooKeeper how it is: one that listens may not serve yet.
func keeperStatus(port int) string {
	c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	fmt.Fprint(c, "srvr")
	b, _ := io.ReadAll(c)
	return string(b)
}

// TestReplicas has two replicas of one shard, whose tables are made ON CLUSTER. One
// dies; writes and questions go on, and it has everything when it is back.
func TestReplicas(t *testing.T) {
	if _, err := exec.LookPath("clickhouse-server"); err != nil {
		t.Skip("no clickhouse-server here (Debian: apt-get install clickhouse-server)")
	}
	keeper := startZooKeeper(t)
	servers := startPair(t, true, func(n int) string {
		return fmt.Sprintf(`<zookeeper><node><host>127.0.0.1</host><port>%d</port></node><session_timeout_ms>3000</session_timeout_ms></zookeeper>
<macros><shard>1</shard><replica>r%d</replica></macros><distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>`, keeper, n)
	})
	defer func() {
		if t.Failed() {
			t.Logf("servers:\n%s\n%s", servers[0].Errors(), servers[1].Errors())
		}
	}()
	for _, sv := range servers {
		waitFor(t, sv, "SELECT toUInt64(count() > 0) FROM system.zookeeper WHERE path = '/clickhouse/task_queue'", 1)
	}
	cfg := quick(pairDSN(servers, "connection_open_strategy=in_order")("replicas"))
	cfg.RetryFor = time.Minute
	s := mustOpen(t, cfg)
	defer s.Close(t.Context())
	if !s.schema.replicated {
		t.Fatal("the macros shard and replica were not seen")
	}
	for i := range 6 { // counts of different INSERTs are equal, and no copies
		one := sampleSpan(byte(i), 0)
		if err := s.Write(t.Context(), []store.Span{one}); err != nil {
			t.Fatal(err)
		}
	}
	rates, err := s.Rates(t.Context(), &store.RateQuery{Window: store.Window{From: testTime - 1e12}, Step: 3600e9})
	if err != nil || len(rates) != 1 || rates[0].Count != 6 {
		t.Errorf("rates %+v, %v", rates, err)
	}
	if err := s.Write(t.Context(), sampleSpans(8, 30)); err != nil {
		t.Fatal(err)
	}
	const want = 36
	waitFor(t, servers[1], "SELECT count() FROM replicas.spans_local", want)
	chtest.Kill(servers[0].Cmd)
	if err := s.Write(t.Context(), sampleSpans(9, 40)); err != nil {
		t.Fatalf("one replica is away: %v", err)
	}
	if got, _, err := s.Related(t.Context(), []store.Key{store.SpanKey(sampleSpan(9, 7).ID), store.SpanKey(sampleSpan(8, 4).ID)}, store.Window{}, 100); err != nil || len(got) < 2 {
		t.Errorf("one replica is away: %d spans, %v", len(got), err)
	}
	servers[0].Run(t)
	waitFor(t, servers[0], "SELECT count() FROM replicas.spans_local", want+40)
	waitFor(t, servers[0], "SELECT count() FROM replicas.keys_local WHERE key_kind = 2", want+40)
}

// waitFor asks one server until it has what the others have.
func waitFor(t *testing.T, sv *chtest.Server, sql string, want uint64) {
	t.Helper()
	one := mustOpen(t, quick(sv.DSN("elsewhere")))
	defer one.Close(t.Context())
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
		n, err := count(t.Context(), one.conn, sql)
		if err == nil && n == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %d, %v, want %d", sql, n, err, want)
		}
	}
}
