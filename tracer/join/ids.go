package join

import (
	"bytes"
	"net/netip"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/ids"
	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// strongBits is the entropy from which a request ID names a trace.
const strongBits = 48

// maxMessageIDs bounds what the messages of one exchange are known by.
const maxMessageIDs = 32

// maxRequestIDs bounds the request IDs of one message.
const maxRequestIDs = 8

// wireIDs encodes the request IDs of a message for the linker and keeps their
// text for the attribute.
func (j *Joiner) wireIDs(x *exchange, m *l7.Message, response bool) link.Ref {
	mark := j.out.Mark()
	j.out.Bytes = j.addIDs(j.out.Bytes, x, m, response)
	return j.out.Since(mark)
}

func (j *Joiner) addIDs(b []byte, x *exchange, m *l7.Message, response bool) []byte {
	n, messages := 0, 0
	for i := range m.IDs {
		id := &m.IDs[i]
		if id.Class == l7.IDMessage && len(id.Value) > 0 && messages < maxMessageIDs {
			messages++
			b = link.AppendMessageID(b, id.Name, id.Value, response)
		}
		if id.Class != l7.IDRequest && id.Class != l7.IDUser || len(id.Value) == 0 || n == maxRequestIDs {
			continue
		}
		n++
		v := limit(id.Value, 256)
		j.list = fold(j.list[:0], id.Name)
		name := len(j.list)
		bits := ids.Entropy(v)
		b = link.AppendID(b, j.list[:name], v, bits, response)
		if bits >= strongBits && x.rec.Flags&link.HasRequestIDTrace == 0 {
			x.rec.Flags |= link.HasRequestIDTrace
			x.rec.IDTrace = span.TraceOfRequestID(string(j.list[:name]), v)
		}
		j.list = append(append(j.list, '='), v...)
		if response {
			x.respIDs = span.AppendElem(x.respIDs, j.list)
		} else {
			x.reqIDs = span.AppendElem(x.reqIDs, j.list)
		}
	}
	return b
}

// fold appends a header name in lower case with '-' for '_'.
func fold(b, name []byte) []byte {
	name = limit(name, 128)
	from := len(b)
	b = append(b, name...)
	for i, c := range b[from:] {
		switch {
		case 'A' <= c && c <= 'Z':
			b[from+i] = c + 'a' - 'A'
		case c == '_':
			b[from+i] = '-'
		}
	}
	return b
}

// contexts keeps the trace contexts and forwarded addresses of a request.
func (j *Joiner) contexts(x *exchange, m *l7.Message) {
	if len(m.IDs) == 0 {
		return
	}
	context, forwarded := false, false
	for i := range m.IDs {
		id := &m.IDs[i]
		switch id.Class {
		case l7.IDContext, l7.IDBaggage:
			context = true
			if !j.cfg.Core && len(x.contexts) < maxList {
				j.list = append(append(fold(j.list[:0], id.Name), '='), limit(id.Value, 512)...)
				x.contexts = span.AppendElem(x.contexts, j.list)
			}
		case l7.IDForwarded:
			forwarded = true
			x.rec.Forwarded = lastAddress(id, x.rec.Forwarded)
		}
	}
	if context {
		if ctx, ok := ids.ParseContext(m.IDs); ok {
			x.rec.Flags |= link.HasContext
			x.rec.Context = link.Context{
				Trace: ctx.Trace, Parent: ctx.Parent, Kind: ctx.Kind, Sampled: ctx.Sampled || !ctx.SampledKnown,
			}
		}
	}
	if forwarded {
		if a := ids.ForwardedClient(m.IDs); len(a) > 0 {
			x.attrs = span.AppendString(x.attrs, span.KeyClientForwarded, limit(a, 128))
		}
	}
}

// lastAddress is the hash of the address that X-Forwarded-For ends with, the
// client of the proxy that sent it; have if there is none.
func lastAddress(id *l7.ID, have uint64) uint64 {
	if len(id.Name) != len("X-Forwarded-For") || len(id.Value) > 1024 {
		return have
	}
	v := id.Value
	if i := bytes.LastIndexByte(v, ','); i >= 0 {
		v = v[i+1:]
	}
	v = bytes.TrimSpace(v)
	if len(v) > 45 {
		return have
	}
	a, err := netip.ParseAddr(string(v))
	if err != nil {
		return have
	}
	b := a.As16()
	return link.AddrHash((*[16]byte)(&b))
}
