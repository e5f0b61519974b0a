package tds

import "encoding/binary"

func isDone(t byte) bool { return t >= tokDone }

// doneSize is 13, or 9 before version 7.2, whose counts have 4 bytes.
func (w *walker) doneSize() int {
	if w.p.wide() {
		return 13
	}
	return 9
}

// token reads the token that begins b and returns its size: 0 if more of it is
// needed, -1 if it is not known.
func (w *walker) token(b []byte) int {
	if !isDone(b[0]) {
		w.out.tokens++
	}
	n := w.read(b)
	if n == 0 && !isDone(b[0]) {
		w.out.tokens-- // it is read again
	}
	return n
}

func (w *walker) read(b []byte) int {
	switch b[0] {
	case tokDone, tokDoneProc, tokDoneInProc:
		n := w.doneSize()
		if len(b) < n {
			return 0
		}
		w.done(b[:n])
		return n
	case tokError, tokEED, tokEnvChange, tokLoginAck:
		return w.told(b)
	case tokSSPI:
		w.out.challenge = true
		return w.pass(b, 2)
	case tokInfo, tokOrder, tokTabName, tokColInfo, tokCapability:
		return w.pass(b, 2)
	case tokFedAuth:
		if w.p.sybase() {
			return w.pass(b, 2)
		}
		w.out.challenge = true
		return w.pass(b, 4)
	case tokSessionState:
		return w.pass(b, 4)
	case tokReturnStatus, tokOffset:
		w.skip = 4
		return 1
	case tokFeatureAck:
		return features(b)
	case tokColMetadata:
		return w.metadata(b)
	case tokRow, tokRowNBC:
		return w.begin(b)
	case tokReturnValue:
		return w.returned(b)
	}
	return -1
}

// pass goes over a token that has a length of so many bytes.
func (w *walker) pass(b []byte, l int) int {
	if len(b) < 1+l {
		return 0
	}
	w.skip = u16(b[1:])
	if l == 4 {
		u := u32(b[1:])
		if u > 1<<24 {
			return -1
		}
		w.skip = int(u)
	}
	return 1 + l
}

// told reads a token whose inside matters, with a length of 2 bytes.
func (w *walker) told(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	n := 3 + u16(b[1:])
	if len(b) < n {
		return 0
	}
	in := b[3:n]
	switch b[0] {
	case tokError, tokEED:
		w.fail(in, b[0] == tokEED)
	case tokEnvChange:
		w.environment(in)
	case tokLoginAck:
		w.out.login = true
		if len(in) >= 5 {
			w.p.acknowledged(binary.BigEndian.Uint32(in[1:]))
		}
	}
	return n
}

// fail keeps the first error (2.2.7.10): number, state, class.
func (w *walker) fail(in []byte, eed bool) {
	if len(in) < 6 || w.out.number != 0 || eed && in[5] <= 10 {
		return
	}
	w.out.failed, w.out.number, w.out.state, w.out.class = true, u32(in), in[4], in[5]
}

// environment takes the database that is used from now on (2.2.7.9).
func (w *walker) environment(in []byte) {
	if len(in) < 2 || in[0] != envDatabase {
		return
	}
	chars := int(in[1])
	switch {
	case w.p.sybase() && len(in) >= 2+chars:
		w.p.database = append(w.p.database[:0], in[2:2+chars]...)
	case len(in) >= 2+2*chars:
		w.p.database = appendUTF8(w.p.database[:0], in[2:2+2*chars])
	}
	w.out.named = true
}

// done takes the end of a statement (2.2.7.6 to 2.2.7.8).
func (w *walker) done(b []byte) {
	w.ended = true
	o := &w.out
	status, command, count := u16(b[1:]), u16(b[3:]), int64(u32(b[5:]))
	if len(b) == 13 {
		count = int64(binary.LittleEndian.Uint64(b[5:]) & (1<<63 - 1))
	}
	rows := o.rows
	o.rows = 0
	o.failed = o.failed || status&doneError != 0
	if status&doneAttention != 0 {
		o.cancelled = true
	} else {
		o.tokens++
	}
	if status&doneCount == 0 {
		if rows > 0 {
			o.returned = max(o.returned, 0) + rows
		}
		return
	}
	switch {
	case w.p.sybase():
		if w.known || rows > 0 || w.blind {
			o.returned = max(o.returned, 0) + count
		} else {
			o.affected = max(o.affected, 0) + count
		}
	case command == commandSelect:
		o.returned = max(o.returned, 0) + count
	case command == commandInsert, command == commandDelete, command == commandUpdate, command == commandMerge, command == commandBulk:
		o.affected = max(o.affected, 0) + count
	}
}

// features passes over FEATUREEXTACK (2.2.7.11).
func features(b []byte) int {
	n := 1
	for {
		if len(b) <= n {
			return 0
		}
		if b[n] == 0xff {
			return n + 1
		}
		if len(b) < n+5 {
			return 0
		}
		l := u32(b[n+1:])
		if l > maxCarry {
			return -1
		}
		n += 5 + int(l)
	}
}
