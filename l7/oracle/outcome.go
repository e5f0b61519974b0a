package oracle

// Messages of TTC (TTI..).
const (
	ttiProtocol  = 1
	ttiDataTypes = 2
	ttiFunction  = 3
	ttiError     = 4
	ttiRowHeader = 6
	ttiRow       = 7
	ttiParameter = 8
	ttiStatus    = 9
	ttiIOVector  = 11
	ttiLOB       = 14
	ttiWarning   = 15
	ttiDescribe  = 16
	ttiPiggyback = 17
	ttiFlush     = 19
	ttiBitVector = 21
	ttiServer    = 23
	ttiOneWay    = 26
	ttiImplicit  = 27
	ttiAgain     = 28
	ttiEnd       = 29
	ttiToken     = 33
	ttiFastAuth  = 34
)

// Numbers of the versions of TTC's fields (TNS_CCAP_FIELD_VERSION_..).
const (
	field11 = 4  // flags of the error record are numbers
	field12 = 7  // the error record has the error and the rows twice
	field20 = 14 // and two numbers more
	field23 = 18 // functions have a token
)

// outcome is what the end of an answer says.
type outcome struct {
	code   int    // ORA- number, 0 if there was no error
	rows   uint64 // processed
	cursor int
	known  bool // rows and cursor are
	text   []byte
}

// noData is the error that says that there are no more rows.
const noData = 1403

// read looks for the record at the end of an answer of a thin client:
// the error record whose last byte is the last of the answer. field is the
// version of the fields, 0 if it is not known; the one that fits is returned.
func (o *outcome) read(b []byte, field int) (fits int, ok bool) {
	for i := len(b) - minError; i >= 0; i-- {
		if b[i] != ttiError {
			continue
		}
		for _, f := range [...]int{field12, field20, field11, 1} {
			if field != 0 && class(field) != class(f) {
				continue
			}
			for _, heads := range [...]int{2, 1, 0} {
				if o.record(b[i+1:], f, heads) {
					return class(f), true
				}
			}
		}
	}
	return 0, false
}

// minError is the size of the smallest error record.
const minError = 20

// class is the version of the error record that belongs to that of the fields.
func class(field int) int {
	switch {
	case field >= field20:
		return field20
	case field >= field12:
		return field12
	}
	return 1
}

// record reads an error record (TTIOER) that fills b; heads of the two numbers
// in front, which were agreed upon, are there.
func (o *outcome) record(b []byte, field, heads int) bool {
	r := reader{b: b}
	if heads > 0 {
		r.ub4() // end of call status
	}
	if heads > 1 {
		r.ub2() // end to end sequence number
	}
	rows := uint64(r.ub4())
	code := r.ub2()
	r.ub2() // array element with error, its error
	r.ub2()
	cursor := r.ub2()
	r.ub2()   // position of the error
	r.skip(2) // type of statement, fatal
	if field >= field11 {
		r.ub2() // flags, options of the cursor
		r.ub2()
	} else {
		r.skip(2)
	}
	r.skip(2) // UPI parameter, warnings
	r.ub4()   // row id
	r.ub2()
	r.skip(1)
	r.ub4()
	r.ub2()
	r.ub4()   // error of the operating system
	r.skip(2) // statement, call
	r.ub2()
	r.ub4() // successful iterations
	if r.bad {
		return false
	}
	if field < field12 {
		return o.old(r, rows, code, cursor)
	}
	r.counted() // logical row id
	r.batch()
	full, many := r.ub4(), r.number(8)
	if field >= field20 {
		r.ub4() // type of statement, checksum
		r.ub4()
	}
	if r.bad || full&0xffff != code || uint32(many) != uint32(rows) {
		return false
	}
	return o.finish(r, many, full, cursor)
}

// old ends a record of before version 12, which has up to four fields more.
func (o *outcome) old(r reader, rows uint64, code, cursor int) bool {
	for range 5 {
		if o.finish(r, rows, code, cursor) {
			return true
		}
		r.counted()
	}
	return false
}

// batch passes over the errors of an array of binds.
func (r *reader) batch() {
	errors := r.ub2()
	r.array(errors, 2)
	r.array(r.ub4(), 4)
	if n := r.ub2(); n > 0 {
		r.skip(1)
		for ; n > 0 && !r.bad; n-- {
			r.ub2()
			r.clr()
			r.skip(2)
		}
	}
}

// array passes over numbers.
func (r *reader) array(n, most int) {
	if n == 0 {
		return
	}
	long := r.byte() == longForm
	for ; n > 0 && !r.bad; n-- {
		if long {
			r.ub4()
		}
		r.number(most)
	}
	if long {
		r.skip(1)
	}
}

// finish wants the text of an error, which says its number, and then nothing.
func (o *outcome) finish(r reader, rows uint64, code, cursor int) bool {
	var text []byte
	if code != 0 {
		var chunked bool
		if text, chunked = r.clr(); chunked {
			return false
		}
		if n, ok := numberOf(text); !ok || n != code {
			return false
		}
	}
	if r.bad || r.at != len(r.b) || cursor < 0 {
		return false
	}
	*o = outcome{code: code, rows: rows, cursor: cursor, known: true, text: text}
	return true
}

// numberOf is the number of an error by its text: ORA-00942: ...
func numberOf(b []byte) (n int, ok bool) {
	if len(b) < 10 || b[3] != '-' || b[9] != ':' || b[0] < 'A' || b[0] > 'Z' {
		return 0, false
	}
	for _, c := range b[4:9] {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// status reports whether b is a status (TTISTA) as a whole.
func status(b []byte) bool {
	if len(b) < 2 || b[0] != ttiStatus {
		return false
	}
	r := reader{b: b, at: 1}
	r.ub4()
	if !r.bad && r.at == len(b) {
		return true
	}
	r.ub2()
	return !r.bad && r.at == len(b)
}

// readWide looks for the text of an error at the end of an answer of an OCI
// client, and for the record in front of it, whose numbers are little-endian:
// status, sequence number, rows, error, two of an array, cursor.
func (o *outcome) readWide(b []byte) bool {
	for i := len(b) - 11; i >= 0 && i >= len(b)-256; i-- {
		n, ok := numberOf(b[i+1:])
		if !ok || int(b[i]) != len(b)-i-1 {
			continue
		}
		*o = outcome{code: n, text: b[i+1:]}
		for j := i - 24; j >= 0 && j >= i-160; j-- {
			if h := b[j:]; h[0] == ttiError && int(h[11])|int(h[12])<<8 == n && h[3]|h[4] == 0 && h[13]|h[14]|h[15]|h[16] == 0 {
				o.rows = uint64(h[7]) | uint64(h[8])<<8 | uint64(h[9])<<16 | uint64(h[10])<<24
				o.cursor = int(h[17]) | int(h[18])<<8
				o.known = true
				break
			}
		}
		return true
	}
	return false
}
