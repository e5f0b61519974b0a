package kafka

import (
	"encoding/binary"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/l7test"
)

// many are n records with headers, the values of which have a size.
func many(n, size int) (b []byte) {
	for i := range n {
		b = append(b, recordBytes(i, strings.Repeat("v", size), header{"x", "y"}, header{"X-Request-ID", fmt.Sprintf("id-%04d", i)})...)
	}
	return b
}

// Headers of every record are read in every codec, at once and in pieces.
func TestCodecs(t *testing.T) {
	records := many(40, 3000) // more than a piece
	for _, codec := range []int{0, codecGzip, codecSnappy, codecSnappy | 8, codecLZ4, codecZstd} {
		packed := records
		if codec != 0 {
			packed = pack(t, codec, records)
		}
		b := request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, uint16(codec&flagCodec), 40, packed)))
		for _, size := range []int{len(b), 1400, 61} {
			var turns []l7test.Turn
			for i := 0; i < len(b); i += size {
				turns = append(turns, l7test.Client(b[i:min(i+size, len(b))]))
			}
			m := play(t, turns...)
			if len(m) != 1 || m[0].Last != int64(len(b)-1) || m[0].Cut {
				t.Fatalf("codec %d in pieces of %d: %+v", codec, size, m)
			}
			wants(t, m[0], "messaging.batch.message_count=40", "messaging.destination.partition.id=5",
				"request X-Request-ID=id-0000", "request X-Request-ID=id-0039", "message kafka.digest=3233857728/1000")
			if has(m[0], "wirespan.kafka.batches.unread=1") {
				t.Errorf("codec %d: batch was not read", codec)
			}
		}
	}
}

// What is damaged is told as far as it goes, and counted.
func TestDamagedRecords(t *testing.T) {
	good := pack(t, codecGzip, many(4, 10))
	broken := append([]byte{}, good...)
	broken[len(broken)/2] ^= 0xff
	for name, batch := range map[string][]byte{
		"unknown codec": batchBytes(0, 7, 4, good),
		"wrong codec":   batchBytes(0, codecZstd, 4, good),
		"bad gzip":      batchBytes(0, codecGzip, 4, broken),
		"cut gzip":      batchBytes(0, codecGzip, 4, good[:20]),
		"no records":    batchBytes(0, 0, 4, []byte("not records at all, are they")),
		"too few":       batchBytes(0, 0, 9, many(4, 10)),
	} {
		m := play(t, l7test.Client(request(0, 3, 7, produceBody("\x00\x01", batch))))
		if len(m) != 1 {
			t.Fatalf("%s: %+v", name, m)
		}
		wants(t, m[0], "messaging.destination.name=orders")
		if name != "too few" {
			wants(t, m[0], "wirespan.kafka.batches.unread=1")
		}
	}
}

// A bomb is looked at for so long and no longer.
func TestBomb(t *testing.T) {
	bomb := pack(t, codecZstd, append(recordBytes(0, strings.Repeat("0", 40<<20)), many(1, 1)...))
	m := play(t, l7test.Client(request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, codecZstd, 2, bomb)))))
	if len(m) != 1 {
		t.Fatal(m)
	}
	wants(t, m[0], "wirespan.kafka.batches.unread=1", "messaging.batch.message_count=2")
}

// setMessage is a message of a message set.
func setMessage(offset int64, magic, codec byte, value []byte) []byte {
	body := []byte{1, 2, 3, 4, magic, codec}
	if magic == 1 {
		body = binary.BigEndian.AppendUint64(body, 1000)
	}
	body = binary.BigEndian.AppendUint32(body, 0xffffffff) // no key
	body = append(binary.BigEndian.AppendUint32(body, uint32(len(value))), value...)
	b := binary.BigEndian.AppendUint64(nil, uint64(offset))
	return append(binary.BigEndian.AppendUint32(b, uint32(len(body))), body...)
}

// Message sets have no headers, but are counted, nested ones too.
func TestMessageSets(t *testing.T) {
	for _, magic := range []byte{0, 1} {
		set := append(setMessage(10, magic, 0, []byte("a")), setMessage(11, magic, 0, []byte("bb"))...)
		for _, codec := range []int{0, codecGzip, codecSnappy, codecSnappy | 8, codecLZ4} {
			records := set
			if codec != 0 {
				records = setMessage(11, magic, byte(codec&flagCodec), pack(t, codec, set))
			}
			records = append(records, 0, 0, 0) // a Fetch may end within a message
			m := play(t, l7test.Client(request(1, 4, 9, fetchRequest4)), l7test.Server(response(9, fetchBody(records))))
			if len(m) != 2 {
				t.Fatal(m)
			}
			wants(t, m[1], "messaging.batch.message_count=2", "messaging.kafka.offset="+map[bool]string{true: "10", false: "11"}[codec == 0])
			if codec == 0 {
				wants(t, m[1], "message kafka.offsets=orders/5/10-10", "message kafka.digest=16909060")
			}
		}
	}
}

// Transaction markers are no messages, and a batch that the broker cut off is
// not counted.
func TestControlAndPartial(t *testing.T) {
	records := batchBytes(5, flagControl, 1, recordBytes(0, "marker"))
	records = append(records, batchBytes(6, 0, 2, many(2, 5))...)
	records = append(records, batchBytes(8, 0, 2, many(2, 5))[:70]...)
	m := play(t, l7test.Client(request(1, 4, 9, fetchRequest4)), l7test.Server(response(9, fetchBody(records))))
	if len(m) != 2 {
		t.Fatal(m)
	}
	wants(t, m[1], "messaging.batch.message_count=2", "messaging.kafka.offset=6", "message kafka.offsets=orders/5/6-7")
	if has(m[1], "wirespan.kafka.batches.unread=1") {
		t.Error("a batch counts as unread")
	}
}

// What a record header says must be an ID that is configured; others never leave
// the parser, nor do keys and values.
func TestSecrets(t *testing.T) {
	record := recordBytes(0, "value-secret", header{"authorization", "header-secret"})
	m := play(t, l7test.Client(request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, 0, 1, record)))),
		l7test.Client(request(36, 0, 8, int32s(10)+"\x00lab\x00passw")))
	if s := fmt.Sprint(m); len(m) != 2 || strings.Contains(s, "secret") || strings.Contains(s, "passw") {
		t.Error(s)
	}
}

// A long Fetch is walked in pieces; a gap in a value costs nothing, one elsewhere
// the rest of the message.
func TestGapInFetch(t *testing.T) {
	records := batchBytes(0, 0, 20, many(20, 10_000))
	answer := response(9, fetchBody(records))
	after := response(10, fetchBody(nil))
	ask := []l7test.Turn{l7test.Client(request(1, 4, 9, fetchRequest4)), l7test.Client(request(1, 4, 10, fetchRequest4))}
	for _, gap := range []int{50_000, 100_010} { // the second is within headers
		at, n := gap, 30
		turns := append(ask, l7test.Server(answer[:20_000]), l7test.Server(answer[20_000:at]),
			l7test.Lost(l7.ToClient, int64(n)), l7test.Server(answer[at+n:]), l7test.Server(after))
		m := play(t, turns...)
		if len(m) != 4 || m[3].Match != 10 || m[3].Cut {
			t.Fatalf("gap at %d: %+v", gap, m)
		}
		wants(t, m[2], "messaging.batch.message_count=20", "request X-Request-ID=id-0000")
		if m[2].Lost != int64(n) {
			t.Errorf("gap at %d: lost %d", gap, m[2].Lost)
		}
	}
}

// Each packet is cut off: the head of every message is told, in pairs.
func TestSnaplen(t *testing.T) {
	produce := request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, 0, 4, many(4, 200))))
	answer := response(7, int32s(1)+str16("orders")+int32s(1, 5)+"\x00\x00"+strings.Repeat("\x00", 7)+"\x2a"+strings.Repeat("\xff", 8)+int32s(0))
	var turns []l7test.Turn
	for range 3 {
		turns = append(turns, l7test.Client(produce[:200]), l7test.Lost(l7.ToServer, int64(len(produce)-200)),
			l7test.Server(answer))
	}
	m := play(t, turns...)
	if len(m) != 6 {
		t.Fatalf("%+v", m)
	}
	for i := 0; i < 6; i += 2 {
		if !m[i].Cut || m[i].Kind != "request" || m[i+1].Kind != "response" {
			t.Errorf("%+v", m[i:i+2])
		}
		wants(t, m[i], "messaging.destination.name=orders", "messaging.batch.message_count=4", "wirespan.kafka.acks=1")
		wants(t, m[i+1], "messaging.kafka.offset=42", "message kafka.offsets=orders/5/42-45")
	}
}

// Unpacking starts nothing that goes on.
func TestNoGoroutines(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, codec := range []int{codecGzip, codecSnappy, codecLZ4, codecZstd} {
		b := request(0, 3, 7, produceBody("\x00\x01", batchBytes(0, uint16(codec), 40, pack(t, codec, many(40, 3000)))))
		for range 20 {
			play(t, l7test.Client(b))
		}
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}
