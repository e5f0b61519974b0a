package l7test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/l7"
)

// eachSession runs a test for every text session of a directory that the
// protocol's transport carries.
func eachSession(t *testing.T, p l7.Proto, dir string, run func(*testing.T, Session)) {
	t.Helper()
	cases, err := sessions(dir)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, c := range cases {
		if c.session.fits(p) {
			n++
			t.Run(c.name, func(t *testing.T) { run(t, c.session) })
		}
	}
	if n == 0 {
		t.Errorf("%s: no session for the transport of %s", dir, p.Name)
	}
}

type namedSession struct {
	name    string
	session Session
}

// sessions reads the text sessions of a directory.
func sessions(dir string) ([]namedSession, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	var cases []namedSession
	for _, f := range files {
		s, err := Load(f)
		if err != nil {
			return nil, err
		}
		cases = append(cases, namedSession{strings.TrimSuffix(filepath.Base(f), ".txt"), s})
	}
	return cases, nil
}

// Load reads a text session from a file.
func Load(file string) (Session, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return Session{}, err
	}
	s, err := ParseSession(string(b))
	if err != nil {
		return s, &os.PathError{Op: "parse", Path: file, Err: err}
	}
	return s, nil
}

// same fails the test if a run gave other messages than those wanted, or broke
// a promise.
func same(t *testing.T, what string, want []Message, got *Result) bool {
	t.Helper()
	diff := cmp.Diff(want, got.messages(), cmpopts.IgnoreUnexported(Message{}), cmpopts.EquateEmpty())
	if diff != "" {
		t.Errorf("%s: other messages (-want +got):\n%s", what, diff)
	}
	for _, f := range got.Faults {
		t.Errorf("%s: %s", what, f)
	}
	return diff == "" && len(got.Faults) == 0
}

// baseline plays a session as it is; a test that compares nothing fails.
func baseline(t *testing.T, s Session, p l7.Proto) []Message {
	t.Helper()
	r := Play(s, p)
	for _, f := range r.Faults {
		t.Error(f)
	}
	m := r.messages()
	if len(m) == 0 {
		t.Fatal("the session gives no message")
	}
	return m
}
