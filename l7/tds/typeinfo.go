package tds

// form is how values of a type are written in a row (2.2.5.2).
type form uint8

const (
	fixed     form = iota // size bytes
	byteLen               // length of 1 byte, 0 for NULL
	shortLen              // length of 2 bytes, 0xffff for NULL
	longLen               // length of 4 bytes; NULL has none
	textPtr               // text pointer, time stamp, length of 4 bytes
	partial               // length of 8 bytes, then chunks (2.2.5.2.3)
	unwritten             // no value
)

// column is a type as far as values are to be passed over.
type column struct {
	form form
	size uint8
	text uint8 // utf16, plain, or neither
	old  bool  // text, ntext, image: named with their table in COLMETADATA
}

const (
	notText uint8 = iota
	utf16Text
	plainText
)

// typeInfo reads TYPE_INFO (2.2.5.6) and returns its size; 0 if b is short, -1
// if it is not known.
func typeInfo(b []byte, collations bool) (c column, n int) {
	if len(b) == 0 {
		return c, 0
	}
	coll := 0
	if collations {
		coll = 5
	}
	switch t := b[0]; t {
	case 0x1f: // NULL
		return column{form: unwritten}, 1
	case 0x30, 0x32: // INT1, BIT
		return column{size: 1}, 1
	case 0x34:
		return column{size: 2}, 1
	case 0x38, 0x3a, 0x3b, 0x7a: // INT4, DATETIM4, FLT4, MONEY4
		return column{size: 4}, 1
	case 0x3c, 0x3d, 0x3e, 0x7f: // MONEY, DATETIME, FLT8, INT8
		return column{size: 8}, 1
	case 0x28: // DATEN
		return column{form: byteLen}, 1
	case 0x24, 0x26, 0x68, 0x6d, 0x6e, 0x6f, 0x25, 0x2d, 0x29, 0x2a, 0x2b:
		// GUID, INTN, BITN, FLTN, MONEYN, DATETIMN, VARBINARY, BINARY with a length; TIMEN, DATETIME2N, DATETIMEOFFSETN with a scale
		return enough(b, column{form: byteLen}, 2)
	case 0x27, 0x2f: // VARCHAR, CHAR
		return enough(b, column{form: byteLen, text: plainText}, 2)
	case 0x37, 0x3f, 0x6a, 0x6c: // DECIMAL, NUMERIC
		return enough(b, column{form: byteLen}, 4)
	case 0xa5, 0xad: // BIGVARBINARY, BIGBINARY
		return long(b, column{form: shortLen}, 3)
	case 0xa7, 0xaf: // BIGVARCHAR, BIGCHAR
		return long(b, column{form: shortLen, text: plainText}, 3+coll)
	case 0xe7, 0xef: // NVARCHAR, NCHAR
		return long(b, column{form: shortLen, text: utf16Text}, 3+coll)
	case 0x22: // IMAGE
		return enough(b, column{form: textPtr, old: true}, 5)
	case 0x23: // TEXT
		return enough(b, column{form: textPtr, old: true, text: plainText}, 5+coll)
	case 0x63: // NTEXT
		return enough(b, column{form: textPtr, old: true, text: utf16Text}, 5+coll)
	case 0x62: // SSVARIANT
		return enough(b, column{form: longLen}, 5)
	case 0xf1: // XML
		return xml(b)
	case 0xf0: // UDT
		return udt(b)
	}
	return c, -1
}

func enough(b []byte, c column, n int) (column, int) {
	if len(b) < n {
		return c, 0
	}
	return c, n
}

// long is a type whose greatest length may be MAX.
func long(b []byte, c column, n int) (column, int) {
	if len(b) < n {
		return c, 0
	}
	if u16(b[1:]) == 0xffff {
		c.form = partial
	}
	return c, n
}

// xml may name a schema.
func xml(b []byte) (c column, n int) {
	c.form = partial
	if len(b) < 2 {
		return c, 0
	}
	if b[1] == 0 {
		return c, 2
	}
	return c, names(b, 2, 1, 1, 2)
}

// udt has its names in COLMETADATA.
func udt(b []byte) (c column, n int) {
	c.form = partial
	return c, names(b, 3, 1, 1, 1, 2)
}

// names passes over strings whose lengths, in characters, have so many bytes;
// 0 if b is short.
func names(b []byte, n int, lengths ...int) int {
	for _, l := range lengths {
		if len(b) < n+l {
			return 0
		}
		chars := int(b[n])
		if l == 2 {
			chars = u16(b[n:])
		}
		n += l + 2*chars
		if len(b) < n {
			return 0
		}
	}
	return n
}
