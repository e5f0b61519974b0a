package all_test

import (
	"encoding/binary"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/l7/l7test"
)

// checkNoStays holds that a protocol which says No to a byte says No to whatever
// begins with it: the engine does not ask it then.
func checkNoStays(t *testing.T, protos []l7.Proto, b []byte) {
	t.Helper()
	for i := range protos {
		p := &protos[i]
		for dir := range l7.Dir(2) {
			if p.Transport&l7.TCP == 0 || p.Detect(dir, b[:1]) != l7.No {
				continue
			}
			for n := 2; n <= len(b); n += 1 + n/8 {
				if v := p.Detect(dir, b[:n]); v != l7.No {
					t.Errorf("%s, direction %d: No to %q, %d to %q", p.Name, dir, b[:1], v, b[:n])
					break
				}
			}
		}
	}
}

// TestNoStays asks all protocols about the recorded sessions of all of them,
// from every place where a side began to speak.
func TestNoStays(t *testing.T) {
	protos, n := all.Protos(), 0
	for _, f := range sessionFiles(t) {
		s, err := l7test.Load(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, turn := range s.Turns {
			if len(turn.Bytes) > 0 {
				n++
				checkNoStays(t, protos, turn.Bytes[:min(len(turn.Bytes), 2<<10)])
			}
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 1 << 16 { // every two bytes, then anything, with and without an end of line
		b := binary.BigEndian.AppendUint64([]byte{byte(i >> 8), byte(i)}, r.Uint64())
		checkNoStays(t, protos, append(b, "\r\n"[i&1:]...))
	}
	if n < 500 {
		t.Errorf("%d turns in all sessions, want more", n)
	}
}

func sessionFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "*", "testdata", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	return files
}

// FuzzNoStays does so with anything.
func FuzzNoStays(f *testing.F) {
	for i, file := range sessionFiles(f) {
		if s, err := l7test.Load(file); err == nil && i%4 == 0 {
			for _, turn := range s.Turns[:min(len(s.Turns), 2)] {
				f.Add(turn.Bytes[:min(len(turn.Bytes), 512)])
			}
		}
	}
	protos := all.Protos()
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 0 {
			checkNoStays(t, protos, b[:min(len(b), 2<<10)])
		}
	})
}
