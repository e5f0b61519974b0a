package main

import (
	"context"
	"errors"
	"net/netip"
	"testing"
)

func TestOwnTraffic(t *testing.T) {
	find := func(_ context.Context, host string) ([]netip.Addr, error) {
		if host == "collector" {
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, nil
		}
		return nil, errors.New("no such host")
	}
	for _, c := range []struct {
		name               string
		targets, listeners []string
		want               string
		faults             int
	}{
		{"nothing", nil, nil, "", 0},
		{"by name", []string{"http://collector:4318/v1/traces"}, nil, "not ((tcp port 4318 and (host 192.0.2.1 or host 2001:db8::1)))", 0},
		{"default ports", []string{"https://192.0.2.9", "grpc://192.0.2.8"}, nil, "not ((tcp port 443 and (host 192.0.2.9)) or (tcp port 4317 and (host 192.0.2.8)))", 0},
		{"twice", []string{"http://192.0.2.9:80", "http://192.0.2.9"}, nil, "not ((tcp port 80 and (host 192.0.2.9)))", 0},
		{"listener", nil, []string{"127.0.0.1:9090"}, "not ((tcp port 9090 and (host 127.0.0.1)))", 0},
		{"unknown", []string{"http://nowhere:1"}, nil, "", 1},
		{"not an endpoint", []string{"://", "x"}, []string{"9090"}, "", 0},
	} {
		o := findOwn(t.Context(), c.targets, c.listeners, find)
		if got := o.expr(); got != c.want || len(o.faults) != c.faults {
			t.Errorf("%s: %q with %d faults, want %q", c.name, got, len(o.faults), c.want)
		}
	}
}
