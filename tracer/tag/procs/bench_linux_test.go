package procs

import (
	"net"
	"testing"
)

// BenchmarkLookup finds a listener behind the wildcard address.
func BenchmarkLookup(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	tb, err := New(Default())
	if err != nil {
		b.Fatal(err)
	}
	defer tb.Close()
	tb.Refresh(true)
	e := endpointOf(TCP, ln.Addr(), nil)
	b.ReportAllocs()
	for b.Loop() {
		if tb.Lookup(e) == nil {
			b.Fatal("not found")
		}
	}
}

// BenchmarkRefresh reads this machine.
func BenchmarkRefresh(b *testing.B) {
	tb, err := New(Default())
	if err != nil {
		b.Fatal(err)
	}
	defer tb.Close()
	b.ReportAllocs()
	for b.Loop() {
		tb.Refresh(true)
	}
}

// BenchmarkTarget finds one new connection on a host that has many.
func BenchmarkTarget(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	for range 2000 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		defer c.Close()
	}
	tb, err := New(Default())
	if err != nil {
		b.Fatal(err)
	}
	defer tb.Close()
	tb.Refresh(true)
	b.ReportAllocs()
	for b.Loop() {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		e := endpointOf(TCP, c.LocalAddr(), c.RemoteAddr())
		tb.Lookup(e)
		tb.Refresh(false)
		if tb.Lookup(e) == nil {
			b.Fatal("not found")
		}
		c.Close()
	}
}
