package tlskeys

import (
	"crypto/rsa"
	"os"
	"sync"
	"time"

	"github.com/wirespan/wirespan/l7"
)

// Bounds.
const (
	maxSecrets = 128 << 10 // of all connections, some 20 MiB; the oldest go first
	maxLine    = 1 << 10
	pollEvery  = 20 * time.Millisecond
)

// labelID is the first word of a line, as a number; 0 is none of use.
type labelID uint8

// name says whose secret it is.
type name struct {
	label  labelID
	random [32]byte
}

// Table keeps secrets. It may be used by several goroutines at once.
type Table struct {
	mu      sync.Mutex
	secrets map[name][]byte
	order   []name // of arrival, a ring once it is full
	next    int
	premade map[[8]byte][]byte // lines "RSA"
	keys    []*rsa.PrivateKey
	logs    []*log
	feeds   []*feed
	polled  time.Time
	stats   Stats
}

var _ l7.KeySource = (*Table)(nil)

// Stats counts what was read.
type Stats struct {
	Secrets   uint64 // lines that gave a secret
	Malformed uint64 // lines that are none of a key log
	Forgotten uint64 // secrets that made room for later ones
}

// New returns an empty Table.
func New() *Table {
	return &Table{secrets: make(map[name][]byte), premade: make(map[[8]byte][]byte)}
}

// Stats returns the counters.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stats
}

// String tells nothing.
func (t *Table) String() string { return "tls secrets" }

// GoString tells nothing either.
func (t *Table) GoString() string { return "tls secrets" }

// Secret meets l7.KeySource. When it is not known, the logs that are followed
// are looked at again.
func (t *Table) Secret(label string, random []byte) []byte {
	id := labelOf(label)
	if id == 0 || len(random) != 32 {
		return nil
	}
	n := name{id, [32]byte(random)}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.secrets[n]
	if s == nil && t.poll() {
		s = t.secrets[n]
	}
	return s
}

// Private meets l7.KeySource.
func (t *Table) Private() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.keys) > 0 || len(t.premade) > 0
}

// PreMaster meets l7.KeySource.
func (t *Table) PreMaster(encrypted []byte) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(encrypted) >= 8 {
		if s := t.premade[[8]byte(encrypted)]; s != nil {
			return s
		}
	}
	for _, k := range t.keys {
		if k.Size() != len(encrypted) {
			continue
		}
		// Not in constant time: nobody waits for the answer but us.
		if s, err := rsa.DecryptPKCS1v15(nil, k, encrypted); err == nil && len(s) == 48 {
			return s
		}
	}
	return nil
}

// add keeps a secret.
func (t *Table) add(n name, secret []byte) {
	t.stats.Secrets++
	if _, have := t.secrets[n]; !have {
		if len(t.order) < maxSecrets {
			t.order = append(t.order, n)
		} else {
			delete(t.secrets, t.order[t.next])
			t.order[t.next] = n
			t.next = (t.next + 1) % maxSecrets
			t.stats.Forgotten++
		}
	}
	t.secrets[n] = secret
}

// poll reads what has come to logs and feeds, and reports whether that may have
// been something.
func (t *Table) poll() (more bool) {
	for _, f := range t.feeds {
		more = t.feed(f) || more
	}
	if len(t.logs) == 0 || time.Since(t.polled) < pollEvery {
		return more
	}
	for _, l := range t.logs {
		more = t.follow(l) || more
	}
	t.polled = time.Now()
	return more
}

// Close closes the logs.
func (t *Table) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var err error
	for _, l := range t.logs {
		if e := l.file.Close(); e != nil && err == nil {
			err = e
		}
	}
	t.logs = nil
	return err
}

// log is a key log that is followed.
type log struct {
	file *os.File
	at   int64
	rest []byte // of a line that is not complete
}
