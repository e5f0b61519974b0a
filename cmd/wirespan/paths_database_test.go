package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// postgres runs PostgreSQL on a host and returns a function that asks it from
// another one, on one connection.
func (f *field) postgres(t *testing.T, from, host, addr string) func(sql string) error {
	t.Helper()
	program := postgresProgram(t)
	dir, err := os.MkdirTemp("", "wirespan-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	initdb := filepath.Join(filepath.Dir(program), "initdb")
	if b, err := exec.Command("chown", "postgres", dir).CombinedOutput(); err != nil {
		t.Skipf("no user postgres: %s", b)
	}
	if b, err := exec.Command("su", "postgres", "-c", fmt.Sprintf("%s -D %s -U shop -A trust --no-sync", initdb, dir)).CombinedOutput(); err != nil {
		t.Skipf("initdb: %s", b)
	}
	if err := os.WriteFile(filepath.Join(dir, "pg_hba.conf"), []byte("host all all 192.0.2.0/24 trust\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	ip, port, _ := strings.Cut(addr, ":")
	p := start(t, f.cmd(host, "su", "postgres", "-c", fmt.Sprintf("exec %s -D %s -k %[2]s -h %s -p %s -c fsync=off", program, dir, ip, port)))
	t.Cleanup(func() { f.stopPostgres(t, host, dir) })
	f.open(t, host, addr, p)
	var mu sync.Mutex
	var c net.Conn
	t.Cleanup(func() {
		if c != nil {
			_ = c.Close()
		}
	})
	return func(sql string) (err error) {
		mu.Lock()
		defer mu.Unlock()
		for tries := 0; c == nil; tries++ { // it takes connections before it is ready for them
			if c, err = f.connectPostgres(from, addr); err != nil && tries == 50 {
				return err
			}
			if err != nil {
				time.Sleep(100 * time.Millisecond)
			}
		}
		return pgSend(c, 'Q', append([]byte(sql), 0))
	}
}

// postgresProgram is the server; Debian has it outside of PATH.
func postgresProgram(t *testing.T) string {
	t.Helper()
	if l, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres"); len(l) > 0 {
		return l[len(l)-1]
	}
	program, err := filepath.EvalSymlinks(toolPath(t, "postgres"))
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// stopPostgres ends the server before its files go: su hands signals on to
// nobody.
func (f *field) stopPostgres(t *testing.T, host, dir string) {
	t.Helper()
	if b, err := f.try(host, "kill -QUIT $(head -n 1 "+dir+"/postmaster.pid)"); err != nil {
		t.Logf("postgres: %s", b)
	}
}

// connectPostgres begins a session (PostgreSQL, "Frontend/Backend Protocol",
// StartupMessage).
func (f *field) connectPostgres(from, addr string) (c net.Conn, err error) {
	f.within(from, func() { c, err = net.DialTimeout("tcp4", addr, 5*time.Second) })
	if err != nil {
		return nil, err
	}
	body := append(binary.BigEndian.AppendUint32(nil, 3<<16), "user\x00shop\x00database\x00postgres\x00\x00"...)
	if err := pgSend(c, 0, body); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// pgSend sends a message and reads answers until ReadyForQuery.
func pgSend(c net.Conn, kind byte, body []byte) error {
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	var b []byte
	if kind != 0 {
		b = append(b, kind)
	}
	b = append(binary.BigEndian.AppendUint32(b, uint32(4+len(body))), body...)
	if _, err := c.Write(b); err != nil {
		return err
	}
	for {
		var head [5]byte
		if _, err := io.ReadFull(c, head[:]); err != nil {
			return err
		}
		answer := make([]byte, max(binary.BigEndian.Uint32(head[1:]), 4)-4)
		if _, err := io.ReadFull(c, answer); err != nil {
			return err
		}
		switch head[0] {
		case 'E':
			return fmt.Errorf("postgres: %q", answer)
		case 'Z':
			return nil
		}
	}
}
