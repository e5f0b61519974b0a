package l7test

import (
	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
)

// playFrames runs frames through flows and an Engine.
func playFrames(frames []wire.Frame, protos ...l7.Proto) (*Result, error) {
	r := &Recorder{}
	e := newEngine(protos, nil, r)
	table, err := flows.NewTable(flows.Default(), e)
	if err != nil {
		return nil, err
	}
	now := int64(0)
	for i := range frames {
		now = max(now, frames[i].Time)
		table.Tick(now)
		table.Push(&frames[i], now)
		r.account(e, false)
	}
	table.Flush(now)
	return r.result(e), nil
}

// mss cuts the turns of a Session into segments.
const mss = 1400

// frames builds the packets of a Session: a handshake unless it begins in
// mid-stream, a frame per segment, each acknowledged. Lost turns only move the
// sequence numbers on.
func (s Session) frames() []wire.Frame {
	b := frameBuilder{s: s, seq: [2]uint32{firstSeq, firstSeq}}
	if !s.UDP && !s.Midstream { // a SYN takes a number; bytes have those that Play gives them
		b.seq = [2]uint32{firstSeq - 1, firstSeq - 1}
	}
	b.ends[l7.ToServer], b.ends[l7.ToClient] = endpoints(s)
	if !s.UDP && !s.Midstream {
		b.add(l7.ToServer, wire.SYN, nil)
		b.add(l7.ToClient, wire.SYN|wire.ACK, nil)
		b.add(l7.ToServer, wire.ACK, nil)
	}
	for _, t := range s.Turns {
		switch {
		case t.Fin:
			b.add(t.Dir, wire.FIN|wire.ACK, nil)
		case t.Lost > 0:
			b.seq[t.Dir] += uint32(t.Lost)
		case s.UDP:
			b.add(t.Dir, 0, t.Bytes)
		default:
			for p := t.Bytes; len(p) > 0; {
				n := min(len(p), mss)
				b.add(t.Dir, wire.ACK|wire.PSH, p[:n])
				p = p[n:]
			}
			b.add(t.Dir.Opposite(), wire.ACK, nil)
		}
	}
	return b.out
}

type frameBuilder struct {
	s    Session
	ends [2]flows.Endpoint // by direction in which they send
	seq  [2]uint32
	out  []wire.Frame
}

func (b *frameBuilder) add(dir l7.Dir, flags uint8, payload []byte) {
	src, dst := b.ends[dir], b.ends[dir.Opposite()]
	f := wire.Frame{
		Time: start + int64(len(b.out))*step, Payload: payload, PayloadLen: uint32(len(payload)),
		Src: src.Addr, Dst: dst.Addr, SrcPort: src.Port, DstPort: dst.Port,
		Proto: wire.ProtoTCP, Version: 4, TTL: 64,
	}
	if b.s.UDP {
		f.Proto = wire.ProtoUDP
	} else {
		f.Flags, f.Seq, f.Window = flags, b.seq[dir], 65535
		if flags&wire.ACK != 0 {
			f.Ack = b.seq[dir.Opposite()]
		}
		b.seq[dir] += uint32(len(payload))
		if flags&(wire.SYN|wire.FIN) != 0 {
			b.seq[dir]++
		}
	}
	b.out = append(b.out, f)
}
