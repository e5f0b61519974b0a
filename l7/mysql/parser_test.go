package mysql

import (
	"fmt"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

const dir = "testdata"

func TestGolden(t *testing.T)  { l7test.Golden(t, Proto(), dir) }
func TestChop(t *testing.T)    { l7test.Chop(t, Proto(), dir) }
func TestPoison(t *testing.T)  { l7test.Poison(t, Proto(), dir) }
func TestDrop(t *testing.T)    { l7test.DropBy(t, Proto(), dir, byPlace) }
func TestSwap(t *testing.T)    { l7test.Swap(t, Proto(), dir) }
func TestReorder(t *testing.T) { l7test.Reorder(t, Proto(), dir) }

// byPlace tells messages apart by where they are: executions have other names
// when the packet that prepared their statement is lost.
func byPlace(m l7test.Message) string { return fmt.Sprintf("%s %d %d", m.Dir, m.First, m.Code) }

// What a client sends without a wait for answers is in a directory of its own:
// behind a loss, nobody can say what belongs to what.
const unordered = "testdata/pipelined"

func TestPipelined(t *testing.T) {
	t.Run("golden", func(t *testing.T) { l7test.Golden(t, Proto(), unordered) })
	t.Run("chop", func(t *testing.T) { l7test.Chop(t, Proto(), unordered) })
	t.Run("poison", func(t *testing.T) { l7test.Poison(t, Proto(), unordered) })
	t.Run("swap", func(t *testing.T) { l7test.Swap(t, Proto(), unordered) })
	t.Run("reorder", func(t *testing.T) { l7test.Reorder(t, Proto(), unordered) })
}

// TestPipelinedDrop: whatever segment is lost, no pair is a wrong one.
func TestPipelinedDrop(t *testing.T) {
	s, err := l7test.Load(unordered + "/pipelined.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := pairs(l7test.Play(s, Proto()))
	for i, turn := range s.Turns {
		cut := s
		cut.Turns = append(append(append([]l7test.Turn{}, s.Turns[:i]...), l7test.Lost(turn.Dir, int64(len(turn.Bytes)))), s.Turns[i+1:]...)
		r := l7test.Play(cut, Proto())
		for _, f := range r.Faults {
			t.Errorf("segment %d lost: %s", i, f)
		}
		for response, request := range pairs(r) {
			if want[response] != request {
				t.Errorf("segment %d lost: the response at %d is paired with the request at %d, not %d", i, response, request, want[response])
			}
		}
	}
}

// pairs maps the places of responses to those of their requests.
func pairs(r *l7test.Result) map[int64]int64 {
	requests, all := map[uint64]int64{}, map[int64]int64{}
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			switch m.Kind {
			case "request":
				requests[m.Match] = m.First
			case "response":
				if at, ok := requests[m.Match]; ok {
					all[m.First] = at
				}
			}
		}
	}
	return all
}

// TestTLS: behind the client's request for TLS, detection starts again.
func TestTLS(t *testing.T) {
	r, err := l7test.PlayCapture("testdata/tls/tls.pcap", Proto())
	if err != nil {
		t.Fatal(err)
	}
	if r.Stats.Switched != 1 || len(r.Faults) > 0 {
		t.Errorf("%d switches, want one; %v", r.Stats.Switched, r.Faults)
	}
}

func FuzzMySQL(f *testing.F) { l7test.Fuzz(f, Proto()) }
