package engine_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/l7/engine"
	"github.com/wirespan/wirespan/l7/l7test"
)

func repeat(turn l7test.Turn, n int) (turns []l7test.Turn) {
	for range n {
		turns = append(turns, turn)
	}
	return turns
}

func TestDatagrams(t *testing.T) {
	foreign := client("STUN or the like")
	tests := []struct {
		name  string
		turns []l7test.Turn
		want  []string
		check func(*testing.T, *l7test.Result)
	}{
		{
			name:  "several messages in one datagram",
			turns: []l7test.Turn{client("GET a\nGET b\n"), server("OK 2\nhiOK 0\n")},
			want:  []string{"request GET a", "request GET b", "response", "response"},
		},
		{
			name:  "nothing is carried over to the next datagram",
			turns: []l7test.Turn{client("GET a\nGET b"), client("GET c\n")},
			want:  []string{"request GET a", "request GET c"},
			check: func(t *testing.T, r *l7test.Result) {
				if n := r.Stats.Discarded[engine.OfTrailing]; n != 5 {
					t.Errorf("%d bytes trailing, want 5", n)
				}
			},
		},
		{
			name:  "a body that ends beyond its datagram is lost",
			turns: []l7test.Turn{client("GET a\n"), server("OK 9\nhi"), client("GET c\n")},
			want:  []string{"request GET a", "response lost", "request GET c"},
		},
		{
			name:  "a few foreign datagrams are forgiven",
			turns: append(repeat(foreign, 7), client("GET a\n"), foreign, client("GET b\n")),
			want:  []string{"request GET a", "request GET b"},
		},
		{
			name:  "many are not",
			turns: append(repeat(foreign, 8), client("GET a\n")),
			check: opaqueFor(engine.Unknown),
		},
		{
			name:  "nor behind a message",
			turns: append(append([]l7test.Turn{client("GET a\n")}, repeat(client("rubbish\n"), 8)...), client("GET b\n")),
			want:  []string{"request GET a"},
			check: opaqueFor(engine.Foreign),
		},
		{
			name:  "the first datagram is a response to the presumed server",
			turns: []l7test.Turn{client("OK 0\n"), server("GET a\n"), client("ERR 5\n")},
			want:  []string{"response", "request GET a", "response  5"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, r := play(t, l7test.UDP(tt.turns...))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
			}
			if tt.check != nil {
				tt.check(t, r)
			}
		})
	}
}

func TestRefusedDatagram(t *testing.T) {
	x := says("x", l7.Yes, 3)
	got, r := play(t, l7test.UDP(client("GET a\n"), server("OK 0\n")), x, wary())
	if diff := cmp.Diff([]string{"request GET a", "response"}, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s%+v", diff, r.Stats)
	}
}
