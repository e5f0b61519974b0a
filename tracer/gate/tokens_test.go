package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"
)

const (
	readToken   = "read-5f1e0c7a91d24b38"
	ingestToken = "ingest-0b9c3d5e7f1a2468"
	opsToken    = "ops-77c1e0d2b4a69f38"
)

func tokens(t testing.TB) *Tokens {
	t.Helper()
	sum := sha256.Sum256([]byte(opsToken))
	list, err := ParseTokens(strings.NewReader("# people\nread grafana " + readToken + "\n\n  ingest\tagents " + ingestToken + "\nread,ingest,packets ops sha256:" + hex.EncodeToString(sum[:]) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestParseTokens(t *testing.T) {
	list := tokens(t)
	for token, want := range map[string]struct {
		r    Right
		name string
	}{
		readToken: {Read, "grafana"}, ingestToken: {Ingest, "agents"}, opsToken: {Read | Ingest | Packets, "ops"},
		"": {}, readToken + "x": {}, readToken[:len(readToken)-1]: {}, "sha256:" + hex.EncodeToString(make([]byte, 32)): {},
	} {
		r, name, ok := list.find(token)
		if ok != (want.name != "") || r != want.r || name != want.name {
			t.Errorf("%q: %v %q %v", token, r, name, ok)
		}
	}
	if list.Len() != 3 || (*Tokens)(nil).Len() != 0 || (Read|Packets).String() != "read,packets" {
		t.Error("length or names")
	}
}

// TestParseTokensErrors: a mistake is told with its line, and without the token.
func TestParseTokensErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "no token",
		"# nothing\n":              "no token",
		"\nread a":                 "line 2: want rights, name and token",
		"read a secret-secret-1 x": "line 1: want rights",
		"write a secret-secret-1":  `right "write" is not known`,
		"read, a secret-secret-1":  `right "" is not known`,
		"read a secret":            "shorter than 16",
		"read a sha256:secret":     "64 hex digits",
		"read a sha256:00":         "64 hex digits",
		"read a secret-secret-1\n" + "ingest b secret-secret-1": "line 2: the token is there twice",
		"read a " + strings.Repeat("s", 70_000):                 "read tokens",
	} {
		list, err := ParseTokens(strings.NewReader(strings.ReplaceAll(text, "secret-secret-1", "secret-secret-secret-1")))
		if err == nil || list != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %s", text, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: the token is in %v", text, err)
		}
	}
}

func FuzzParseTokens(f *testing.F) {
	f.Add("read a " + readToken + "\n# x\ningest,packets b sha256:" + strings.Repeat("0f", 32))
	f.Add("read\x00 a b\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := ParseTokens(strings.NewReader(text))
		if (err == nil) != (list.Len() > 0) {
			t.Fatalf("%v with %d tokens", err, list.Len())
		}
		if list == nil {
			return
		}
		for i := range list.list {
			if list.list[i].rights == None || list.list[i].name == "" {
				t.Fatal("a token without rights or name")
			}
		}
	})
}
