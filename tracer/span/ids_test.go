package span

import (
	"encoding/hex"
	"testing"

	"github.com/cespare/xxhash/v2"
)

// The inputs are those of the doc comments, byte by byte; the values are XXH64
// of them, with seed 0 and, for the second half of 128 bits, seed 1.
func TestVectors(t *testing.T) {
	head := []byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	long := []byte("GET /0123456789/0123456789/0123456789/0123456789/0123456789/ HTTP/1.1\r\n")
	query := []byte("\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01")
	for _, c := range []struct {
		about, input string // hex
		got          []byte
		want         string
	}{
		{
			"TCP: domain, seq, ack, hash of the head", "027831" + "0844332211 00000000" + "0888776655 00000000" + "08" + le(xxhash.Sum64(head)),
			be(ExchangeTCP(0x11223344, 0x55667788, head, 0)), "928561f89ec3815d",
		},
		{
			"TCP: 64 bytes of the head count", "027831" + "0801000000 00000000" + "0802000000 00000000" + "08" + le(xxhash.Sum64(long[:64])),
			be(ExchangeTCP(1, 2, long, 0)), "7a403ec480459ed5",
		},
		{
			"TCP: a stream id comes last", "027831" + "0801000000 00000000" + "0802000000 00000000" + "08" + le(xxhash.Sum64(head)) + "08 0300000000000000",
			be(ExchangeTCP(1, 2, head, 3)), "3ec4f922611cdf5c",
		},
		{
			"UDP: domain, id, question, client port, time div 2 s", "027531" + "08 3412000000000000" + "13" + hex.EncodeToString(query) + "08 39a0000000000000" + "08 0300000000000000",
			be(ExchangeUDP(0x1234, query, 0xa039, 7_999_999_999)), "3eca702f22ea18f1",
		},
		{
			"span: domain, exchange, agent, point, index", "027331" + "08 8877665544332211" + "076f66666c696e65" + "0465746830" + "08 0100000000000000",
			idBytes(SpanIDOf(0x1122334455667788, "offline", "eth0", 1)), "3b654501f588f562",
		},
		{
			"trace of a root", "04726f6f74" + "08 8877665544332211",
			traceBytes(TraceOfRoot(0x1122334455667788)), "55a514104bbd6d89ccf7f719c3ad9d00",
		},
		{
			"trace of a request ID: domain, name class, value", "03726964" + "0c782d726571756573742d6964" + "0437663361",
			traceBytes(TraceOfRequestID("x-request-id", []byte("7f3a"))), "5d5f2031007db55d37121f7b2d229183",
		},
	} {
		in := unhex(t, c.input)
		sum := be(xxhash.Sum64(in))
		if len(c.got) == 16 {
			d := xxhash.NewWithSeed(1)
			d.Write(in)
			sum = append(sum, be(d.Sum64())...)
		}
		if got := hex.EncodeToString(c.got); got != hex.EncodeToString(sum) || got != c.want {
			t.Errorf("%s: %s, of the input %x, vector %s", c.about, got, sum, c.want)
		}
	}
}

func le(v uint64) string {
	var b [8]byte
	for i := range b {
		b[i] = byte(v >> (8 * i))
	}
	return hex.EncodeToString(b[:])
}

func be(v uint64) []byte {
	b := make([]byte, 8)
	for i := range b {
		b[i] = byte(v >> (56 - 8*i))
	}
	return b
}

func idBytes(s SpanID) []byte     { return s[:] }
func traceBytes(t TraceID) []byte { return t[:] }

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	var digits []byte
	for _, c := range []byte(s) {
		if c != ' ' {
			digits = append(digits, c)
		}
	}
	b, err := hex.DecodeString(string(digits))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Parts that differ in their borders differ in their hash, and parts beyond
// the room are cut without harm.
func TestHasherParts(t *testing.T) {
	var a, b Hasher
	if a.Start("d").Str("ab").Str("c").H64() == b.Start("d").Str("a").Str("bc").H64() {
		t.Error("the borders of parts do not count")
	}
	long := string(make([]byte, 4*hashSize))
	if a.Start("d").Str(long).H64() == b.Start("d").Str(long[1:]).H64() {
		t.Error("the length of a part that is cut does not count")
	}
	a.Start("d").Str(long).Bytes([]byte(long)).Uint(1).H128()
	if SpanIDOf(1, "a", "p", 0) == SpanIDOf(1, "a", "p", 1) || SpanIDOf(1, "a", "p", 0) == SpanIDOf(1, "ap", "", 0) {
		t.Error("span ids meet")
	}
}

func TestIDsAllocate(t *testing.T) {
	head := []byte("GET / HTTP/1.1\r\n\r\n")
	if n := testing.AllocsPerRun(100, func() {
		ExchangeTCP(1, 2, head, 0)
		ExchangeUDP(1, head, 3, 4)
		SpanIDOf(1, "agent", "point", 0)
		TraceOfRoot(1)
		TraceOfRequestID("x-request-id", head)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestIDText(t *testing.T) {
	s := SpanID{0, 1, 2, 3, 4, 5, 6, 0xff}
	tr := TraceID{15: 1}
	if s.String() != "00010203040506ff" || tr.String() != "00000000000000000000000000000001" {
		t.Errorf("%s %s", s, tr)
	}
	if s.IsZero() || tr.IsZero() || !(SpanID{}).IsZero() || !(TraceID{}).IsZero() {
		t.Error("zero")
	}
	if Client.String() != "CLIENT" || Server.String() != "SERVER" || Internal.String() != "INTERNAL" || Producer.String() != "PRODUCER" || Consumer.String() != "CONSUMER" {
		t.Error("kinds")
	}
}

func BenchmarkIDs(b *testing.B) {
	head := []byte("GET /items/4711 HTTP/1.1\r\nHost: shop.example\r\nAccept: */*\r\n\r\n")
	b.ReportAllocs()
	for b.Loop() {
		SpanIDOf(ExchangeTCP(1, 2, head, 0), "offline", "eth0", 0)
	}
}

func BenchmarkTraceOfRequestID(b *testing.B) {
	v := []byte("2f1c9a0e5d7b4836a1b2c3d4e5f60718")
	b.ReportAllocs()
	for b.Loop() {
		TraceOfRequestID("x-request-id", v)
	}
}
