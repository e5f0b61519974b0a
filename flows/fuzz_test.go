package flows

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/wirespan/wirespan/capture/wire"
)

// FuzzTable makes packets of a few connections from bytes, eight each: kind and
// ends, flags, sequence and acknowledgement numbers near each other, lengths,
// time. No input may break the order of a stream, the bounds or the accounts.
func FuzzTable(f *testing.F) {
	f.Add([]byte("\x00\x02\x00\x00\x00\x00\x00\x01\x01\x12\x00\x00\x01\x00\x00\x01\x00\x18\x01\x00\x01\x05\x00\x01"))
	f.Add([]byte("\x00\x18\x10\x00\x00\xff\x00\x20\x00\x18\x01\x00\x00\x20\x00\x20\x01\x11\x00\x00\x40\x00\x00\xff"))
	f.Add([]byte("\x00\x11\x10\x00\x00\x04\x00\x01\x01\x11\x00\x00\x14\x00\x00\x01\x00\x18\x08\x00\x00\x10\x00\xff"))
	f.Add([]byte("\x08\x00\x00\x00\x00\x10\x05\x01\x09\x00\x00\x00\x00\x10\x00\x01"))
	f.Fuzz(func(t *testing.T, in []byte) {
		cfg := Default()
		cfg.MaxConns = 3
		cfg.MaxBuffered = 4 * blockSize
		cfg.MaxBufferedTotal = 6 * blockSize
		r := newRecorder(t)
		r.quiet = true
		tb := newTable(t, cfg, r)
		now := epoch
		payload := make([]byte, 256*16)
		for ; len(in) >= 8; in = in[8:] {
			s := pkt(0, "cs"[in[0]&1], "", 0, 0, "")
			fr := s.frame(Endpoint{clientEnd.Addr, 40000 + uint16(in[0]>>1&3)}, serverEnd)
			if in[0]&8 != 0 {
				fr.Proto = wire.ProtoUDP
			}
			fr.Flags = in[1]
			fr.Seq = uint32(int32(int16(binary.BigEndian.Uint16(in[2:])))) << (in[0] >> 6 << 2)
			fr.Ack = uint32(int32(int8(in[4]))) << (in[0] >> 4 & 3 << 3)
			fr.Payload = payload[:int(in[5])<<(in[0]>>5&1<<2)]
			fr.PayloadLen = uint32(len(fr.Payload)) + uint32(in[6])
			now += int64(in[7]) * int64(in[7]) * int64(time.Millisecond)
			fr.Time = now - int64(int8(in[6]))*ms
			tb.Tick(now / tickLength * tickLength)
			tb.Push(&fr, now)
			reconcile(t, tb)
		}
		tb.Tick(now + 4000*ms)
		reconcile(t, tb)
		tb.Flush(now + 4000*ms)
		reconcile(t, tb)
		s := tb.Stats()
		closed := uint64(0)
		for _, n := range s.Closed {
			closed += n
		}
		if s.Opened != closed || s.Buffered != 0 || tb.mem != 0 || len(r.conns) != 0 || uint64(r.lost) != s.Gap {
			t.Fatalf("left: %+v", s)
		}
		if len(tb.freeReorders) != len(tb.reorders) || len(tb.reorders) > cfg.MaxConns {
			t.Fatalf("%d of %d reorders are free", len(tb.freeReorders), len(tb.reorders))
		}
	})
}
