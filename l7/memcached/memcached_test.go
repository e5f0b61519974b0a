package memcached

import (
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// each runs a test for every form of the protocol and its cases.
func each(t *testing.T, test func(*testing.T, l7.Proto, string)) {
	for name, p := range map[string]l7.Proto{"text": Text(), "binary": Binary(), "udp": UDP()} {
		t.Run(name, func(t *testing.T) { test(t, p, filepath.Join("testdata", name)) })
	}
}

func TestGolden(t *testing.T)  { each(t, l7test.Golden) }
func TestChop(t *testing.T)    { each(t, l7test.Chop) }
func TestPoison(t *testing.T)  { each(t, l7test.Poison) }
func TestDrop(t *testing.T)    { each(t, l7test.Drop) }
func TestSwap(t *testing.T)    { each(t, l7test.Swap) }
func TestReorder(t *testing.T) { each(t, l7test.Reorder) }
func FuzzText(f *testing.F)    { l7test.Fuzz(f, Text()) }
func FuzzBinary(f *testing.F)  { l7test.Fuzz(f, Binary()) }
func FuzzUDP(f *testing.F)     { l7test.Fuzz(f, UDP()) }

const (
	binaryGet  = "\x80\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00key"
	binaryGot  = "\x81\x00\x00\x00\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00v"
	framed     = "\x00\x01\x00\x00\x00\x01\x00\x00"
	textGet    = "get key\r\n"
	textGot    = "VALUE key 0 5\r\nhello\r\nEND\r\n"
	textSet    = "set key 0 0 5\r\nhello\r\n"
	textStored = "STORED\r\n"
)

func sessions() map[string]l7test.Session {
	return map[string]l7test.Session{
		"text":   l7test.TCP(l7test.Client(textGet), l7test.Server(textGot), l7test.Client(textSet), l7test.Server(textStored)),
		"binary": l7test.TCP(l7test.Client(binaryGet), l7test.Server(binaryGot)),
		"udp":    l7test.UDP(l7test.Client(framed+textGet), l7test.Server(framed+textGot)),
	}
}

func TestAllocs(t *testing.T) {
	each(t, func(t *testing.T, p l7.Proto, dir string) { l7test.Allocs(t, p, sessions()[filepath.Base(dir)]) })
}

func BenchmarkText(b *testing.B)   { l7test.Bench(b, Text(), sessions()["text"]) }
func BenchmarkBinary(b *testing.B) { l7test.Bench(b, Binary(), sessions()["binary"]) }

func TestDetect(t *testing.T) {
	tests := []struct {
		detect func(l7.Dir, []byte) l7.Verdict
		dir    l7.Dir
		b      string
		want   l7.Verdict
	}{
		{detectText, l7.ToServer, textSet, l7.Yes},
		{detectText, l7.ToServer, textGet, l7.Maybe},
		{detectText, l7.ToServer, "get k", l7.NeedMore},
		{detectText, l7.ToServer, "GET / HTTP/1.1\r\n", l7.No},
		{detectText, l7.ToServer, "get /\r\n", l7.No},
		{detectText, l7.ToServer, "quit\r\n", l7.NeedMore},
		{detectText, l7.ToServer, "ehlo mail.example\r\n", l7.No},
		{detectText, l7.ToServer, "set a b c d\r\n", l7.No},
		{detectText, l7.ToClient, textGot, l7.Yes},
		{detectText, l7.ToClient, textStored, l7.Yes},
		{detectText, l7.ToClient, "OK\r\n", l7.NeedMore},
		{detectText, l7.ToClient, "END\r\n", l7.Maybe},
		{detectText, l7.ToClient, "220 mail.example\r\n", l7.No},
		{detectBinary, l7.ToServer, binaryGet, l7.Yes},
		{detectBinary, l7.ToServer, binaryGet[:9], l7.NeedMore},
		{detectBinary, l7.ToServer, binaryGot, l7.No},
		{detectBinary, l7.ToClient, binaryGot, l7.Yes},
		{detectBinary, l7.ToServer, "\x80\x2e\x01\x03\x01\x00\x15\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", l7.No},
		{detectDatagram, l7.ToServer, framed + textGet, l7.Yes},
		{detectDatagram, l7.ToClient, framed + textGot, l7.Yes},
		{detectDatagram, l7.ToServer, textGet, l7.No},
	}
	for _, tt := range tests {
		if got := tt.detect(tt.dir, []byte(tt.b)); got != tt.want {
			t.Errorf("direction %d, %q: got verdict %d, want %d", tt.dir, tt.b, got, tt.want)
		}
	}
}
