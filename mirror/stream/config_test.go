package stream

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		text, want string
		loopback   bool
	}{
		{"pcap=:57012", ":57012", false},
		{"pcap=", ":57012", false},
		{"pcap=tls://*:443", "tls://:443", false},
		{"localhost", "localhost:57012", true},
		{"127.0.0.1:1", "127.0.0.1:1", true},
		{"[::1]:2", "[::1]:2", true},
		{"::1", "[::1]:57012", true},
		{"tcp://probe.example:3", "probe.example:3", false},
		{"192.0.2.1", "192.0.2.1:57012", false},
	} {
		a, err := Parse(c.text)
		if err != nil || a.String() != c.want || a.Loopback() != c.loopback {
			t.Errorf("%s: %s, loopback %v, %v", c.text, a, a.Loopback(), err)
		}
	}
	for _, text := range []string{":0", ":x", ":99999", "udp://a", "[::1]2", "a b", "user@host:1"} {
		if a, err := Parse(text); err == nil {
			t.Errorf("%s: %s", text, a)
		}
	}
}

func TestValidate(t *testing.T) {
	any, loop := Address{Port: 1}, Address{Host: "127.0.0.1", Port: 1}
	for _, c := range []struct {
		change func(*Config)
		err    string
	}{
		{func(*Config) {}, "no stream"},
		{func(c *Config) { c.Listen = []Address{loop} }, ""},
		{func(c *Config) { c.Listen = []Address{any} }, "give a token"},
		{func(c *Config) { c.Listen, c.Insecure = []Address{any}, true }, ""},
		{func(c *Config) { c.Listen, c.Token = []Address{any}, "x" }, ""},
		{func(c *Config) { c.Listen = []Address{{Host: "::1", Port: 1, TLS: true}} }, "certificate"},
		{func(c *Config) { c.Connect = []Address{any} }, "no host"},
		{func(c *Config) { c.Connect, c.Token = []Address{loop}, "a\nb" }, "line breaks"},
		{func(c *Config) { c.Listen, c.MaxConnections = []Address{loop}, 0 }, "connections"},
		{func(c *Config) { c.Listen, c.Handshake = []Address{loop}, 0 }, "handshake"},
		{func(c *Config) { c.Connect, c.Retry = []Address{loop}, 0 }, "pauses"},
	} {
		cfg := Default()
		c.change(&cfg)
		err := cfg.Validate()
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%v, want %q", err, c.err)
		}
	}
}

// FuzzHandshake holds: with the token the rest of the stream comes whole, and
// nothing but the token lets it pass; however the bytes are divided.
func FuzzHandshake(f *testing.F) {
	f.Add([]byte("wirespan-token s\nrest"), "s")
	f.Add([]byte("wirespan-token \nrest"), "")
	f.Add([]byte("\xd4\xc3\xb2\xa1"), "")
	f.Add([]byte("w"), "")
	f.Fuzz(func(t *testing.T, in []byte, token string) {
		r, err := handshake(bytes.NewReader(in), token)
		slow, slowErr := handshake(iotest.OneByteReader(bytes.NewReader(in)), token)
		if (err == nil) != (slowErr == nil) {
			t.Fatalf("%v, byte by byte %v", err, slowErr)
		}
		if err != nil {
			if errors.Is(err, io.EOF) && token == "" {
				t.Fatal("an end is no refusal without token")
			}
			return
		}
		rest, _ := io.ReadAll(r)
		again, _ := io.ReadAll(slow)
		if !bytes.Equal(rest, again) {
			t.Fatalf("%q, byte by byte %q", rest, again)
		}
		line, behind, found := bytes.Cut(in, []byte("\n"))
		given, has := bytes.CutPrefix(line, []byte(tokenWord))
		switch {
		case found && has:
			if token != "" && string(bytes.TrimRight(given, "\r\n")) != token {
				t.Fatalf("%q passed for %q", given, token)
			}
			if !bytes.Equal(rest, behind) {
				t.Fatalf("%q is left, want %q", rest, behind)
			}
		case token != "":
			t.Fatal("passed without token")
		case !bytes.Equal(rest, in):
			t.Fatalf("%q is left of %q", rest, in)
		}
	})
}
