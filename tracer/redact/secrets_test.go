package redact

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestSecretsWords(t *testing.T) {
	s := NewSecrets("Bearer abcd", "abcd-long", "x", "")
	for said, want := range map[string]string{
		"":                        "",
		"no such token":           "no such token",
		"Bearer abcd is refused":  "REDACTED is refused",
		"token abcd is refused":   "token REDACTED is refused",
		"abcd-long is of others":  "REDACTED is of others",
		"x stays":                 "x stays",
		" a\nline\x1b[2J\xff ":    "a line [2J\uFFFD",
		strings.Repeat("é", 40):   strings.Repeat("é", 16) + "...",
		strings.Repeat("1é", 40):  strings.Repeat("1é", 10) + "1" + "...",
		strings.Repeat("ab ", 10): strings.TrimSpace(strings.Repeat("ab ", 10)),
	} {
		if got := s.Words(said, 32); got != want {
			t.Errorf("Words(%q) = %q, want %q", said, got, want)
		}
	}
	var none Secrets
	if got := none.Words("as it is", 32); got != "as it is" {
		t.Errorf("without secrets: %q", got)
	}
}

// FuzzSecretsWords: whatever a server says, what is shown is printable text of bounded
// length without the secret.
func FuzzSecretsWords(f *testing.F) {
	f.Add("Bearer t0ken-of-ours", "who has t0ken-of-ours?")
	f.Add("aaaa aaaaaaaa", "aaaaaaaaaaaaaaaa")
	f.Add("REDACTED", "REDACTED")
	f.Add("\xff\xff\xff\xff", "a\xff\xff\xff\xffb")
	f.Fuzz(func(t *testing.T, secret, said string) {
		const most = 64
		got := NewSecrets(secret).Words(said, most)
		if !utf8.ValidString(got) || len(got) > most+len("...") {
			t.Fatalf("Words(%q) = %q", said, got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
			t.Fatalf("Words(%q) = %q: byte %d cannot be printed", said, got, i)
		}
		// Text that needs no cleaning and a secret that is no part of what stands for
		// it: then the secret is nowhere.
		whole := strings.Fields(secret)
		if len(whole) != 1 || whole[0] != secret || len(secret) < leastSecret || !clean(secret) || !clean(said) ||
			strings.Contains(Replacement+"...", secret) || overlaps(secret) {
			return
		}
		if strings.Contains(got, secret) {
			t.Fatalf("Words(%q) = %q shows %q", said, got, secret)
		}
	})
}

func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// overlaps says whether a secret may come about where what stands for it meets its
// neighbours.
func overlaps(secret string) bool {
	return strings.ContainsAny(secret, Replacement+". ")
}
