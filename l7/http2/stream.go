package http2

import (
	"sort"

	"github.com/wirespan/wirespan/l7"
)

// stream is what is kept of an exchange that goes on.
type stream struct {
	id       uint32
	call     bool     // gRPC or Triple
	rpc      bool     // its messages have prefixes
	answered bool     // the final response has begun
	pushed   bool     // promised by the server
	dead     bool     // reset, or its end was cut: what comes now is passed over
	ended    [2]bool  // by direction
	code     int32    // status of a pushed response
	text     [2]bool  // they are in base64, by direction
	size     [2]int64 // body bytes
	msgs     [2]messages
	kept     *kept // nil for most
}

// streams are kept in the order of their ids: new ones mostly have the highest.
type streams struct {
	list  []stream
	dead  int
	spare []*kept
	lent  int // streams that have kept, and those that are spare
}

// find returns a stream, nil if it is not known. The pointer is good until the
// next add or remove.
func (t *streams) find(id uint32) *stream {
	n := len(t.list)
	if n > 0 && t.list[n-1].id == id {
		return &t.list[n-1]
	}
	if i := t.place(id); i < n && t.list[i].id == id {
		return &t.list[i]
	}
	return nil
}

func (t *streams) place(id uint32) int {
	n := len(t.list)
	if n == 0 || t.list[n-1].id < id {
		return n
	}
	return sort.Search(n, func(i int) bool { return t.list[i].id >= id })
}

// add makes a stream.
func (t *streams) add(id uint32) *stream {
	if len(t.list) >= maxStreams {
		t.drop(0)
	}
	i := t.place(id)
	t.list = append(t.list, stream{})
	copy(t.list[i+1:], t.list[i:])
	t.list[i] = stream{id: id}
	return &t.list[i]
}

// remove forgets a stream.
func (t *streams) remove(id uint32) {
	if i := t.place(id); i < len(t.list) && t.list[i].id == id {
		t.drop(i)
	}
}

func (t *streams) drop(i int) {
	if t.list[i].dead {
		t.dead--
	}
	t.release(&t.list[i])
	t.list = append(t.list[:i], t.list[i+1:]...)
}

// kill keeps a stream only to know that what comes on it says nothing.
func (t *streams) kill(s *stream) {
	if s.dead {
		return
	}
	s.dead = true
	t.release(s)
	if t.dead++; t.dead <= maxDead {
		return
	}
	for i := range t.list {
		if t.list[i].dead {
			t.drop(i)
			return
		}
	}
}

// uncount says that bytes of a direction were lost, so that messages can no
// longer be counted.
func (t *streams) uncount(dir l7.Dir) {
	for i := range t.list {
		t.list[i].msgs[dir].lost = true
	}
}
