package transport

import (
	"errors"
	"io"
	"testing"
)

func TestLoanEnds(t *testing.T) {
	l := &loan{b: []byte("abc")}
	r := &loanReader{loan: l}
	p := make([]byte, 2)
	if n, err := r.Read(p); n != 2 || err != nil {
		t.Error(n, err)
	}
	l.end()
	if n, err := r.Read(p); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Error(n, err)
	}
}
