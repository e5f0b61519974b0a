package tls

import "bytes"

// Extensions, IANA, "TLS ExtensionType Values".
const (
	extServerName    = 0
	extGroups        = 10
	extALPN          = 16
	extEncryptMAC    = 22
	extMaster        = 23
	extPreShared     = 41
	extEarlyData     = 42
	extVersions      = 43
	extKeyShare      = 51
	extClientHelloEC = 0xfe0d // RFC 9849: the name in sight is not the one that is meant
)

const (
	maxName    = 255 // RFC 1035, section 2.3.4
	maxOffered = 16  // protocol names of a client that are told
	helloHead  = 4   // type and length of a handshake message
)

// retryRandom is the random of a ServerHello that is a HelloRetryRequest, RFC
// 8446, section 4.1.3.
const retryRandom = "\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c"

// clientHello is RFC 8446, section 4.1.2, borrowed from its message.
type clientHello struct {
	version   int // highest that is offered
	random    []byte
	session   []byte
	suites    []byte
	name      []byte // server name, in the form of DNS
	protocols []byte // ALPN, list of vectors
	early     bool
	encrypted bool // encrypted client hello
	cut       bool // not all of it is there
}

// readClientHello reads the body of the message.
func readClientHello(b []byte) (h clientHello) {
	r := reader{b: b}
	h.version = r.number(2)
	h.random = r.next(32)
	h.session = r.vector(1)
	h.suites = r.vector(2)
	r.vector(1) // compression methods
	if len(r.b) == 0 {
		h.cut = r.short
		return h
	}
	all := r.number(2)
	r.short = r.short || all > len(r.b)
	for len(r.b) >= 4 {
		kind, e := r.extension()
		h.extension(kind, &e)
	}
	h.cut = r.short
	return h
}

func (h *clientHello) extension(kind int, e *reader) {
	switch kind {
	case extServerName:
		e.number(2)
		for len(e.b) > 3 {
			if kind, name := e.number(1), e.vector(2); kind == 0 && !e.short && validName(name) {
				h.name = name
			}
		}
	case extALPN:
		if list := e.vector(2); !e.short {
			h.protocols = list
		}
	case extEarlyData:
		h.early = true
	case extClientHelloEC:
		h.encrypted = true
	case extVersions:
		list := reader{b: e.vector(1)}
		for len(list.b) >= 2 {
			// RFC 8701 reserves values that mean nothing.
			if v := list.number(2); v>>8 == 3 && v&0xff <= 4 && v > h.version {
				h.version = v
			}
		}
	}
}

// validName reports whether a name can be that of a host.
func validName(b []byte) bool {
	if len(b) == 0 || len(b) > maxName {
		return false
	}
	for _, c := range b {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// serverHello is RFC 8446, section 4.1.3, borrowed from its message.
type serverHello struct {
	version    int
	random     []byte
	session    []byte
	suite      uint16
	protocol   []byte // ALPN
	group      int
	retry      bool
	resumed    bool // pre-shared key
	encryptMAC bool
	master     bool // extended master secret
	compressed bool
	cut        bool
}

// readServerHello reads the body of the message.
func readServerHello(b []byte) (h serverHello) {
	r := reader{b: b}
	h.version = r.number(2)
	h.random = r.next(32)
	h.session = r.vector(1)
	h.suite = uint16(r.number(2))
	h.compressed = r.number(1) != 0
	h.cut = r.short
	h.retry = string(h.random) == retryRandom
	if len(r.b) == 0 {
		return h
	}
	r.number(2)
	for len(r.b) >= 4 {
		kind, e := r.extension()
		switch kind {
		case extVersions:
			if v := e.number(2); !e.short {
				h.version = v
			}
		case extPreShared:
			h.resumed = true
		case extALPN:
			h.protocol = firstProtocol(&e)
		case extEncryptMAC:
			h.encryptMAC = true
		case extMaster:
			h.master = true
		case extKeyShare:
			h.group = e.number(2)
		}
	}
	return h
}

// firstProtocol is the one name that a server chose.
func firstProtocol(e *reader) []byte {
	list := reader{b: e.vector(2)}
	name := list.vector(1)
	if e.short || list.short {
		return nil
	}
	return name
}

// echoes reports whether a server repeated the session that its client
// offered, which up to TLS 1.2 means that it goes on (RFC 5246, section 7.3).
func (h *serverHello) echoes(session []byte) bool {
	return h.version < tls13 && len(session) > 0 && bytes.Equal(h.session, session)
}
