package redact

import "bytes"

// AppendBody adds the beginning of a body: values of sensitive fields of
// forms (url-encoded and multipart), JSON and XML become REDACTED, also where
// the body is cut off. contentType is the header's value, empty if unknown;
// JSON is recognised whatever it says. Other types pass unchanged.
func (r *Redactor) AppendBody(dst, contentType, body []byte) []byte {
	if r.off {
		return append(dst, body...)
	}
	switch formOf(contentType, body) {
	case formJSON:
		return r.appendJSON(dst, body, 0)
	case formXML:
		return r.appendXML(dst, body)
	case formMultipart:
		return r.appendMultipart(dst, body)
	case formText:
		return r.AppendQuery(dst, body)
	}
	return append(dst, body...)
}

type form uint8

const (
	formOther form = iota
	formJSON
	formXML
	formMultipart
	formText // url-encoded, or plain text, which may be
)

func formOf(contentType, body []byte) form {
	head := bytes.TrimLeft(body, "\ufeff \t\r\n")
	var first byte
	if len(head) > 0 {
		first = head[0]
	}
	switch {
	case first == '{' || first == '[' || contains(contentType, "json"):
		return formJSON
	case contains(contentType, "multipart/") && first == '-':
		return formMultipart
	case contains(contentType, "xml") || first == '<' && !contains(contentType, "html"):
		return formXML
	case len(contentType) == 0, contains(contentType, "urlencoded"), contains(contentType, "text/plain"), first == '"':
		return formText
	}
	return formOther
}

// contains is a search without regard to case; word is in lower case.
func contains(b []byte, word string) bool {
	for i := 0; i+len(word) <= len(b); i++ {
		if bytes.EqualFold(b[i:i+len(word)], []byte(word)) {
			return true
		}
	}
	return false
}

// appendMultipart adds a multipart/form-data body (RFC 7578). The boundary is
// its first line.
func (r *Redactor) appendMultipart(dst, b []byte) []byte {
	eol := bytes.IndexByte(b, '\n')
	if eol < 0 {
		return append(dst, b...)
	}
	boundary := bytes.TrimSpace(b[:eol])
	for len(b) > 0 {
		head, body, ok := cutHead(b)
		if !ok {
			return append(dst, b...)
		}
		end := bytes.Index(body, boundary)
		if end < 0 || len(boundary) < 3 {
			end = len(body)
		}
		part := bytes.TrimRight(body[:end], "\r\n")
		dst = append(dst, head...)
		switch name, file := partName(head); {
		case len(part) > 0 && r.params.match(name):
			dst = append(dst, Replacement...)
		case file:
			dst = append(dst, part...)
		default:
			dst = r.appendText(dst, part, -1)
		}
		dst = append(dst, body[len(part):end]...)
		b = body[end:]
	}
	return dst
}

// cutHead splits after the empty line.
func cutHead(b []byte) (head, rest []byte, ok bool) {
	for _, sep := range []string{"\r\n\r\n", "\n\n"} {
		if i := bytes.Index(b, []byte(sep)); i >= 0 {
			return b[:i+len(sep)], b[i+len(sep):], true
		}
	}
	return b, nil, false
}

// partName finds the name parameter of Content-Disposition, quoted or not.
func partName(head []byte) (name []byte, file bool) {
	file = contains(head, "filename")
	quoted := false
	for i, c := range head {
		if c == '"' {
			quoted = !quoted
		}
		if quoted || i == 0 || c != 'n' || !bytes.HasPrefix(head[i:], []byte("name=")) {
			continue
		}
		if p := head[i-1]; p != ' ' && p != ';' && p != '\t' && p != '\n' { // filename=
			continue
		}
		v, stop := head[i+5:], "; \t\r\n"
		if len(v) > 0 && v[0] == '"' {
			v, stop = v[1:], "\""
		}
		if q := bytes.IndexAny(v, stop); q >= 0 {
			v = v[:q]
		}
		return v, file
	}
	return nil, file
}
