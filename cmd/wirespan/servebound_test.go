package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestInPlaces: handlers share the places, and who finds none is told when to come.
func TestInPlaces(t *testing.T) {
	t.Parallel()
	few := inPlaces(2)
	in, out := make(chan bool), make(chan bool)
	hold := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { in <- true; <-out })
	a, b := few(hold), few(hold)
	ask := func(h http.Handler) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
		return w
	}
	done := make(chan int, 2)
	for _, h := range []http.Handler{a, b} {
		go func() { done <- ask(h).Code }()
		<-in
	}
	for _, h := range []http.Handler{a, b} {
		if w := ask(h); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("a third: %d", w.Code)
		}
	}
	out <- true
	if <-done != http.StatusOK {
		t.Error("who has a place is not answered")
	}
	go func() { done <- ask(a).Code }()
	<-in // the place is free again
	out <- true
	out <- true
	<-done
	<-done
}

// TestBoundedListener: a connection is accepted when another has ended.
func TestBoundedListener(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := newBoundedListener(inner, 2)
	accepted := make(chan net.Conn)
	go func() {
		defer close(accepted)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			accepted <- c
		}
	}()
	for range 3 {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	first, second := <-accepted, <-accepted
	if n := len(l.places); n != 2 {
		t.Errorf("%d places are taken", n)
	}
	first.Close()
	first.Close() // gives its place back once
	third := <-accepted
	if n := len(l.places); n != 2 {
		t.Errorf("%d places are taken", n)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	for range accepted {
		t.Error("a connection that there is no place for was accepted")
	}
	second.Close()
	third.Close()
}
