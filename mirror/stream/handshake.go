package stream

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"io"
)

// tokenWord is what a line with a token begins with. No capture does.
const tokenWord = "wirespan-token "

// Reasons for which a stream is refused.
var (
	errNoToken  = errors.New("no token came: the first line must be \"wirespan-token TOKEN\"")
	errToken    = errors.New("wrong token")
	errTokenEnd = errors.New("the line with the token does not end")
)

// handshake reads the line with the token and returns the stream behind it. A
// token that nobody asked for is passed over.
func handshake(r io.Reader, token string) (io.Reader, error) {
	var line []byte
	for {
		var b [1]byte // what follows the line is not ours to read
		if _, err := io.ReadFull(r, b[:]); err != nil {
			if token == "" && errors.Is(err, io.EOF) {
				return bytes.NewReader(line), nil
			}
			return nil, err
		}
		line = append(line, b[0])
		n := min(len(line), len(tokenWord))
		switch {
		case string(line[:n]) != tokenWord[:n]:
			if token == "" {
				return io.MultiReader(bytes.NewReader(line), r), nil
			}
			return nil, errNoToken
		case b[0] == '\n':
			got := bytes.TrimRight(line[n:], "\r\n")
			if token != "" && !equal(got, token) {
				return nil, errToken
			}
			return r, nil
		case len(line) > len(tokenWord)+MaxToken+1:
			return nil, errTokenEnd
		}
	}
}

// untold reads a stream that needs no token but may have one.
type untold struct {
	r    io.Reader
	told bool
}

func (u *untold) Read(p []byte) (int, error) {
	if !u.told {
		r, err := handshake(u.r, "")
		if err != nil {
			return 0, err
		}
		u.r, u.told = r, true
	}
	return u.r.Read(p)
}

// equal compares in a time that depends on neither.
func equal(got []byte, want string) bool {
	a, b := sha256.Sum256(got), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// sendToken begins a stream that we asked for.
func sendToken(w io.Writer, token string) error {
	if token == "" {
		return nil
	}
	_, err := io.WriteString(w, tokenWord+token+"\n")
	return err
}
