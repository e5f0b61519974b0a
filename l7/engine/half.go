package engine

import "github.com/wirespan/wirespan/l7"

// half is one direction of a connection.
//
// buf holds bytes from place base on; those before read are done with and only
// kept for replay. While a segment is parsed in place, buf is the segment and
// owned is false. marks has the stamp of the first byte of every piece in buf.
type half struct {
	buf   []byte
	base  int64
	read  int
	owned bool
	marks []l7.Stamp

	skip int64 // bytes still to be discarded unseen
	need int   // unread bytes that the parser wants to see before it is asked again

	resync  bool // Parser.Resync comes before Parse
	unsure  bool // the capture began within the stream: ask Detect before Resync
	ended   bool // EOF came
	resyncs int  // failed searches since the last message
	tries   int  // segments that detection gave up

	missing int64 // bytes lost behind buf before a protocol was found

	lead    [headBytes]byte // first bytes consumed since the last message
	leadAt  int64           // place of lead[0]
	leadLen int

	held int // unread bytes counted in Stats.Held

	idle int      // messages in a row that were emitted without a byte
	tail l7.Stamp // last byte that was read, while messages are open
	open []open   // messages that were announced and not ended
	lost int64    // bytes lost in the message that is not announced yet
	last l7.Stamp // last byte seen
}

// open is a message that was announced and not ended.
type open struct {
	match  uint64
	lost   int64
	bySkip bool // ends with skip; else with an End message
}

func (h *half) unread() []byte { return h.buf[h.read:] }

// stampAt gives the stamp of the byte of buf at place off.
func (h *half) stampAt(off int64) l7.Stamp {
	i := len(h.marks) - 1
	for i > 0 && h.marks[i].Offset > off {
		i--
	}
	return advance(h.marks[i], off-h.marks[i].Offset)
}

// here gives the stamp of the next unread byte.
func (h *half) here() l7.Stamp { return h.stampAt(h.base + int64(h.read)) }

// startsPiece reports whether the next unread byte is the first of a segment.
func (h *half) startsPiece() bool {
	at := h.base + int64(h.read)
	for i := range h.marks {
		if h.marks[i].Offset == at {
			return true
		}
	}
	return false
}

// mark remembers the stamp of bytes about to be added. When there are too many
// pieces, every second is forgotten: its bytes keep place and sequence number
// and take the time of the piece before.
func (h *half) mark(at l7.Stamp) {
	if len(h.marks) >= maxMarks {
		n := 1
		for i := 2; i < len(h.marks); i += 2 {
			h.marks[n] = h.marks[i]
			n++
		}
		h.marks = h.marks[:n]
	}
	h.marks = append(h.marks, at)
}

// trim forgets the first n bytes of an owned buf.
func (h *half) trim(n int) {
	h.buf = h.buf[:copy(h.buf, h.buf[n:])]
	h.base += int64(n)
	h.read -= n
	i := 0
	for i+1 < len(h.marks) && h.marks[i+1].Offset <= h.base {
		i++
	}
	if i > 0 {
		h.marks = h.marks[:copy(h.marks, h.marks[i:])]
	}
}

// addLost counts bytes lost within the message in progress.
func (h *half) addLost(n int64) {
	if l := len(h.open); l > 0 {
		h.open[l-1].lost += n
	} else {
		h.lost += n
	}
}

// note keeps the first consumed bytes of a message that is not announced yet.
func (h *half) note(b []byte) {
	at := h.base + int64(h.read)
	if h.leadLen == 0 {
		h.leadAt = at
	}
	if h.leadAt+int64(h.leadLen) == at {
		h.leadLen += copy(h.lead[h.leadLen:], b)
	}
}

// head returns the first bytes of a message whose first byte is at place
// first; b are the bytes of the step that emitted it. They are not known any
// more if another message was emitted, or bytes were lost, in between.
func (h *half) head(first int64, b []byte, size int) []byte {
	if at := h.base + int64(h.read); first < at {
		if first < h.leadAt || first >= h.leadAt+int64(h.leadLen) {
			return nil
		}
		h.note(b)
		b = h.lead[first-h.leadAt : h.leadLen]
	}
	if size <= 0 {
		size = len(b)
	}
	return b[:min(size, headBytes, len(b))]
}

// advance moves a stamp by n bytes within its segment.
func advance(s l7.Stamp, n int64) l7.Stamp {
	s.Offset += n
	s.Seq += uint32(n)
	return s
}
