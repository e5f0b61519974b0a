package main

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"strings"
)

// password is that of every user; one of user "nobody" is refused.
const password = "tiger"

// login is what both sides make a key of: the verifier of version 12.
type login struct {
	key, mine []byte
	salt      []byte
	user      string
}

func fill(n int, with byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = with + byte(i)*7
	}
	return b
}

func crypt(key, b []byte, decrypt bool) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	out := make([]byte, len(b))
	if iv := make([]byte, 16); decrypt {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, b)
	} else {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, b)
	}
	return out
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }

// key answers OSESSKEY.
func (c *conn) key(r *buffer) []byte {
	r.skip(1)
	n := r.num()
	r.num()
	r.skip(1)
	r.num()
	r.skip(2)
	c.login.user = r.text()
	if len(c.login.user) != n {
		panic("length of the user")
	}
	vfr := fill(16, 3)
	speedy, _ := pbkdf2.Key(sha512.New, password, append(vfr[:16:16], "AUTH_PBKDF2_SPEEDY_KEY"...), 4096, 64)
	sum := sha512.Sum512(append(speedy, vfr...))
	c.login.key, c.login.mine, c.login.salt = sum[:32], fill(32, 11), fill(16, 5)
	w := &buffer{}
	w.put(8)
	w.ub(5)
	w.pair("AUTH_SESSKEY", upper(crypt(c.login.key, c.login.mine, false)), 0)
	w.pair("AUTH_VFR_DATA", upper(vfr), 18453)
	w.pair("AUTH_PBKDF2_CSK_SALT", upper(c.login.salt), 0)
	w.pair("AUTH_PBKDF2_VGEN_COUNT", "4096", 0)
	w.pair("AUTH_PBKDF2_SDER_COUNT", "3", 0)
	return append(w.b, c.result(0, 0, 0, "")...)
}

// auth answers OAUTH.
func (c *conn) auth(r *buffer) []byte {
	r.skip(1)
	r.num()
	r.num()
	r.skip(1)
	pairs := r.num()
	r.skip(2)
	r.text()
	got := map[string]string{}
	for range pairs {
		key := r.counted()
		got[key] = r.counted()
		r.num()
	}
	if c.login.user == "nobody" {
		return c.result(1017, 0, 0, "invalid username/password; logon denied")
	}
	sent, err := hex.DecodeString(got["AUTH_SESSKEY"])
	if err != nil || len(sent) != 32 {
		panic(fmt.Sprint("session key of ", len(sent), " bytes"))
	}
	theirs := crypt(c.login.key, sent, true)
	combined, _ := pbkdf2.Key(sha512.New, upper(append(theirs, c.login.mine...)), c.login.salt, 3, 32)
	w := &buffer{}
	w.put(8)
	props := [][2]string{
		{"AUTH_VERSION_NO", "352518144"},
		{"AUTH_SESSION_ID", "17"},
		{"AUTH_SERIAL_NUM", "4242"},
		{"AUTH_SC_SERVICE_NAME", c.service},
		{"AUTH_SC_DBUNIQUE_NAME", "STORE"},
		{"AUTH_SC_DB_DOMAIN", "example"},
		{"AUTH_SC_INSTANCE_NAME", "store1"},
		{"AUTH_DBNAME", "STOREPDB"},
		{"AUTH_MAX_OPEN_CURSORS", "300"},
		{"AUTH_MAX_IDEN_LENGTH", "128"},
		{"AUTH_SVR_RESPONSE", upper(crypt(combined, append(append(fill(16, 9), "SERVER_TO_CLIENT"...), fill2(16, 16)...), false))},
	}
	w.ub(len(props))
	for _, p := range props {
		w.pair(p[0], p[1], 0)
	}
	w.put(23, 5) // what the session is like: its language
	w.ub(1)
	w.put(1)
	w.ub(1)
	w.put(1)
	w.ub(0)
	w.dlc("AMERICAN")
	w.ub(16)
	w.ub(0)
	return append(w.b, c.result(0, 0, 0, "")...)
}

func fill2(n int, with byte) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = with
	}
	return b
}
