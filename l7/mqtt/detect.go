package mqtt

import "github.com/wirespan/wirespan/l7"

// detect looks at the first packets. CONNECT is certain. Connections whose
// beginning was not captured are plausible when all packets at hand fit, one of
// them with text that has to fit, or a small one that can only
// come from this side: the roles are a guess. A SUBSCRIBE in which every length fits is certain.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	poor := 0
	for i := 0; len(b) > 0; i++ {
		h, o := readHead(b)
		if o == bad || !mayCome(h.kind, dir) {
			return l7.No
		}
		if o == more {
			return l7.NeedMore
		}
		whole := len(b) >= h.size+h.rest
		body := b[h.size:min(len(b), h.size+h.rest)]
		switch {
		case h.kind == connect:
			if v := detectConnect(body, i == 0, whole); v != l7.NeedMore || i == 0 {
				return v
			}
		case !whole && h.kind != publish:
			return l7.NeedMore
		default:
			rich, fits := inspect(&h, body, whole)
			if !fits {
				return l7.No
			}
			switch {
			case rich && h.kind == subscribe && i == 0 && len(b) == h.size+h.rest:
				return l7.Yes
			case rich:
				return l7.Maybe
			case !whole:
				return l7.NeedMore
			}
			if poor++; poor >= 3 || len(b) == h.size+h.rest && h.rest < 8 && !mayCome(h.kind, dir.Opposite()) {
				return l7.Maybe
			}
		}
		b = b[h.size+h.rest:]
	}
	return l7.NeedMore
}

// detectConnect judges a CONNECT by the protocol's name and version; one that
// does not begin the stream is a second connection's.
func detectConnect(body []byte, first, whole bool) l7.Verdict {
	for _, name := range [...]string{"\x00\x04MQTT", "\x00\x06MQIsdp"} {
		n := min(len(name), len(body))
		if string(body[:n]) != name[:n] {
			continue
		}
		if len(body) <= len(name) {
			return l7.NeedMore
		}
		if level := body[len(name)] &^ 0x80; level < 3 || level > 5 || !first {
			return l7.No
		}
		if _, ok := readOpening(&fields{body, true}); whole && !ok {
			return l7.No
		}
		return l7.Yes
	}
	return l7.No
}

// inspect checks a packet; rich says that it has text which had to fit. The
// version is not known.
func inspect(h *head, body []byte, whole bool) (rich, fits bool) {
	f := fields{body, true}
	switch h.kind {
	case publish:
		topic := f.text()
		if !f.ok {
			return false, !whole
		}
		if len(topic) == 0 || !topicFits(topic) {
			return false, false
		}
		id := 1
		if h.flags&6 != 0 {
			id = f.uint16()
		}
		return len(topic) > 2, (f.ok || !whole) && id != 0 && (h.flags&6 != 0 || h.flags&8 == 0)
	case subscribe, unsubscribe:
		_, ok := readFilters(body, h.kind, 4, false)
		if !ok {
			_, ok = readFilters(body, h.kind, 5, false)
		}
		return true, ok
	case connack:
		flags, code := f.byte(), f.byte()
		return h.rest > 8, flags <= 1 && (code <= 5 || code >= 0x80 && code < 0xa3) && (h.rest == 2 || tail(f.b))
	case puback, pubrec, pubrel, pubcomp:
		return false, f.uint16() != 0 && h.rest <= 256
	case suback, unsuback:
		return false, f.uint16() != 0 && h.rest <= 256
	case disconnect, auth:
		return false, h.rest <= 256
	}
	return false, true
}

// tail reports whether b is one whole list of properties.
func tail(b []byte) bool {
	f := fields{b, true}
	list := f.take(f.varint())
	_, ok := readProperties(list)
	return f.ok && ok && len(f.b) == 0
}

// Resync meets l7.Parser: it looks for packets with text that fits, or small
// ones that follow each other up to the last byte.
func (p *parser) Resync(dir l7.Dir, b []byte) (int, bool) {
	for off := range b {
		switch detect(dir, b[off:]) {
		case l7.Yes, l7.Maybe:
			return off, true
		case l7.NeedMore:
			if ends(b[off:]) {
				return off, true
			}
			if len(b)-off < 64 {
				return off, false
			}
		}
	}
	return len(b), false
}

// ends reports whether b is whole packets.
func ends(b []byte) bool {
	for len(b) > 0 {
		h, o := readHead(b)
		if o != good || len(b) < h.size+h.rest {
			return false
		}
		b = b[h.size+h.rest:]
	}
	return true
}
