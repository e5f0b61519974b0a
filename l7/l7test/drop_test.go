package l7test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wirespan/wirespan/l7"
)

func TestLossFault(t *testing.T) {
	want := []Exchange{{Request: "a", Response: "1"}, {Request: "b", Response: "2"}, {Request: "c", Response: "3"}}
	tests := []struct {
		name string
		got  []Exchange
		want string // part of the fault, "" if there is none
	}{
		{"all there", want, ""},
		{"one missing", want[1:], ""},
		{"one halved", []Exchange{{Request: "a"}, want[1], want[2]}, ""},
		{"both halves apart", []Exchange{{Request: "a"}, {Response: "1"}, want[1], want[2]}, ""},
		{"two missing", want[2:], "2 exchanges are missing"},
		{"a wrong pair", []Exchange{{Request: "a", Response: "2"}, want[2]}, `"a" -> "2" was not there`},
		{"a phantom", append([]Exchange{{Request: "x"}}, want...), `"x" -> "" was not there`},
		{"one twice", append([]Exchange{want[0]}, want...), "was not there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := lossFault(want, tt.got, 1)
			if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
				t.Errorf("fault %q, want %q", got, tt.want)
			}
		})
	}
	if got := lossFault(want, want[2:], 2); got != "" {
		t.Errorf("two missing of two allowed: %s", got)
	}
}

// message is a recorded message for tests of pairing.
func message(seq int, kind l7.Kind, op string, match uint64) Message {
	return Message{kind: kind, Op: op, Match: match, seq: seq}
}

func TestExchanges(t *testing.T) {
	identity := func(m Message) string { return m.Op }
	tests := []struct {
		name     string
		pairing  l7.Pairing
		messages []Message
		misses   []miss
		want     []Exchange
	}{
		{"in order", l7.InOrder, []Message{
			message(1, l7.Request, "a", 0), message(2, l7.Request, "b", 0), message(3, l7.Response, "1", 0), message(4, l7.Response, "2", 0),
		}, nil, []Exchange{{Request: "a", Response: "1"}, {Request: "b", Response: "2"}}},
		{"by match", l7.ByMatch, []Message{
			message(1, l7.Request, "a", 7), message(2, l7.Request, "b", 8), message(3, l7.Response, "2", 8), message(4, l7.Response, "1", 7),
		}, nil, []Exchange{{Request: "b", Response: "2"}, {Request: "a", Response: "1"}}},
		{"a lost response", l7.InOrder, []Message{
			message(1, l7.Request, "a", 0), message(3, l7.Request, "b", 0), message(4, l7.Response, "2", 0),
		}, []miss{{2, l7.ToClient}}, []Exchange{{Request: "a"}, {Request: "b", Response: "2"}}},
		{"a lost request", l7.InOrder, []Message{
			message(1, l7.Request, "a", 0), message(3, l7.Request, "c", 0),
			message(4, l7.Response, "1", 0), message(5, l7.Response, "2", 0), message(6, l7.Response, "3", 0),
		}, []miss{{2, l7.ToServer}}, []Exchange{{Request: "a", Response: "1"}, {Response: "2"}, {Request: "c", Response: "3"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := &Connection{Messages: tt.messages, misses: tt.misses, proto: &l7.Proto{Pairing: tt.pairing}}
			if diff := cmp.Diff(tt.want, exchanges(c, identity), cmpopts.IgnoreUnexported(Exchange{})); diff != "" {
				t.Errorf("exchanges (-want +got):\n%s", diff)
			}
		})
	}
}
