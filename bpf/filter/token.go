package filter

// tokenKind says what a word is.
type tokenKind uint8

const (
	tokEnd   tokenKind = iota
	tokWord            // keyword; text is its canonical spelling
	tokOp              // operator or bracket
	tokNum             // number or named constant
	tokAddr4           // two to four numbers with dots
	tokAddr6           // IPv6 address
	tokMAC             // Ethernet address
	tokARC             // ARCNET address, $ and a number
	tokName            // anything else, and what follows a backslash
)

// token is a word of the expression.
type token struct {
	kind tokenKind
	text string
	num  uint32
	span span
}

func (t token) is(text string) bool {
	return (t.kind == tokWord || t.kind == tokOp) && t.text == text
}

// isID reports whether the token can stand for a host, port, net or protocol.
func (t token) isID() bool { return t.kind >= tokNum }
