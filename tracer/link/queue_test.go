package link

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// TestQueues holds rule 6: deliveries hang below what was published, and what a
// consumer does below the delivery.
func TestQueues(t *testing.T) {
	const (
		put, get = span.Producer, span.Consumer
		mq       = l7.ClassMessaging
		broker   = sb + ":9092"
	)
	for _, c := range []struct {
		about string
		calls []call
		want  []string
	}{
		{"an ID through a queue, polled before it was published", []call{
			{name: "poll", class: mq, side: get, from: sa, to: broker, at: 0, end: 40, echo: rid},
			{name: "a", from: cl, to: gw, at: 10, end: 60, ids: rid},
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, ids: rid},
			{name: "work", from: sa, to: lo, at: 50, end: 90, ids: rid},
		}, []string{"1 poll < put message 0.95", "1 a", "1 put < a header_id 0.99", "1 work < poll message 0.95"}},
		{"pushed by the broker", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, ids: rid},
			{name: "push", class: mq, side: get, outcome: Pushed, from: sa, to: broker, at: 25, end: 35, ids: rid},
			{name: "work", from: sa, to: lo, at: 50, end: 90, ids: rid},
		}, []string{"1 put", "1 push < put message 0.95", "1 work < push message 0.95"}},
		{"delivered by a broker that wants it acknowledged", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, ids: rid},
			{name: "push", class: mq, side: get, from: sb, to: sa + ":5000", at: 25, end: 35, ids: rid},
			{name: "work", from: sa, to: lo, at: 50, end: 90, ids: rid},
		}, []string{"1 put", "1 push < put message 0.95", "1 work < push message 0.95"}},
		{"two consumers get one message", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, ids: rid},
			{name: "p", class: mq, side: get, outcome: Pushed, from: sa, to: broker, at: 25, end: 35, ids: rid},
			{name: "q", class: mq, side: get, outcome: Pushed, from: cl, to: broker, at: 26, end: 36, ids: rid},
		}, []string{"1 put", "1 p < put message 0.95", "1 q < put message 0.95"}},
		{"a context in the message", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, ctx: "T/p"},
			{name: "poll", class: mq, side: get, from: sa, to: broker, at: 0, end: 40, ctx: "T/p", back: true},
			{name: "work", from: sa, to: lo, at: 50, end: 90, ctx: "T/q"},
		}, []string{"1 poll < put message 0.95", "1 put < sdk:p", "1 work < poll message 0.95"}},
		{"what a message is known by, without any ID", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, msg: "orders/0/17"},
			{name: "poll", class: mq, side: get, from: sa, to: broker, at: 0, end: 40, msg: "orders/0/17"},
			{name: "other", class: mq, side: get, from: sa, to: broker, at: 50, end: 60, msg: "orders/0/18"},
		}, []string{"1 poll < put message 0.95", "1 put", "2 other"}},
		{"equal messages come one after the other: the latest published is delivered", []call{
			{name: "one", class: mq, side: put, from: gw, to: broker, at: 0, end: 1, msg: "d"},
			{name: "p", class: mq, side: get, from: sa, to: broker, at: 0, end: 3, msg: "d"},
			{name: "two", class: mq, side: put, from: gw, to: broker, at: 10, end: 11, msg: "d"},
			{name: "q", class: mq, side: get, from: sa, to: broker, at: 4, end: 13, msg: "d"},
		}, []string{"1 one", "1 p < one message 0.95", "2 q < two message 0.95", "2 two"}},
		{"equal messages alone tie nothing together", []call{
			{name: "one", class: mq, side: put, from: gw, to: broker, at: 0, end: 1, msg: "d"},
			{name: "two", class: mq, side: put, from: cl, to: broker, at: 10, end: 11, msg: "d"},
		}, []string{"1 one", "2 two"}},
		{"delivered before it was published: another one", []call{
			{name: "poll", class: mq, side: get, from: sa, to: broker, at: 0, end: 10, msg: "d"},
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 20, end: 30, msg: "d"},
		}, []string{"1 poll", "2 put"}},
		{"what the consumer did before is not its work", []call{
			{name: "early", from: sa, to: lo, at: 1, end: 2, ids: rid},
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 3, end: 4, ids: rid},
			{name: "poll", class: mq, side: get, from: sa, to: broker, at: 0, end: 10, echo: rid},
		}, []string{"1 poll < put message 0.95", "1 early", "1 put"}},
		{"one process publishes and consumes: who does not wait for the work is not its caller", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 20, ids: rid},
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 2, end: 8, ids: rid},
			{name: "push", class: mq, side: get, outcome: Pushed, from: gw, to: broker, at: 6, end: 9, ids: rid},
			{name: "work", from: gw, to: sa, at: 15, end: 30, ids: rid},
			{name: "call", from: gw, to: sa, at: 12, end: 18, ids: rid},
		}, []string{"1 a", "1 put < a header_id 0.99", "1 push < put message 0.95", "1 call < a header_id 0.99", "1 work < push message 0.95"}},
		{"what a broker sends of itself is on behalf of nobody", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90},
			{name: "advisory", class: mq, outcome: Pushed, from: gw, to: broker, at: 10, end: 10, ids: rid},
			{name: "delivery", class: mq, side: get, outcome: Pushed, from: gw, to: broker, at: 20, end: 20, ids: rid2},
		}, []string{"1 a", "2 advisory", "3 delivery"}},
		{"nor is it because a request to the broker is open", []call{
			{name: "ask", class: mq, from: cl, to: broker, at: 0, end: 90},
			{name: "oneway", class: mq, outcome: OneWay, from: sb, to: cl + ":5000", at: 10, end: 10, ids: rid},
			{name: "push", class: mq, side: get, from: sb, to: sa + ":5000", at: 20, end: 30, ids: rid2},
		}, []string{"1 ask", "2 oneway", "3 push"}},
		{"a publication without answer is made for the only open request", []call{
			{name: "a", from: cl, to: gw, at: 0, end: 90},
			{name: "put", class: mq, side: put, outcome: OneWay, from: gw, to: broker, at: 10, end: 10, ids: rid},
		}, []string{"1 a", "1 put < a sole_candidate 0.8"}},
		{"the consumer publishes in turn", []call{
			{name: "put", class: mq, side: put, from: gw, to: broker, at: 0, end: 4, ids: rid},
			{name: "push", class: mq, side: get, outcome: Pushed, from: sa, to: broker, at: 2, end: 6, ids: rid},
			{name: "next", class: mq, side: put, from: sa, to: broker, at: 8, end: 9, ids: rid},
		}, []string{"1 put", "1 push < put message 0.95", "1 next < push message 0.95"}},
	} {
		t.Run(c.about, func(t *testing.T) {
			s := newScene(t)
			s.start()
			s.feed(c.calls...)
			s.flush()
			if d := cmp.Diff(c.want, s.tell(s.spans)); d != "" {
				t.Error(d)
			}
		})
	}
}
