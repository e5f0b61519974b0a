package tds

// walker reads the tokens of an answer (2.2.4) as they come. What it does not
// know makes it blind: of the rest it sees the last token only, which says how
// the request ended.
type walker struct {
	p     *parser
	out   outcome
	carry []byte // beginning of a token that goes on
	skip  int    // bytes of a token to pass over
	blind bool
	torn  bool // bytes were lost

	cols  []column
	known bool // cols are those of the rows that come
	row   bool // within a row
	nulls bool // of a row without its NULLs: they are in null
	null  [maxColumns / 8]byte
	at    int  // column
	plp   bool // within its chunks

	ended   bool // a DONE was seen
	last    [13]byte
	lastLen int
}

// outcome is what an answer says.
type outcome struct {
	rows      int64 // since the last DONE
	returned  int64 // -1 if unknown
	affected  int64 // -1 if unknown
	failed    bool
	number    uint32 // of the first error, 0 if it was not seen
	state     byte
	class     byte
	cancelled bool
	tokens    int  // other than the end of a cancelled request
	login     bool // LOGINACK
	challenge bool // the login goes on
	handle    uint32
	handled   bool // handle is that of a statement that was prepared
	named     bool // the database was named
}

// reset readies the walker for another message.
func (w *walker) reset() {
	w.out = outcome{returned: -1, affected: -1}
	w.carry, w.skip, w.lastLen = w.carry[:0], 0, 0
	w.blind, w.torn, w.known, w.row, w.plp, w.ended = false, false, false, false, false, false
}

// lose says that bytes were lost.
func (w *walker) lose() { w.blind, w.torn, w.carry, w.lastLen = true, true, w.carry[:0], 0 }

// feed reads the next bytes of the message.
func (w *walker) feed(b []byte) {
	w.keep(b)
	if w.blind {
		return
	}
	carried := len(w.carry) > 0
	if carried {
		if len(w.carry)+len(b) > 2*maxCarry {
			w.blind = true
			return
		}
		w.carry = append(w.carry, b...)
		b = w.carry
	}
	n := w.run(b)
	switch {
	case n < 0 || len(b)-n > maxCarry:
		w.blind, w.carry = true, w.carry[:0]
	case carried:
		w.carry = w.carry[:copy(w.carry, b[n:])]
	default:
		w.carry = append(w.carry, b[n:]...)
	}
}

// keep remembers the last bytes.
func (w *walker) keep(b []byte) {
	if n := len(w.last); len(b) >= n {
		w.lastLen = copy(w.last[:], b[len(b)-n:])
		return
	}
	if over := w.lastLen + len(b) - len(w.last); over > 0 {
		w.lastLen = copy(w.last[:], w.last[over:w.lastLen])
	}
	w.lastLen += copy(w.last[w.lastLen:], b)
}

// end is called when the message is complete.
func (w *walker) end() {
	if !w.blind {
		return
	}
	n := w.doneSize()
	if b := w.last[:w.lastLen]; len(b) >= n && isDone(b[len(b)-n]) {
		w.out.rows = 0
		w.done(b[len(b)-n:])
	}
	if w.torn {
		w.out.returned, w.out.affected = -1, -1
	}
}

// run reads as many tokens as are complete and returns their size, -1 if one
// is not known.
func (w *walker) run(b []byte) int {
	i := 0
	for i < len(b) {
		if w.skip > 0 {
			n := min(w.skip, len(b)-i)
			w.skip -= n
			i += n
			continue
		}
		n := 0
		if w.row {
			n = w.values(b[i:])
		} else {
			n = w.token(b[i:])
		}
		switch {
		case n < 0:
			return -1
		case n == 0:
			return i
		}
		i += n
	}
	return i
}
