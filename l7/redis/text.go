package redis

// maxMarks bounds the question marks at the end of a text.
const maxMarks = 8

// appendText writes db.query.text: the command as it was sent, keys, and ? for
// everything else.
func (c *command) appendText(b []byte) []byte {
	for i := range c.known {
		if i > 0 {
			b = append(b, ' ')
		}
		if a := &c.args[i]; a.show {
			b = appendVisible(b, a.text[:min(len(a.text), maxKey)])
		} else {
			b = append(b, '?')
		}
	}
	for i := range c.n - c.known {
		if i == maxMarks {
			return append(b, " ..."...)
		}
		b = append(b, " ?"...)
	}
	return b
}

// appendVisible writes text with what does not print as \xHH.
func appendVisible(b, text []byte) []byte {
	for _, c := range text {
		if c >= ' ' && c != 0x7f {
			b = append(b, c)
			continue
		}
		b = append(b, '\\', 'x', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
	}
	return b
}

// appendUpper writes a word in upper case.
func appendUpper(b, w []byte) []byte {
	for _, c := range w {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		b = append(b, c)
	}
	return b
}
