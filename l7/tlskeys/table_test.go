package tlskeys

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func random(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func line(label string, n byte, secret string) string {
	return fmt.Sprintf("%s %x %x\n", label, random(n), secret)
}

func TestKeyLog(t *testing.T) {
	tab := New()
	tab.Add([]byte("# remark\n\n" + line("CLIENT_RANDOM", 1, "one") + "EXPORTER_SECRET 00 11\nrubbish\n" +
		"CLIENT_RANDOM zz 00\nCLIENT_RANDOM 00 00\r\n" + strings.TrimSuffix(line("SERVER_TRAFFIC_SECRET_0", 1, "two"), "\n")))
	for _, c := range []struct {
		label string
		n     byte
		want  string
	}{
		{"CLIENT_RANDOM", 1, "one"}, {"SERVER_TRAFFIC_SECRET_0", 1, "two"}, {"CLIENT_RANDOM", 2, ""}, {"CLIENT_TRAFFIC_SECRET_0", 1, ""}, {"OTHER", 1, ""},
	} {
		if got := string(tab.Secret(c.label, random(c.n))); got != c.want {
			t.Errorf("%s of %d: %q, want %q", c.label, c.n, got, c.want)
		}
	}
	if s := tab.Stats(); s.Secrets != 2 || s.Malformed != 3 {
		t.Errorf("%+v", s)
	}
	if got := fmt.Sprintf("%v %+v %#v %s", tab, tab, tab, tab); strings.Contains(got, "one") || strings.Contains(got, hex.EncodeToString([]byte("one"))) {
		t.Errorf("printed: %s", got)
	}
}

// A log is followed while it is written, in pieces of lines, and when it begins anew.
func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	write := func(s string, flag int) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|flag, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(s); err != nil {
			t.Fatal(err)
		}
	}
	first, second := line("CLIENT_RANDOM", 1, "one"), line("CLIENT_RANDOM", 2, "two")
	write(first+second[:20], 0)
	tab := New()
	if err := tab.OpenLog(path, true); err != nil {
		t.Fatal(err)
	}
	defer tab.Close()
	ask := func(n byte) string {
		time.Sleep(2 * pollEvery)
		return string(tab.Secret("CLIENT_RANDOM", random(n)))
	}
	if ask(1) != "one" || ask(2) != "" {
		t.Error("first line alone is there")
	}
	write(second[20:], os.O_APPEND)
	if ask(2) != "two" {
		t.Error("the rest of a line was not read")
	}
	write(line("CLIENT_RANDOM", 3, "x"), os.O_TRUNC)
	if ask(3) != "x" || ask(1) != "one" {
		t.Error("a log that began anew was not read")
	}
}

func TestFeed(t *testing.T) {
	tab := New()
	var texts [][]byte
	tab.Feed(func() [][]byte { return texts })
	if tab.Secret("CLIENT_RANDOM", random(1)) != nil {
		t.Error("out of nothing")
	}
	texts = append(texts, []byte(line("CLIENT_RANDOM", 1, "one")))
	if string(tab.Secret("CLIENT_RANDOM", random(1))) != "one" {
		t.Error("not read")
	}
}

func TestOldestGoFirst(t *testing.T) {
	tab := New()
	for i := range maxSecrets + 10 {
		tab.add(name{1, [32]byte{byte(i), byte(i >> 8), byte(i >> 16)}}, []byte{1})
	}
	if n := len(tab.secrets); n != maxSecrets || tab.stats.Forgotten != 10 {
		t.Errorf("%d secrets, %d forgotten", n, tab.stats.Forgotten)
	}
	if tab.Secret("CLIENT_RANDOM", make([]byte, 32)) != nil {
		t.Error("the oldest is still there")
	}
}

func TestPrivateKey(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	save := func(kind string, der []byte) string {
		path := filepath.Join(dir, strings.ReplaceAll(kind, " ", ""))
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(key)
	secret := bytes.Repeat([]byte{3}, 48)
	cipher, err := rsa.EncryptPKCS1v15(rand.Reader, &key.PublicKey, secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{save("PRIVATE KEY", pkcs8), save("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))} {
		tab := New()
		if tab.Private() {
			t.Error("private without a key")
		}
		if err := tab.OpenKey(path); err != nil {
			t.Fatal(err)
		}
		if !tab.Private() || !bytes.Equal(tab.PreMaster(cipher), secret) || tab.PreMaster(cipher[:255]) != nil {
			t.Errorf("%s: not deciphered", path)
		}
	}
	tab := New()
	for _, path := range []string{save("ENCRYPTED PRIVATE KEY", pkcs8), save("CERTIFICATE", pkcs8), filepath.Join(dir, "absent")} {
		if err := tab.OpenKey(path); err == nil {
			t.Errorf("%s: taken", path)
		}
	}
	tab.Add([]byte(fmt.Sprintf("RSA %x %x\n", cipher[:8], secret)))
	if !bytes.Equal(tab.PreMaster(cipher), secret) {
		t.Error("line RSA was not taken")
	}
}
