package link

import (
	"bytes"
	"strconv"

	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// kindOf is the span kind of an exchange whose side is not known (SPANS.md,
// "Name and kind").
func kindOf(r *Facts) span.Kind {
	switch {
	case r.Kind != 0 && r.Class != l7.ClassDB: // a list in a database may be a queue
		return r.Kind
	case r.Class == l7.ClassMessaging, r.Flags&ContentLess != 0, r.Class == l7.ClassDB, r.Class == l7.ClassDNS:
		return span.Client
	}
	return span.Server
}

// paired reports whether an exchange is exported as a CLIENT and a SERVER span.
func paired(r *Facts) bool {
	return r.Kind == 0 && r.Flags&ContentLess == 0 && (r.Class == l7.ClassHTTP || r.Class == l7.ClassRPC || r.Class == l7.ClassOther)
}

// statusOf is the span status for a side (SPANS.md, "Status").
func statusOf(r *Facts, k span.Kind) span.Status {
	switch {
	case r.Status == l7.ServerError, r.Status == l7.ClientError && (k == span.Client || !sided(r.Class)):
		return span.Error
	case r.Outcome == None && r.Flags&Failed != 0:
		return span.Error
	}
	return span.Unset
}

// sided reports whether some errors are errors at the client's side only.
func sided(c l7.Class) bool { return c == l7.ClassHTTP || c == l7.ClassRPC }

func appendEndpoint(b []byte, e *flows.Endpoint) []byte {
	a := [16]byte(e.Addr)
	v6 := e.Port != 0 && !bytes.Equal(a[:12], v4Prefix)
	if v6 {
		b = append(b, '[')
	}
	b = span.AppendIP(b, &a)
	if v6 {
		b = append(b, ']')
	}
	if e.Port == 0 {
		return b
	}
	return strconv.AppendUint(append(b, ':'), uint64(e.Port), 10)
}

// hasPorts reports whether an exchange went over a transport; ICMP has none.
func hasPorts(r *Facts) bool { return r.Client.Port|r.Server.Port != 0 }

var v4Prefix = []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}

// attributes appends every attribute of a span: addresses and names, which
// depend on the side and on what is known now, then what join found, then the
// link.
func (w *writer) attributes(v *view, r *Facts, host, template []byte) {
	a := w.attrs
	core := w.form.Core
	if !core {
		a = span.AppendString(a, span.KeySignal, "NET")
	}
	if p := w.l.pointName(r.Point); p != "" {
		a = span.AppendString(a, span.KeyCapturePoint, p)
	}
	a = span.AppendHex(a, span.KeyExchange, w.l.exchs.at(v.x).key)
	a = w.appendPlace(a, v)
	a = w.endpoints(a, v, r, host)
	if int(r.Proto) < len(w.l.cfg.Protos) {
		a = span.AppendString(a, span.KeyNetworkProtocolName, w.l.cfg.Protos[r.Proto])
	}
	a = append(a, w.l.piece(r, Attrs)...)
	if len(template) > 0 && !core {
		a = span.AppendString(a, span.KeyURLTemplate, template)
	}
	if len(template) > 0 && v.kind == span.Server && r.Flags&Unrouted == 0 {
		a = span.AppendString(a, span.KeyHTTPRoute, template)
	}
	if r.Class == l7.ClassHTTP && v.kind == span.Client {
		a = w.fullURL(a, r)
	}
	if r.Class == l7.ClassDB {
		if name := w.l.knownAs(r, false); name != "" {
			a = span.AppendString(a, span.KeyPeerService, name)
		}
	}
	a = w.outcome(a, v, r)
	if !core {
		if id := w.l.piece(r, Community); len(id) > 0 {
			a = span.AppendString(a, span.KeyCommunityID, id)
		}
		a = network(a, r)
		a = phases(a, r)
		a = w.clock(a, r)
	}
	if v.synthetic {
		a = span.AppendBool(a, span.KeySynthetic, true)
	} else if w.form.Facts {
		a = w.facts(a, v, r)
	}
	w.attrs = w.linkAttrs(a, v)
}

// endpoints appends addresses and ports as the span's side sees them.
func (w *writer) endpoints(a span.Attrs, v *view, r *Facts, host []byte) span.Attrs {
	client, server := [16]byte(r.Client.Addr), [16]byte(r.Server.Addr)
	a = span.AppendAddr(a, span.KeyClientAddress, &client)
	ports := hasPorts(r)
	if ports {
		a = span.AppendInt(a, span.KeyClientPort, int64(r.Client.Port))
	}
	if host != nil {
		a = span.AppendString(a, span.KeyServerAddress, host)
	} else {
		a = span.AppendAddr(a, span.KeyServerAddress, &server)
	}
	if ports {
		a = span.AppendInt(a, span.KeyServerPort, int64(r.Server.Port))
	}
	if w.form.Core {
		return a
	}
	peer, pp, local, lp := &client, r.Client.Port, &server, r.Server.Port
	if v.kind == span.Client || v.kind == span.Producer {
		peer, pp, local, lp = local, lp, peer, pp
	}
	a = span.AppendAddr(a, span.KeyNetworkPeerAddress, peer)
	if ports {
		a = span.AppendInt(a, span.KeyNetworkPeerPort, int64(pp))
	}
	a = span.AppendAddr(a, span.KeyNetworkLocalAddress, local)
	if ports {
		a = span.AppendInt(a, span.KeyNetworkLocalPort, int64(lp))
	}
	transport, kind := "udp", "ipv4"
	if r.Flags&TCP != 0 {
		transport = "tcp"
	}
	if r.Flags&IPv6 != 0 {
		kind = "ipv6"
	}
	if ports {
		a = span.AppendString(a, span.KeyNetworkTransport, transport)
	}
	return span.AppendString(a, span.KeyNetworkType, kind)
}

// fullURL appends url.full of a CLIENT span.
func (w *writer) fullURL(a span.Attrs, r *Facts) span.Attrs {
	have := span.Attrs(w.l.piece(r, Attrs))
	path, ok := have.Find(span.KeyURLPath)
	if !ok {
		return a
	}
	b := append(w.text[:0], "http://"...)
	if h := w.l.piece(r, Host); len(h) > 0 {
		b = append(b, h...)
	} else {
		b = appendEndpoint(b, &r.Server)
	}
	b = append(b, path.Str...)
	if q, ok := have.Find(span.KeyURLQuery); ok {
		b = append(append(b, '?'), q.Str...)
	}
	w.text = b
	return span.AppendString(a, span.KeyURLFull, b)
}

// outcome appends error.type, wirespan.response and what was lost.
func (w *writer) outcome(a span.Attrs, v *view, r *Facts) span.Attrs {
	if e := w.l.piece(r, ErrorType); len(e) > 0 {
		if !sided(r.Class) || r.Status != l7.ClientError || v.kind == span.Client {
			a = span.AppendString(a, span.KeyErrorType, e)
		}
	}
	if r.Outcome != Answered {
		a = span.AppendString(a, span.KeyResponse, outcomeNames[r.Outcome])
	}
	if r.Flags&Truncated != 0 {
		a = span.AppendBool(a, span.KeyTruncated, true)
	}
	return a
}

// network appends what TCP tells of the exchange.
func network(a span.Attrs, r *Facts) span.Attrs {
	if r.Flags&TCP == 0 {
		return a
	}
	a = span.AppendBool(a, span.KeyTCPHandshake, r.Flags&Handshake != 0)
	if r.Flags&HasSeq != 0 {
		a = span.AppendInt(a, span.KeySeqRequest, int64(r.SeqRequest))
	}
	if r.Flags&HasSeqResp != 0 {
		a = span.AppendInt(a, span.KeySeqResponse, int64(r.SeqResponse))
	}
	if r.Close != flows.CloseUnknown {
		a = span.AppendString(a, span.KeyTCPClose, r.Close.String())
	}
	return a
}

// phases appends send, wait and receive. A server may answer before the
// request has ended: then it did not wait.
func phases(a span.Attrs, r *Facts) span.Attrs {
	if r.RequestEnd != 0 && r.Outcome != Orphan && r.Outcome != Pushed {
		a = span.AppendInt(a, span.KeyPhaseSend, max(0, r.RequestEnd-r.Start))
	}
	if r.ResponseStart == 0 || r.Outcome != Answered {
		return a
	}
	if r.RequestEnd != 0 {
		a = span.AppendInt(a, span.KeyPhaseWait, max(0, r.ResponseStart-r.RequestEnd))
	}
	return span.AppendInt(a, span.KeyPhaseReceive, max(0, r.End-r.ResponseStart))
}

// linkAttrs appends rule, confidence and evidence.
func (w *writer) linkAttrs(a span.Attrs, v *view) span.Attrs {
	if v.parent.IsZero() || v.rule == NoRule {
		return a
	}
	conf := 1.0
	ev := w.ev[:0]
	e := w.l.exchs.at(v.x)
	switch {
	case v.rule == Sighting:
		ev = append(ev, "exchange "...)
		ev = span.AppendHex64(ev, e.key)
		ev = append(ev, " seen nearer the client"...)
		ev = w.l.appendWhy(ev, v)
	case v.rule == WireContext:
		ev = append(ev, "parent id on the wire"...)
	default:
		why := w.l.verdictOf(v.x)
		conf = round(why.confidence)
		ev = w.evidence(ev, v.x, &why)
	}
	w.ev = ev
	a = span.AppendString(a, span.KeyLinkRule, v.rule.String())
	a = span.AppendFloat(a, span.KeyLinkConfidence, conf)
	if w.form.Core {
		return a
	}
	return span.AppendString(a, span.KeyLinkEvidence, ev)
}

// round gives a confidence two decimals; float32 has none of its own.
func round(c float32) float64 { return float64(int(c*100+0.5)) / 100 }
