package cassandra

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)    { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)      { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)    { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)      { l7test.DropBy(t, Proto(), dir, identity) }
func TestSwap(t *testing.T)      { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T)   { l7test.Reorder(t, Proto(), dir) }
func FuzzCassandra(f *testing.F) { l7test.Fuzz(f, Proto()) }

// identity leaves out what an execution has from its PREPARE, which may be lost.
func identity(m l7test.Message) string {
	switch m.Op {
	case "EXECUTE", "INSERT", "SELECT":
		return "statement"
	case "BATCH":
		return "BATCH"
	}
	return l7test.Identity(m)
}

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkCassandra(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// plain is a query and its answer.
func plain() l7test.Session {
	return l7test.TCP(
		l7test.Client("\x04\x00\x00\x01\x07\x00\x00\x00\x1f\x00\x00\x00\x18SELECT a FROM b WHERE c=\x00\x06\x00"),
		l7test.Server("\x84\x00\x00\x01\x08\x00\x00\x00\x04\x00\x00\x00\x01"))
}

func TestDetect(t *testing.T) {
	ask, answer := plain().Turns[0].Bytes, plain().Turns[1].Bytes
	tests := []struct {
		dir  l7.Dir
		b    []byte
		want l7.Verdict
	}{
		{l7.ToServer, ask, l7.Yes},
		{l7.ToServer, ask[:10], l7.NeedMore},
		{l7.ToServer, ask[:3], l7.NeedMore},
		{l7.ToClient, ask, l7.No},
		{l7.ToClient, answer, l7.Yes},
		{l7.ToServer, answer, l7.No},
		{l7.ToServer, []byte("GET / HTTP/1.1\r\n"), l7.No},
		{l7.ToServer, []byte("\x04\x01\x00\x50\xc0\x00\x02\x01\x00"), l7.No}, // SOCKS 4
		{l7.ToServer, []byte("\x05\x01\x00"), l7.NeedMore},
		{l7.ToServer, []byte("PING\r\n"), l7.No},
	}
	for i, tt := range tests {
		if got := detect(tt.dir, tt.b); got != tt.want {
			t.Errorf("case %d: got verdict %d, want %d", i, got, tt.want)
		}
	}
}

// TestRecordedSecrets looks for values of the recorded sessions.
func TestRecordedSecrets(t *testing.T) {
	files, _ := filepath.Glob(dir + "/*-*.pcap")
	for _, file := range files {
		r, err := l7test.PlayCapture(file, Proto())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"s3cret", "alice", "bob", "secret"} {
			if bytes.Contains(r.JSON(), []byte(secret)) {
				t.Errorf("%s: %q is shown", file, secret)
			}
		}
	}
}

// TestSecrets looks for values in what is shown.
func TestSecrets(t *testing.T) {
	for _, name := range []string{"v4", "v4-lz4", "v4-snappy", "v5", "v5-lz4"} {
		s, err := l7test.Load(dir + "/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l7test.Play(s, Proto()).Conns {
			for _, m := range c.Messages {
				for _, v := range m.Attrs {
					if bytes.Contains([]byte(v), []byte("secret")) || bytes.Contains([]byte(v), []byte("alice")) {
						t.Errorf("%s: %q shows a value", name, v)
					}
				}
			}
		}
	}
}
