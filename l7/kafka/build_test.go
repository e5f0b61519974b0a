package kafka

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/wirespan/wirespan/l7/l7test"
)

// header of a record.
type header struct{ name, value string }

// recordBytes writes the i-th record of a batch.
func recordBytes(i int, value string, headers ...header) []byte {
	b := []byte{0}
	b = binary.AppendVarint(b, int64(i)) // timestamp
	b = binary.AppendVarint(b, int64(i)) // offset
	b = binary.AppendVarint(b, -1)       // no key
	b = append(binary.AppendVarint(b, int64(len(value))), value...)
	b = binary.AppendVarint(b, int64(len(headers)))
	for _, h := range headers {
		b = append(binary.AppendVarint(b, int64(len(h.name))), h.name...)
		b = append(binary.AppendVarint(b, int64(len(h.value))), h.value...)
	}
	return append(binary.AppendVarint(nil, int64(len(b))), b...)
}

// batchBytes writes a batch of n records, packed or not.
func batchBytes(base int64, flags uint16, n int, records []byte) []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(base))
	b = binary.BigEndian.AppendUint32(b, uint32(batchHead-batchPrefix+len(records)))
	b = append(b, 0, 0, 0, 0, 2)
	b = binary.BigEndian.AppendUint32(b, 0xc0c0c0c0)
	b = binary.BigEndian.AppendUint16(b, flags)
	b = binary.BigEndian.AppendUint32(b, uint32(n-1))
	b = binary.BigEndian.AppendUint64(b, 1000)
	b = binary.BigEndian.AppendUint64(b, 2000)
	b = append(b, bytes.Repeat([]byte{0xff}, 14)...) // producer, epoch, sequence
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	return append(b, records...)
}

func str16(s string) string { return string(rune(0)) + string([]byte{byte(len(s))}) + s }

func int32s(v ...int) string {
	var b []byte
	for _, n := range v {
		b = binary.BigEndian.AppendUint32(b, uint32(n))
	}
	return string(b)
}

// message puts size and head in front of a body.
func message(head, body string) string { return int32s(len(head)+len(body)) + head + body }

// request has a head of version v; the client is called test.
func request(key, v byte, match int, body string) string {
	return message("\x00"+string([]byte{key})+"\x00"+string([]byte{v})+int32s(match)+str16("test"), body)
}

func response(match int, body string) string { return message(int32s(match), body) }

// produceBody is that of Produce 3 to orders, partition 5.
func produceBody(acks string, records []byte) string {
	return "\xff\xff" + acks + int32s(1000, 1) + str16("orders") + int32s(1, 5, len(records)) + string(records)
}

// fetchBody is that of the response to Fetch 4.
func fetchBody(records []byte) string {
	return int32s(0, 1) + str16("orders") + int32s(1, 5) + "\x00\x00" + strings.Repeat("\x00", 16) + int32s(0, len(records)) + string(records)
}

// fetchRequest4 asks for orders, partition 5.
var fetchRequest4 = int32s(-1, 500, 1, 1<<20) + "\x00" + int32s(1) + str16("orders") + int32s(1, 5, 0, 0, 1<<20)

// pack compresses with a codec.
func pack(tb testing.TB, codec int, b []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	switch codec {
	case codecGzip:
		w := gzip.NewWriter(&out)
		w.Write(b)
		w.Close()
	case codecSnappy:
		return s2.EncodeSnappy(nil, b)
	case codecSnappy | 8: // xerial framing, in two blocks
		out.Write(xerial)
		out.WriteString(int32s(1, 1))
		for _, part := range [][]byte{b[:len(b)/2], b[len(b)/2:]} {
			p := s2.EncodeSnappy(nil, part)
			out.WriteString(int32s(len(p)))
			out.Write(p)
		}
	case codecLZ4:
		w := lz4.NewWriter(&out)
		w.Write(b)
		w.Close()
	case codecZstd:
		w, _ := zstd.NewWriter(&out)
		w.Write(b)
		w.Close()
	}
	return out.Bytes()
}

// play gives the messages of a session.
func play(t *testing.T, turns ...l7test.Turn) []l7test.Message {
	t.Helper()
	r := l7test.Play(l7test.TCP(turns...), Proto())
	for _, f := range r.Faults {
		t.Error(f)
	}
	var all []l7test.Message
	for _, c := range r.Conns {
		all = append(all, c.Messages...)
	}
	return all
}

// has reports whether a message has an attribute or an ID.
func has(m l7test.Message, what string) bool {
	for _, list := range [][]string{m.Attrs, m.IDs} {
		for _, s := range list {
			if s == what {
				return true
			}
		}
	}
	return false
}

func wants(t *testing.T, m l7test.Message, list ...string) {
	t.Helper()
	for _, what := range list {
		if !has(m, what) {
			t.Errorf("%s %s has no %q: %q %q", m.Kind, m.Op, what, m.Attrs, m.IDs)
		}
	}
}
