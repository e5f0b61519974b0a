package kafka

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// TestMidstream lets the capture begin at any byte of the first segments: what is
// found was there, with the same words, or is an answer whose request was not
// seen.
func TestMidstream(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		s, err := l7test.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		whole := said(l7test.Play(s, Proto()))
		s.Midstream = true
		turns := s.Turns
		for i := range min(len(turns), 8) {
			for at := 0; at < len(turns[i].Bytes); at += 1 + at/7 {
				s.Turns = append([]l7test.Turn{{Dir: turns[i].Dir, Bytes: turns[i].Bytes[at:]}}, turns[i+1:]...)
				for what := range said(l7test.Play(s, Proto())) {
					if !whole[what] {
						t.Errorf("%s from byte %d of segment %d: %s", filepath.Base(file), at, i, what)
					}
				}
			}
		}
	}
}

// said has what messages say, but for answers that say nothing.
func said(r *l7test.Result) map[string]bool {
	all := map[string]bool{}
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			if m.Kind != "response" || len(m.Attrs) > 0 {
				all[tell(m)] = true
			}
		}
	}
	return all
}

func tell(m l7test.Message) string {
	return fmt.Sprint(m.Dir, m.Kind, m.Op, m.Resource, m.Match, m.Code, m.Attrs, m.IDs)
}
