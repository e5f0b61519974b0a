package mqtt

import "github.com/wirespan/wirespan/l7"

// maxPending bounds the packets that wait for their acknowledgement; beyond,
// the oldest is forgotten.
const maxPending = 1024

// wait is a packet that waits for its acknowledgement.
type wait struct {
	key   uint32
	match uint64
}

// waits are the packets that wait, oldest first. Packet ids are used again:
// each use has a Match of its own, so that an acknowledgement that was lost
// does not give its exchange to the next use.
type waits struct {
	list []wait
	last uint64
}

// key names what an acknowledgement answers: packets of either direction have
// ids of their own (2.2.1).
func key(k kind, dir l7.Dir, id int) uint32 {
	return uint32(k)<<24 | uint32(dir)<<16 | uint32(id)
}

// add remembers a packet and returns its Match. A packet that is sent again
// keeps it.
func (w *waits) add(key uint32, again bool) uint64 {
	for i := len(w.list) - 1; i >= 0; i-- {
		if w.list[i].key == key {
			if again {
				return w.list[i].match
			}
			w.list = append(w.list[:i], w.list[i+1:]...)
			break
		}
	}
	if len(w.list) >= maxPending {
		w.list = w.list[:copy(w.list, w.list[1:])]
	}
	w.last++
	w.list = append(w.list, wait{key, w.last})
	return w.last
}

// take finds what an acknowledgement answers. One that answers nothing gets a
// Match that nothing has.
func (w *waits) take(key uint32) uint64 {
	for i := range w.list {
		if w.list[i].key == key {
			m := w.list[i].match
			w.list = append(w.list[:i], w.list[i+1:]...)
			return m
		}
	}
	w.last++
	return w.last
}

// has reports whether a packet waits.
func (w *waits) has(key uint32) bool {
	for i := range w.list {
		if w.list[i].key == key {
			return true
		}
	}
	return false
}

// rename gives a packet that waits another key.
func (w *waits) rename(from, to uint32) {
	for i := range w.list {
		if w.list[i].key == from {
			w.list[i].key = to
		}
	}
}
