package transport

import (
	"io"
	"sync"
)

// loan lets a transport read bytes until they are taken back: net/http may go
// on reading a request's body after the answer is there.
type loan struct {
	mu sync.Mutex
	b  []byte
}

// end takes the bytes back; readers see a closed pipe.
func (l *loan) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.b = nil
}

// loanReader reads a loan once.
type loanReader struct {
	loan *loan
	at   int
}

// Read copies the next bytes.
func (r *loanReader) Read(p []byte) (int, error) {
	r.loan.mu.Lock()
	defer r.loan.mu.Unlock()
	if r.loan.b == nil {
		return 0, io.ErrClosedPipe
	}
	if r.at == len(r.loan.b) {
		return 0, io.EOF
	}
	n := copy(p, r.loan.b[r.at:])
	r.at += n
	return n, nil
}

// Close has nothing to release.
func (r *loanReader) Close() error { return nil }
