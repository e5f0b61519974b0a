package kafka

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// enough bytes that fit a schema make a message certain that goes on.
const enough = 1 << 10

// detect takes a request for what it is if its head is one of an API, and its
// body fits the schema to the end, or as far as there is one where the client
// has a name or there is that of a topic or group. A response is nothing without its request.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	if dir == l7.ToClient {
		if len(b) >= sizeField && !plausible(b) {
			return l7.No
		}
		return l7.NeedMore
	}
	r, ok := readRequest(b)
	switch {
	case !ok:
		return l7.No
	case r.size == 0:
		return l7.NeedMore
	}
	name := printable(r.client)
	if len(r.client) > 0 && !name {
		return l7.No
	}
	size := r.total - int64(r.size)
	body := b[r.size:min(int64(len(b)), r.total)]
	if !r.api.knows(r.version) {
		return headOnly(name, int64(len(body)) == size, next(b, r.total), len(b))
	}
	bare := r.client == nil && (r.key == keyApiVersions || r.key == keyMetadata)
	flex := r.version >= r.api.flex
	var w walker
	w.begin(r.api.req, r.version, flex, flex, size)
	n, v := w.walk(body)
	switch whole := int64(len(body)) == size; {
	case !ends(v, &w, whole) || !next(b, r.total):
		return l7.No
	case whole && (name || bare || w.words > 0), !whole && (name && n >= 4 || w.words > 0):
		return l7.Yes
	case whole || len(b) >= enough:
		return l7.No
	}
	return l7.NeedMore
}

// ends reports whether a walk has come to an end that is right.
func ends(v verdict, w *walker, whole bool) bool {
	return v == done && w.left == 0 || v == starved && !whole
}

// headOnly judges a request whose body is not known.
func headOnly(name, whole, next bool, have int) l7.Verdict {
	switch {
	case !name || !next:
		return l7.No
	case whole || have >= enough:
		return l7.Yes
	}
	return l7.NeedMore
}

// next reports whether another request may begin behind one of n bytes.
func next(b []byte, n int64) bool {
	if n >= int64(len(b)) {
		return true
	}
	b = b[n:]
	return len(b) < sizeField || binary.BigEndian.Uint32(b) <= maxSize
}
