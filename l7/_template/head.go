package template

import (
	"bytes"

	"github.com/wirespan/wirespan/l7"
)

// head is a head of either kind, borrowed from the input.
type head struct {
	word     []byte // requests
	subject  []byte
	language []byte
	code     int32 // responses
	size     int64 // bytes of body
}

// readHead reads a line with its end.
func readHead(dir l7.Dir, line []byte) (h head, ok bool) {
	line, ok = bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return h, false
	}
	first, rest, _ := bytes.Cut(line, []byte(" "))
	if dir == l7.ToClient {
		code, ok := number(first)
		if !ok || len(first) != 3 || code < 200 || code > 599 {
			return h, false
		}
		h.code = int32(code)
		h.size, ok = number(rest)
		return h, ok
	}
	if s := string(first); s != "ASK" && s != "TELL" {
		return h, false
	}
	var size []byte
	h.word = first
	h.subject, rest, _ = bytes.Cut(rest, []byte(" "))
	size, h.language, _ = bytes.Cut(rest, []byte(" "))
	h.size, ok = number(size)
	return h, ok && len(h.subject) > 0
}

// number reads one to nine digits.
func number(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

func (h *head) kind(dir l7.Dir) l7.Kind {
	switch {
	case dir == l7.ToClient:
		return l7.Response
	case string(h.word) == "TELL":
		return l7.OneWay
	}
	return l7.Request
}

func (h *head) status() l7.Status {
	switch h.code / 100 {
	case 2, 3:
		return l7.OK
	case 4:
		return l7.ClientError
	case 5:
		return l7.ServerError
	}
	return l7.Unset
}
