package socks

import "github.com/wirespan/wirespan/l7"

// Attributes, as indexes into the keys of Proto.
const (
	keyMethod uint8 = iota
	keyResource
	keyStatus
	keyVersion
	keyAuth
)

// Proto describes SOCKS.
func Proto() l7.Proto {
	return l7.Proto{
		Name: "socks", Class: l7.ClassOther, Transport: l7.TCP,
		Depth:   "handshakes of versions 4, 4a and 5; what is inside has spans of its own",
		Ports:   []uint16{1080, 9050, 9150},
		Window:  4 << 10,
		Pairing: l7.InOrder,
		Keys: []l7.Key{
			keyMethod:   {Name: "socks.method", Type: l7.String, Doc: "CONNECT, BIND or UDP ASSOCIATE"},
			keyResource: {Name: "socks.resource", Type: l7.String, Doc: "host and port that the client asked for"},
			keyStatus:   {Name: "socks.status", Type: l7.String, Doc: "what the server answered"},
			keyVersion:  {Name: "wirespan.socks.version", Type: l7.String, Doc: "4, 4a or 5"},
			keyAuth:     {Name: "wirespan.socks.authentication", Type: l7.String, Doc: "method that the server chose: none, gssapi, password, or its number"},
		},
		Detect: Detect,
		New:    func(l7.Options) l7.Parser { return &parser{method: unknown} },
	}
}

// Detect knows a request of SOCKS 5 behind its greeting, and one of 4a. Shorter
// ones are plausible: the numbers in them are small.
func Detect(dir l7.Dir, b []byte) l7.Verdict {
	switch {
	case len(b) == 0:
		return l7.NeedMore
	case dir == l7.ToClient:
		return detectReply(b)
	case b[0] == 5:
		return detect5(b)
	case b[0] == 4:
		return detect4(b)
	}
	return l7.No
}

func detectReply(b []byte) l7.Verdict {
	switch {
	case b[0] == 5 && (len(b) == 1 || b[1] <= 9 || b[1] == refused || b[1] >= 0x80):
		if len(b) > 2 && b[2] != 5 && b[2] != 1 {
			return l7.No
		}
		return l7.Maybe
	case b[0] == 0 && (len(b) == 1 || b[1] >= granted && b[1] <= granted+3) && len(b) <= reply4:
		return l7.Maybe
	}
	return l7.No
}

// detect5 wants a list of methods that nobody repeats, and if there is more, a
// password or a request.
func detect5(b []byte) l7.Verdict {
	if len(b) < 3 {
		if len(b) == 2 && (b[1] == 0 || b[1] > 16) {
			return l7.No
		}
		return l7.NeedMore
	}
	n := int(b[1])
	if n == 0 || n > 16 {
		return l7.No
	}
	var seen [256]bool
	for _, m := range b[2:min(len(b), 2+n)] {
		if seen[m] || m > 9 && m < 0x80 || m == refused {
			return l7.No
		}
		seen[m] = true
	}
	if len(b) <= 2+n {
		if len(b) < 2+n {
			return l7.NeedMore
		}
		return l7.Maybe
	}
	rest := b[2+n:]
	if rest[0] == 1 && seen[methodPassword] {
		return l7.Maybe
	}
	_, size, ok := read5(rest)
	switch {
	case !ok:
		return l7.No
	case len(rest) < size:
		return l7.NeedMore
	}
	return l7.Yes
}

func detect4(b []byte) l7.Verdict {
	if len(b) > 1 && b[1] != connect && b[1] != bind {
		return l7.No
	}
	if len(b) < head4+1 {
		return l7.NeedMore
	}
	r, size, ok := read4(b)
	switch {
	case !ok:
		return l7.No
	case size == 0:
		return l7.NeedMore
	case size != len(b) || r.port == 0:
		return l7.No // a client waits for the answer
	case r.named:
		return l7.Yes
	}
	return l7.Maybe
}
