package http2

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/cursor"
	"github.com/wirespan/wirespan/l7/hpack"
)

// Tags of the names that the parser looks at. tagID plus an l7.IDClass is for
// names that carry IDs.
const (
	tagNone hpack.Tag = iota
	tagMethod
	tagPath
	tagScheme
	tagAuthority
	tagStatus
	tagHost
	tagContentType
	tagContentEncoding
	tagUserAgent
	tagRPCStatus
	tagRPCMessage
	tagTimeout
	tagTriple
	tagID = 64
)

// tagger tells the tags of names.
func tagger(ids l7.IDMatcher) func(name []byte) hpack.Tag {
	return func(name []byte) hpack.Tag {
		switch string(name) {
		case ":method":
			return tagMethod
		case ":path":
			return tagPath
		case ":scheme":
			return tagScheme
		case ":authority":
			return tagAuthority
		case ":status":
			return tagStatus
		case "host":
			return tagHost
		case "content-type":
			return tagContentType
		case "content-encoding":
			return tagContentEncoding
		case "user-agent":
			return tagUserAgent
		case "grpc-status":
			return tagRPCStatus
		case "grpc-message":
			return tagRPCMessage
		case "grpc-timeout":
			return tagTimeout
		}
		if c := ids.Match(name); c != l7.IDNone {
			return tagID + hpack.Tag(c)
		}
		if len(name) > 4 && string(name[:4]) == "tri-" {
			return tagTriple
		}
		return tagNone
	}
}

// fields is what a header block says beside IDs.
type fields struct {
	method, path, scheme, host []byte
	media, coding, agent       []byte
	message, timeout           []byte // grpc-message, grpc-timeout
	status                     int32  // 0 if absent
	rpcStatus                  int32  // -1 if absent
	triple                     bool
	unknown                    int64
	n                          int
}

// pseudo reports whether there is anything that a request must begin with.
func (f *fields) pseudo() bool { return f.method != nil || f.path != nil || f.scheme != nil }

// read decodes a header block; its IDs go to m.
func (p *parser) read(d *hpack.Decoder, block []byte, f *fields, m *l7.Message) {
	*f = fields{rpcStatus: -1}
	d.Begin(block)
	for h := (hpack.Field{}); d.Next(&h); f.n++ {
		if h.Unknown {
			f.unknown++
			continue
		}
		if h.Tag != tagNone {
			f.take(&h, m)
		}
	}
	if d.Bad() {
		d.Forget()
	}
}

// take takes a field that somebody asks for.
func (f *fields) take(h *hpack.Field, m *l7.Message) {
	switch h.Tag {
	case tagMethod:
		f.method = h.Value
	case tagPath:
		f.path = h.Value
	case tagScheme:
		f.scheme = h.Value
	case tagAuthority:
		f.host = h.Value
	case tagHost:
		if f.host == nil {
			f.host = h.Value
		}
	case tagStatus:
		if n, ok := cursor.Decimal(h.Value); ok && n < 1000 {
			f.status = int32(n)
		}
	case tagContentType:
		f.media = h.Value
	case tagContentEncoding:
		f.coding = h.Value
	case tagUserAgent:
		f.agent = h.Value
	case tagRPCStatus:
		if n, ok := cursor.Decimal(h.Value); ok && n < 1<<30 {
			f.rpcStatus = int32(n)
		}
	case tagRPCMessage:
		f.message = h.Value
	case tagTimeout:
		f.timeout = h.Value
	case tagTriple:
		f.triple = true
	default:
		if len(m.IDs) < maxIDs {
			m.ID(l7.IDClass(h.Tag-tagID), h.Name, h.Value)
		}
	}
}

// describe fills in what a request says, pushed ones included.
func (f *fields) describe(m *l7.Message) {
	m.Op, m.Resource = f.method, f.path
	m.Host = f.host[bytes.LastIndexByte(f.host, '@')+1:]
	if len(f.scheme) > 0 {
		m.Str(keyScheme, f.scheme)
	}
	if len(f.agent) > 0 {
		m.Str(keyUserAgent, f.agent)
	}
	f.note(m)
}

// note marks a message of which fields are unknown.
func (f *fields) note(m *l7.Message) {
	if f.unknown > 0 {
		m.Int(keyUnknown, f.unknown)
	}
}
