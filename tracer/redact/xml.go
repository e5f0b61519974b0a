package redact

import "bytes"

// appendXML adds XML text: the content of elements and the values of
// attributes with sensitive names, whatever their prefix, become REDACTED.
func (r *Redactor) appendXML(dst, b []byte) []byte {
	for {
		open := bytes.IndexByte(b, '<')
		if open < 0 {
			return append(dst, b...)
		}
		dst = append(dst, b[:open]...)
		b = b[open:]
		end := tagEnd(b)
		if end == 0 {
			return r.appendTag(dst, b)
		}
		tag := b[:end]
		dst = r.appendTag(dst, tag)
		b = b[end:]
		name := tagName(tag)
		if len(name) == 0 || tag[len(tag)-2] == '/' || !r.keys.match(name) {
			continue
		}
		content := b[:contentEnd(b, name)]
		if len(bytes.TrimSpace(content)) > 0 {
			dst = append(dst, Replacement...)
		} else {
			dst = append(dst, content...)
		}
		b = b[len(content):]
	}
}

// tagEnd finds the end of the tag that b begins with, 0 if it is cut off.
func tagEnd(b []byte) int {
	quote := byte(0)
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '>':
			return i + 1
		case (c == '"' || c == '\'') && i > 0 && b[i-1] == '=':
			quote = c
		}
	}
	return 0
}

// tagName is the qualified name of a start tag, empty for any other markup.
func tagName(tag []byte) []byte {
	tag = tag[1:]
	if i := bytes.IndexAny(tag, " \t\r\n/>"); i >= 0 {
		tag = tag[:i]
	}
	if len(tag) > 0 && (tag[0] == '?' || tag[0] == '!') {
		return nil
	}
	return tag
}

// contentEnd finds "</name", or the end of the input.
func contentEnd(b, name []byte) int {
	for i := 0; ; {
		n := bytes.Index(b[i:], []byte("</"))
		if n < 0 {
			return len(b)
		}
		i += n
		if bytes.HasPrefix(b[i+2:], name) {
			return i
		}
		i += 2
	}
}

// appendTag adds one tag; attribute values end at the quote that began them,
// or at the end of the tag.
func (r *Redactor) appendTag(dst, tag []byte) []byte {
	for {
		eq := bytes.IndexByte(tag, '=')
		if eq < 0 || eq+1 == len(tag) {
			return append(dst, tag...)
		}
		name := bytes.TrimRight(tag[:eq], " \t\r\n")
		if i := bytes.LastIndexAny(name, " \t\r\n\"'"); i >= 0 {
			name = name[i+1:]
		}
		from := eq + 1
		for from < len(tag)-1 && (tag[from] == ' ' || tag[from] == '\n') {
			from++
		}
		quote := tag[from]
		if quote != '"' && quote != '\'' {
			dst, tag = append(dst, tag[:from]...), tag[from:]
			continue
		}
		from++
		to := len(tag)
		if n := bytes.IndexByte(tag[from:], quote); n >= 0 {
			to = from + n
		}
		dst = append(dst, tag[:from]...)
		switch {
		case to > from && r.keys.match(name):
			dst = append(dst, Replacement...)
		default:
			s := scanner{r: r, b: tag[from:to]}
			dst = s.scan(dst, 0)
		}
		tag = tag[to:]
	}
}
