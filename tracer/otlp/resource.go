package otlp

import (
	"bytes"
	"hash/maphash"

	"github.com/wirespan/wirespan/tracer/span"
)

// maxResources is how many resources stay known between messages; beyond it
// all are forgotten, which costs their encoding again.
const maxResources = 4096

// resource is one (service.name, service.instance.id, other attributes) and, while a message is
// being filled, the chain of its spans.
type resource struct {
	hash     uint64
	service  []byte
	instance []byte
	attrs    []byte // span.Attrs
	head     []byte // resource and scope, encoded
	message  uint32 // the message that first to bytes are about
	first    int32  // parts
	last     int32
	bytes    int // of its spans
}

// resources finds a resource by its names.
type resources struct {
	seed  maphash.Seed
	list  []resource
	slots []int32 // open addressing, index into list plus one; at most half full
	last  int32   // found last
}

func (x *resource) is(s *span.Span) bool {
	return bytes.Equal(x.service, s.Service) && bytes.Equal(x.instance, s.Instance) && bytes.Equal(x.attrs, s.Resource)
}

// find returns the index of a span's resource, added if it was not known.
func (r *resources) find(s *span.Span, head func(*span.Span) []byte) int32 {
	if int(r.last) < len(r.list) && r.list[r.last].is(s) {
		return r.last
	}
	if 2*len(r.list) >= len(r.slots) {
		r.grow()
	}
	h := maphash.Bytes(r.seed, s.Service) + 31*maphash.Bytes(r.seed, s.Instance) + 961*maphash.Bytes(r.seed, s.Resource)
	mask := uint64(len(r.slots) - 1)
	i := h & mask
	for ; r.slots[i] != 0; i = (i + 1) & mask {
		at := r.slots[i] - 1
		if x := &r.list[at]; x.hash == h && x.is(s) {
			r.last = at
			return at
		}
	}
	r.list = append(r.list, resource{
		hash:     h,
		service:  bytes.Clone(s.Service),
		instance: bytes.Clone(s.Instance),
		attrs:    bytes.Clone(s.Resource),
		head:     head(s),
	})
	r.slots[i] = int32(len(r.list))
	r.last = int32(len(r.list) - 1)
	return r.last
}

// grow doubles the table.
func (r *resources) grow() {
	if len(r.slots) == 0 {
		r.seed = maphash.MakeSeed()
	}
	r.slots = make([]int32, max(64, 2*len(r.slots)))
	mask := uint64(len(r.slots) - 1)
	for n := range r.list {
		i := r.list[n].hash & mask
		for r.slots[i] != 0 {
			i = (i + 1) & mask
		}
		r.slots[i] = int32(n + 1)
	}
}

// trim forgets everything when too much is known.
func (r *resources) trim() {
	if len(r.list) > maxResources {
		r.list, r.slots, r.last = nil, nil, 0
	}
}
