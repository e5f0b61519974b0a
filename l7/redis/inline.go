package redis

import "bytes"

// readInline reads a command that is a line of words ("Inline commands"). size
// is what the line takes with its end, n 0 for an empty one.
func (c *command) readInline(b []byte) (size int, o outcome) {
	i := bytes.IndexByte(b, '\n')
	if i < 0 {
		if len(b) >= maxLine || len(b) > longest && bytes.IndexByte(b[:longest+1], ' ') < 0 {
			return 0, bad
		}
		return 0, more
	}
	line := bytes.TrimSuffix(b[:i], []byte{'\r'})
	c.reset(countWords(line))
	for k := 0; k < c.n && k < maxArgs; k++ {
		var w []byte
		w, line, _ = cutWord(line)
		c.args[k] = arg{text: w, size: int64(len(w))}
		if k == 0 && !word(w) || !c.follow(k) {
			return 0, bad
		}
	}
	return i + 1, good
}

// countWords counts the words of a line.
func countWords(line []byte) (n int) {
	for {
		_, rest, ok := cutWord(line)
		if !ok {
			return n
		}
		n, line = n+1, rest
	}
}

// cutWord takes the first word off a line, without quotes around it; what is
// escaped within stays escaped. A quote that is not closed takes the rest: the
// server will refuse it.
func cutWord(line []byte) (w, rest []byte, ok bool) {
	for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		line = line[1:]
	}
	if len(line) == 0 {
		return nil, nil, false
	}
	i := 0
	for i < len(line) && line[i] != ' ' && line[i] != '\t' {
		if q := line[i]; q == '"' || q == '\'' {
			i++
			for i < len(line) && line[i] != q {
				if line[i] == '\\' {
					i++
				}
				i++
			}
			i = min(i, len(line)-1)
		}
		i++
	}
	w, rest = line[:i], line[i:]
	if n := len(w); n > 1 && (w[0] == '"' || w[0] == '\'') && w[n-1] == w[0] {
		w = w[1 : n-1]
	}
	return w, rest, true
}
