package http1

import (
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
)

// Opcodes (RFC 6455, 5.2).
const (
	wsContinuation = 0
	wsText         = 1
	wsBinary       = 2
	wsClose        = 8
	wsPong         = 10
)

// frames counts what one direction of a WebSocket connection carried.
type frames struct {
	open            bool // ToClient: the exchange of the upgrade goes on
	closed          bool // a close frame was seen
	blind           bool // some frames could not be read
	messages, bytes int64
}

// frames reads WebSocket frames: heads, and payloads by skipping. Fragments of
// a message count as one, control frames not at all.
func (p *parser) frames(dir l7.Dir, b []byte, out *l7.Emitter) (l7.Step, error) {
	h := &p.half[dir]
	at := 0
	for at < len(b) {
		op, fin, size, n, ok := frameHead(b[at:])
		if !ok || h.ws.closed {
			// Nothing follows a close frame (RFC 6455, 5.5.1).
			h.ws.blind = h.ws.blind || !h.ws.closed
			h.state = blind
			return l7.Step{Consumed: len(b), Skip: l7.SkipAll}, nil
		}
		if n == 0 || op == wsClose && len(b)-at < n+int(size) {
			return l7.Step{Consumed: at}, nil
		}
		at += n
		if op < wsClose {
			h.ws.bytes += size
			if fin {
				h.ws.messages++
			}
		}
		if op == wsClose {
			p.noteClose(b[at-n:at], b[at:], size)
			h.ws.closed = true
			at += int(size)
			if p.half[dir.Opposite()].ws.closed && p.half[l7.ToClient].ws.open {
				p.endFrames(out)
				return l7.Step{Consumed: at}, nil
			}
			continue
		}
		if int64(len(b)-at) < size {
			return l7.Step{Consumed: at, Skip: size}, nil
		}
		at += int(size)
	}
	return l7.Step{Consumed: at}, nil
}

// frameHead reads FIN, opcode, mask bit, length and key:
//
//	 0               1               2 .. 9          +4
//	+-+---+-------+-+-------------+---------------+-----+
//	|F|RSV| op    |M| length      | 2 or 8 more   | key |
//	+-+---+-------+-+-------------+---------------+-----+
//
// n is 0 when more bytes are needed. Reserved bits belong to extensions.
func frameHead(b []byte) (op byte, fin bool, size int64, n int, ok bool) {
	op, fin = b[0]&15, b[0]&0x80 != 0
	if op > wsPong || op > wsBinary && op < wsClose || op >= wsClose && !fin {
		return 0, false, 0, 0, false
	}
	if len(b) < 2 {
		return op, fin, 0, 0, true
	}
	size, n = int64(b[1]&0x7f), 2
	switch size {
	case 126:
		v, have := cursor.Uint16(b, 2)
		if !have {
			return op, fin, 0, 0, true
		}
		size, n = int64(v), 4
	case 127:
		v, have := cursor.Uint64(b, 2)
		if !have {
			return op, fin, 0, 0, true
		}
		if v >= uint64(l7.SkipAll) {
			return 0, false, 0, 0, false
		}
		size, n = int64(v), 10
	}
	if op >= wsClose && size > 125 {
		return 0, false, 0, 0, false
	}
	if b[1]&0x80 != 0 {
		n += 4
	}
	if len(b) < n {
		return op, fin, size, 0, true
	}
	return op, fin, size, n, true
}

// noteClose keeps the status code of the first close frame (RFC 6455, 7.4).
func (p *parser) noteClose(head, payload []byte, size int64) {
	code, ok := cursor.Uint16(payload, 0)
	if size < 2 || !ok || p.closed != 0 {
		return
	}
	if head[1]&0x80 != 0 {
		code ^= uint16(head[len(head)-4])<<8 | uint16(head[len(head)-3])
	}
	p.closed = code
}

// endFrames ends the exchange of the upgrade with what was counted.
func (p *parser) endFrames(out *l7.Emitter) {
	m := out.Begin(l7.End)
	if s := &p.half[l7.ToServer].ws; !s.blind {
		m.Int(keySent, s.messages)
		m.Int(keyBytesSent, s.bytes)
	}
	if s := &p.half[l7.ToClient].ws; !s.blind {
		m.Int(keyReceived, s.messages)
		m.Int(keyBytesReceived, s.bytes)
	}
	if p.closed != 0 {
		m.Int(keyCloseCode, int64(p.closed))
	}
	p.half[l7.ToClient].ws.open = false
	out.Emit(l7.ToClient)
}
