package kafka

import "encoding/binary"

// Layout of the heads (protocol guide, "Headers"). The size does not count
// itself.
const (
	sizeField     = 4
	requestFixed  = 14 // size, API key, version, correlation id, length of the client id
	responseFixed = 8  // size, correlation id

	maxSize   = 1 << 28 // of a message
	maxClient = 1 << 10 // bytes of a client id
)

// requestHead is the head of a request, less its tagged fields.
type requestHead struct {
	api     *api
	key     int16
	version int16
	match   uint32
	client  []byte
	total   int64 // bytes of the message, size field included
	size    int   // bytes of the head
}

// readRequest reads the head of a request. ok is false if the bytes are none;
// without it, but ok, size is 0: more bytes are needed.
func readRequest(b []byte) (h requestHead, ok bool) {
	if len(b) < sizeField+2 {
		return h, len(b) < sizeField || plausible(b)
	}
	if !plausible(b) {
		return h, false
	}
	h.total = sizeField + int64(binary.BigEndian.Uint32(b))
	h.key = int16(binary.BigEndian.Uint16(b[4:]))
	if h.api = apiOf(h.key); h.api == nil {
		return h, false
	}
	if len(b) < 8 {
		return h, true
	}
	if h.version = int16(binary.BigEndian.Uint16(b[6:])); h.version < 0 || h.version > h.api.max+newer {
		return h, false
	}
	if len(b) < 12 {
		return h, true
	}
	h.match = binary.BigEndian.Uint32(b[8:])
	if h.key == keyControlledShutdown && h.version == 0 { // the only one without client id
		h.size = 12
		return h, h.total >= 12
	}
	if h.total < requestFixed {
		return h, false
	}
	if len(b) < requestFixed {
		return h, true
	}
	n := int(int16(binary.BigEndian.Uint16(b[12:])))
	if n < -1 || n > maxClient || int64(requestFixed+n) > h.total {
		return h, false
	}
	if end := requestFixed + max(n, 0); len(b) >= end {
		h.size = end
		if n >= 0 {
			h.client = b[requestFixed:end]
		}
	}
	return h, true
}

// newer is how many versions that are not known yet an API may have.
const newer = 4

// plausible reports whether b begins with the size of a message.
func plausible(b []byte) bool {
	n := binary.BigEndian.Uint32(b)
	return n >= 4 && n <= maxSize
}

// printable reports whether a client id is text in ASCII.
func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return len(b) > 0
}

// maxTopic is the longest name of a topic.
const maxTopic = 249

// legal reports whether a topic may be called so: letters, digits, '.', '_' and
// '-'.
func legal(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}
