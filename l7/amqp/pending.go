package amqp

// maxPending bounds the methods that wait for an answer, and the messages that
// wait for their confirmation; beyond, the oldest is forgotten.
const maxPending = 4096

// wait is a method that waits for its answer.
type wait struct {
	channel uint16
	reply   uint32 // class and method of the answer
	back    bool   // the server asked
	old     bool   // answers may have been lost since
	match   uint64
	tag     uint64 // of a message that waits for its confirmation
}

// waits are the methods that wait, oldest first.
type waits struct {
	list []wait
	last uint64
}

// next is a Match that nothing had.
func (w *waits) next() uint64 { w.last++; return w.last }

func (w *waits) add(x wait) uint64 {
	if len(w.list) >= maxPending {
		w.list = w.list[:copy(w.list, w.list[1:])]
	}
	x.match = w.next()
	w.list = append(w.list, x)
	return x.match
}

// take finds what an answer answers. Answers to equal methods of a channel come
// in order; where one was lost, those that were asked before may be over.
func (w *waits) take(channel uint16, reply uint32, back bool) (match uint64, ok bool) {
	at, n := -1, 0
	for i := range w.list {
		if x := &w.list[i]; x.channel != channel || x.reply != reply || x.back != back {
			continue
		} else if at < 0 || w.list[at].old && !x.old {
			at = i
			n++
		} else if x.old {
			n++
		}
	}
	if at < 0 {
		return w.next(), false
	}
	if unsure := n > 1 && w.list[at].old; unsure {
		w.drop(func(x *wait) bool { return x.channel == channel && x.reply == reply && x.back == back })
		return w.next(), false
	}
	match = w.list[at].match
	w.remove(at)
	w.drop(func(x *wait) bool { return x.channel == channel && x.reply == reply && x.back == back && x.old })
	return match, true
}

// confirmed finds a message that waits for the confirmation of a tag, or of
// any up to it.
func (w *waits) confirmed(channel uint16, tag uint64, multiple bool) (match uint64, ok bool) {
	for i := range w.list {
		x := &w.list[i]
		if x.channel == channel && x.tag > 0 && (x.tag == tag || multiple && (x.tag < tag || tag == 0)) {
			match = x.match
			w.remove(i)
			return match, true
		}
	}
	return 0, false
}

func (w *waits) remove(i int) { w.list = append(w.list[:i], w.list[i+1:]...) }

func (w *waits) drop(gone func(*wait) bool) {
	out := w.list[:0]
	for i := range w.list {
		if !gone(&w.list[i]) {
			out = append(out, w.list[i])
		}
	}
	w.list = out
}

// age notes that answers may have been lost.
func (w *waits) age(back bool) {
	for i := range w.list {
		w.list[i].old = w.list[i].old || w.list[i].back == back
	}
}
