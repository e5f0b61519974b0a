package http2

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// errorNames are the error codes of RST_STREAM (RFC 9113, 7).
var errorNames = [][]byte{
	[]byte("NO_ERROR"), []byte("PROTOCOL_ERROR"), []byte("INTERNAL_ERROR"), []byte("FLOW_CONTROL_ERROR"), []byte("SETTINGS_TIMEOUT"),
	[]byte("STREAM_CLOSED"), []byte("FRAME_SIZE_ERROR"), []byte("REFUSED_STREAM"), []byte("CANCEL"), []byte("COMPRESSION_ERROR"),
	[]byte("CONNECT_ERROR"), []byte("ENHANCE_YOUR_CALM"), []byte("INADEQUATE_SECURITY"), []byte("HTTP_1_1_REQUIRED"),
}

// Error codes that are looked at.
const (
	noError       = 0
	refusedStream = 7
	cancelled     = 8
	calmDown      = 11
	insecure      = 12
)

var otherError = []byte("_OTHER")

func codeAt(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// beginReset reads RST_STREAM (RFC 9113, 6.4). It ends both messages of its
// stream; where the request is still open, its end comes with the head of the
// frame, and what becomes of the response with the payload.
func (p *parser) beginReset(dir l7.Dir, h *half, f *frame, b []byte, out *l7.Emitter) l7.Step {
	h.id, h.at = f.id, out.Here()
	s := p.streams.find(f.id)
	if s != nil && !s.dead && !s.ended[l7.ToServer] {
		if s.ended[l7.ToClient] { // nothing else is open
			p.close(l7.ToServer, s, out.Begin(l7.End))
			p.tell(l7.ToServer, out)
			return l7.Step{Consumed: f.size()}
		}
		p.close(l7.ToServer, s, out.Begin(l7.End))
		p.tell(l7.ToServer, out)
		h.state = inReset
		return l7.Step{Consumed: frameHead}
	}
	p.reset(dir, h, codeAt(b[frameHead:]), out)
	return l7.Step{Consumed: f.size()}
}

// reset tells what becomes of the response. A response that had not begun is
// the reset itself, whoever sent it.
func (p *parser) reset(dir l7.Dir, h *half, code uint32, out *l7.Emitter) {
	s := p.streams.find(h.id)
	if s == nil || s.dead {
		return
	}
	if s.ended[l7.ToClient] {
		p.streams.remove(s.id)
		return
	}
	if code == noError && !s.answered && !s.pushed {
		return // there is a response that was not seen, or not yet: it is what NO_ERROR is sent behind
	}
	to, kind := dir, l7.Response
	if s.answered || s.pushed {
		to, kind = l7.ToClient, l7.End
	}
	m := out.Begin(kind)
	m.Match, m.First, m.Version = uint64(s.id), h.at, version
	if kind == l7.End {
		s.ended[l7.ToServer] = false // kept as one that is dead
		p.close(l7.ToClient, s, m)
	}
	p.fail(dir, s, code, m)
	s.answered, s.ended = true, [2]bool{true, true}
	p.streams.kill(s)
	p.tell(to, out)
}

// fail sets the status of an exchange that was reset: whoever did it is at
// fault, and in a call the code that the client's library will report (gRPC
// over HTTP/2, "Errors").
func (p *parser) fail(dir l7.Dir, s *stream, code uint32, m *l7.Message) {
	if code == noError {
		return
	}
	m.Status, m.Error = l7.ServerError, otherError
	if dir == l7.ToServer {
		m.Status = l7.ClientError
	}
	if int(code) < len(errorNames) {
		m.Error = errorNames[code]
	}
	if !s.call {
		return
	}
	if m.Kind == l7.Response {
		m.Protocol, m.Class = protocolGRPC, l7.ClassRPC
	}
	p.text = p.text[:0]
	switch code {
	case refusedStream:
		p.setStatus(rpcUnavailable, m)
	case cancelled:
		p.setStatus(rpcCancelled, m)
	case calmDown:
		p.setStatus(rpcExhausted, m)
	case insecure:
		p.setStatus(rpcDenied, m)
	default:
		p.setStatus(rpcInternal, m)
	}
}
