package gate

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MinToken is the shortest token, in bytes: 16 random hex digits can be guessed by
// nobody.
const MinToken = 16

// maxTokens bounds a file.
const maxTokens = 10_000

// Tokens are those who may use a server. They never change; a Gate takes others.
type Tokens struct{ list []holder }

// holder is a token with its rights.
type holder struct {
	sum    [sha256.Size]byte
	rights Right
	name   string
}

// Len is the number of tokens; a nil Tokens has none.
func (t *Tokens) Len() int {
	if t == nil {
		return 0
	}
	return len(t.list)
}

// ParseTokens reads a file of tokens, one per line:
//
//	# rights        name     token, or its SHA-256
//	ingest          agents   5f1e0c...
//	read,packets    ops      sha256:9b74c9...
//
// Errors name the line and never a token.
func ParseTokens(r io.Reader) (*Tokens, error) {
	t := &Tokens{}
	var errs []error
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		h, err := parseHolder(line)
		if err == nil && t.has(h.sum) {
			err = errors.New("the token is there twice")
		}
		if err == nil && len(t.list) == maxTokens {
			err = fmt.Errorf("more than %d tokens", maxTokens)
		}
		if err != nil {
			if errs = append(errs, fmt.Errorf("line %d: %w", n, err)); len(errs) == 10 {
				break
			}
			continue
		}
		t.list = append(t.list, h)
	}
	if err := sc.Err(); err != nil {
		errs = append(errs, fmt.Errorf("read tokens: %w", err))
	}
	if len(errs) == 0 && len(t.list) == 0 {
		errs = append(errs, errors.New("there is no token in it"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

func parseHolder(line string) (h holder, err error) {
	f := strings.Fields(line)
	if len(f) != 3 {
		return h, errors.New("want rights, name and token")
	}
	if h.rights, err = parseRights(f[0]); err != nil {
		return h, err
	}
	h.name = f[1]
	if digits, ok := strings.CutPrefix(f[2], "sha256:"); ok {
		b, err := hex.DecodeString(digits)
		if err != nil || len(b) != sha256.Size {
			return h, errors.New("sha256: wants 64 hex digits")
		}
		copy(h.sum[:], b)
		return h, nil
	}
	if len(f[2]) < MinToken {
		return h, fmt.Errorf("the token is shorter than %d characters", MinToken)
	}
	h.sum = sha256.Sum256([]byte(f[2]))
	return h, nil
}

func (t *Tokens) has(sum [sha256.Size]byte) bool {
	for i := range t.list {
		if t.list[i].sum == sum {
			return true
		}
	}
	return false
}

// find returns who has a token. It looks at all of them, so that the time does not
// tell how near a guess was.
func (t *Tokens) find(token string) (rights Right, name string, ok bool) {
	sum := sha256.Sum256([]byte(token))
	at := -1
	for i := range t.list {
		if subtle.ConstantTimeCompare(sum[:], t.list[i].sum[:]) == 1 {
			at = i
		}
	}
	if at < 0 {
		return 0, "", false
	}
	return t.list[at].rights, t.list[at].name, true
}
