package link

import (
	"encoding/binary"
	"testing"

	"github.com/wirespan/wirespan/l7"
	"github.com/wirespan/wirespan/tracer/span"
)

// destination is the attribute that terms complete.
var destination = span.KeyDoc{Name: "messaging.destination.name", Type: "String", Doc: "topic"}

// destKey is its key in scenes that have it.
var destKey, _ = span.NewKeys(destination).Lookup(destination.Name)

// TestTerms completes spans with names that other connections told, before or
// after.
func TestTerms(t *testing.T) {
	s := newScene(t)
	s.cfg.Keys = span.NewKeys(destination)
	broker, client, other := "10.0.0.9:9092", "10.0.0.1", "10.0.0.2"
	s.feed(
		call{name: "Metadata", from: client, to: broker, end: 1, class: l7.ClassMessaging, terms: "k1=orders k2=invoices"},
		call{name: "Fetch", from: other, to: broker, at: 2, end: 3, class: l7.ClassMessaging, terms: "k1="},
		call{name: "Fetch wrong", from: other, to: broker, at: 4, end: 5, class: l7.ClassMessaging, terms: "k1= k2="},
		call{name: "Produce told", from: other, to: broker, at: 6, end: 7, class: l7.ClassMessaging, terms: "k1=", dest: "told"},
		call{name: "Fetch late", from: other, to: broker, at: 8, end: 9, class: l7.ClassMessaging, terms: "k3="},
		call{name: "Fetch never", from: other, to: broker, at: 10, end: 11, class: l7.ClassMessaging, terms: "k4="},
		call{name: "GET /", from: client, to: "10.0.0.3:80", at: 12, end: 13, terms: "k1="},
		call{name: "Metadata", key: 7, from: client, to: broker, at: 14, end: 15, class: l7.ClassMessaging, terms: "k3=returns"},
	)
	s.flush()
	want := []string{"Metadata ", "Fetch orders orders", "Fetch invoices invoices", "Produce told told", "Fetch returns returns", "Fetch never ", "GET / ", "Metadata "}
	if len(s.spans) != len(want) {
		t.Fatalf("%d spans, want %d", len(s.spans), len(want))
	}
	for i := range s.spans {
		dest, n := "", 0
		for a := range span.Attrs(s.spans[i].Attrs).All {
			if a.Key == destKey {
				dest = string(a.Str)
				n++
			}
		}
		if got := string(s.spans[i].Name) + " " + dest; got != want[i] || n > 1 {
			t.Errorf("span %d: %q, %d destinations, want %q", i, got, n, want[i])
		}
	}
}

// TestTermsBound forgets the oldest names, and counts them.
func TestTermsBound(t *testing.T) {
	var tab terms
	tab.init(span.NewKeys())
	key := func(i int) (k [16]byte) {
		binary.BigEndian.PutUint64(k[:], uint64(i))
		return k
	}
	for i := range maxTerms + 3 {
		tab.set(key(i), []byte("a"))
		tab.set(key(i), []byte("b")) // renamed
	}
	if len(tab.byKey) != maxTerms || len(tab.order) != maxTerms || tab.gone != 3 {
		t.Errorf("%d names, %d in order, %d gone", len(tab.byKey), len(tab.order), tab.gone)
	}
	if tab.byKey[key(2)] != "" || tab.byKey[key(3)] != "b" {
		t.Errorf("the oldest is %q, the next %q", tab.byKey[key(2)], tab.byKey[key(3)])
	}
	k := key(5)
	ask := AppendTerm(nil, &k, nil)
	if n := testing.AllocsPerRun(100, func() { tab.asked(ask) }); n != 0 {
		t.Errorf("asking allocates %v times", n)
	}
}

// TestCutTerm takes terms that were cut short for none.
func TestCutTerm(t *testing.T) {
	k := [16]byte{1}
	whole := AppendTerm(AppendTerm(nil, &k, []byte("orders")), &k, nil)
	for n := range whole {
		var tab terms
		tab.init(span.NewKeys())
		tab.learn(whole[:n])
		if _, ok := tab.byKey[k]; ok != (n >= 24) {
			t.Errorf("%d bytes: known %v", n, ok)
		}
	}
}
