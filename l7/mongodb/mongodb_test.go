package mongodb

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.Drop(t, Proto(), dir) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }
func FuzzMongoDB(f *testing.F) { l7test.Fuzz(f, Proto()) }

func TestAllocs(t *testing.T) { l7test.Allocs(t, Proto(), plain()) }

func BenchmarkMongoDB(b *testing.B) { l7test.Bench(b, Proto(), plain()) }

// plain is a find and its answer.
func plain() l7test.Session {
	return l7test.TCP(
		l7test.Client("\x4d\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x38\x00\x00\x00"+
			"\x02find\x00\x07\x00\x00\x00orders\x00\x03filter\x00\x0c\x00\x00\x00\x10a\x00\x01\x00\x00\x00\x00\x02$db\x00\x05\x00\x00\x00shop\x00\x00"),
		l7test.Server("\x26\x00\x00\x00\x09\x00\x00\x00\x07\x00\x00\x00\xdd\x07\x00\x00\x00\x00\x00\x00\x00\x11\x00\x00\x00\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f\x00"))
}

func TestDetect(t *testing.T) {
	ask, answer := plain().Turns[0].Bytes, plain().Turns[1].Bytes
	tests := []struct {
		dir  l7.Dir
		b    []byte
		want l7.Verdict
	}{
		{l7.ToServer, ask, l7.Yes},
		{l7.ToServer, ask[:20], l7.NeedMore},
		{l7.ToServer, ask[:3], l7.NeedMore},
		{l7.ToClient, ask, l7.No},
		{l7.ToClient, answer, l7.Yes},
		{l7.ToServer, answer, l7.No},
		{l7.ToServer, []byte("GET / HTTP/1.1\r\n"), l7.No},
		{l7.ToServer, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdef"), l7.No},
	}
	for i, tt := range tests {
		if got := detect(tt.dir, tt.b); got != tt.want {
			t.Errorf("case %d: got verdict %d, want %d", i, got, tt.want)
		}
	}
}

// TestRecordedSecrets looks for values of the recorded sessions.
func TestRecordedSecrets(t *testing.T) {
	files, _ := filepath.Glob(dir + "/ferretdb-*.pcap")
	for _, file := range files {
		r, err := l7test.PlayCapture(file, Proto())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"s3cret", "alice", "4111", "secret-part", "part 1", "xxxx"} {
			if bytes.Contains(r.JSON(), []byte(secret)) {
				t.Errorf("%s: %q is shown", file, secret)
			}
		}
	}
}

// TestSecrets looks for values in what is shown.
func TestSecrets(t *testing.T) {
	for _, name := range []string{"commands", "compressed", "legacy"} {
		s, err := l7test.Load(dir + "/" + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range l7test.Play(s, Proto()).Conns {
			for _, m := range c.Messages {
				for _, v := range m.Attrs {
					for _, secret := range []string{"secret", "alice", "4111", "bob", "nnnn"} {
						if bytes.Contains([]byte(v), []byte(secret)) {
							t.Errorf("%s: %q shows %q", name, v, secret)
						}
					}
				}
			}
		}
	}
}
