package tlskeys

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// labelOf knows the labels of SSLKEYLOGFILE (draft-ietf-tls-keylogfile, section 2) that are of
// use; the exporter's are not.
func labelOf(s string) labelID {
	switch s {
	case "CLIENT_RANDOM":
		return 1
	case "CLIENT_EARLY_TRAFFIC_SECRET":
		return 2
	case "CLIENT_HANDSHAKE_TRAFFIC_SECRET":
		return 3
	case "SERVER_HANDSHAKE_TRAFFIC_SECRET":
		return 4
	case "CLIENT_TRAFFIC_SECRET_0":
		return 5
	case "SERVER_TRAFFIC_SECRET_0":
		return 6
	}
	return 0
}

// OpenLog reads a key log. follow keeps it open, and reads what is written
// later when a secret is not known.
func (t *Table) OpenLog(path string, follow bool) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open key log: %w", err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	l := &log{file: f}
	t.follow(l)
	if follow {
		t.logs = append(t.logs, l)
		return nil
	}
	t.line(l.rest)
	return f.Close()
}

// follow reads what has been added to a log. A log that has become shorter
// began anew.
func (t *Table) follow(l *log) (more bool) {
	st, err := l.file.Stat()
	if err != nil {
		return false
	}
	if st.Mode().IsRegular() && st.Size() < l.at {
		l.at, l.rest = 0, l.rest[:0]
	}
	if st.Mode().IsRegular() && st.Size() == l.at {
		return false
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := l.file.ReadAt(buf, l.at)
		l.at += int64(n)
		more = more || n > 0
		l.rest = t.lines(append(l.rest, buf[:n]...))
		if err != nil || n == 0 {
			return more
		}
	}
}

// Add takes the text of a key log, such as secrets of a pcapng file hold.
func (t *Table) Add(text []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line(t.lines(bytes.Clone(text)))
}

// Read takes a whole key log.
func (t *Table) Read(r io.Reader) error {
	b, err := io.ReadAll(r)
	t.Add(b)
	return err
}

// lines takes whole lines and returns what is left.
func (t *Table) lines(b []byte) []byte {
	rest := b
	for {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			if len(rest) > maxLine {
				t.stats.Malformed++
				rest = nil
			}
			return append(b[:0], rest...)
		}
		t.line(rest[:i])
		rest = rest[i+1:]
	}
}

// line takes one: label, client random, secret; "RSA" has the first bytes of the
// enciphered premaster secret instead of the random.
func (t *Table) line(b []byte) {
	f := bytes.Fields(b)
	if len(f) == 0 || f[0][0] == '#' {
		return
	}
	if len(f) != 3 || len(b) > maxLine {
		t.stats.Malformed++
		return
	}
	random, err1 := hex.DecodeString(string(f[1]))
	secret, err2 := hex.DecodeString(string(f[2]))
	id := labelOf(string(f[0]))
	switch {
	case err1 != nil || err2 != nil || len(secret) == 0:
		t.stats.Malformed++
	case string(f[0]) == "RSA" && len(random) == 8 && len(secret) == 48:
		if _, known := t.premade[[8]byte(random)]; !known && len(t.premade) >= maxSecrets {
			t.stats.Forgotten++ // this one
			return
		}
		t.premade[[8]byte(random)] = secret
		t.stats.Secrets++
	case id != 0 && len(random) == 32:
		t.add(name{id, [32]byte(random)}, secret)
	case id != 0:
		t.stats.Malformed++
	}
}
