package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

func TestSpoolWritesInOrder(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	s := newSpool(f, nil, func(err error) { t.Error(err) })
	var want bytes.Buffer
	for i := range 1000 {
		line := bytes.Repeat([]byte{byte('a' + i%26)}, i)
		want.Write(line)
		s.Write(line[:i/2])
		s.Write(line[i/2:])
		s.commit(1)
	}
	s.close(t.Context())
	if got := readFile(t, f.Name()); !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%d bytes, want %d", len(got), want.Len())
	}
	if s.lost() != 0 {
		t.Errorf("lost %d", s.lost())
	}
}

// A reader that does not read costs spans, which are counted, and no time.
func TestSpoolNeverWaits(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s := newSpool(w, nil, nil)
	chunk, refused := make([]byte, 1<<20), 0
	for range 100 {
		if s.refuse(3) {
			refused++
			continue
		}
		s.Write(chunk)
		s.commit(3)
	}
	if refused < 80 {
		t.Errorf("%d of 100 parts were refused; the bound is %d bytes", refused, spoolBytes)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	s.close(ctx)
	if got := s.lost(); got < 270 || got > 300 {
		t.Errorf("%d spans lost of 300", got)
	}
}

// At the end there is time: everything is written to a reader that reads.
func TestSpoolIsPatientAtTheEnd(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := newSpool(w, nil, nil)
	s.await(t.Context())
	read := make(chan int64)
	go func() {
		n, _ := io.Copy(io.Discard, r)
		read <- n
	}()
	chunk := make([]byte, 1<<20)
	for range 40 {
		if s.refuse(1) {
			t.Fatal("refused")
		}
		s.Write(chunk)
		s.commit(1)
	}
	s.close(t.Context())
	_ = w.Close()
	if n := <-read; n != 40<<20 || s.lost() != 0 {
		t.Errorf("%d bytes arrived, %d spans lost", n, s.lost())
	}
}

// A full disk costs whole parts: nothing of them stays, and what comes when
// there is room again stands behind what was there before.
func TestSpoolFullDisk(t *testing.T) {
	dir := smallDisk(t, 1<<20)
	path := filepath.Join(dir, "out")
	fill := filepath.Join(dir, "fill")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 10)
	s := newSpool(f, nil, func(err error) { told <- err })
	s.Write([]byte("first\n"))
	s.commit(1)
	waitFor(t, func() bool { b, _ := os.ReadFile(path); return len(b) > 0 })
	_ = os.WriteFile(fill, make([]byte, 900<<10), 0o644)
	s.Write(bytes.Repeat([]byte("too much\n"), 40<<10))
	s.commit(5)
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Fatal("nothing said of the full disk")
	}
	if err := os.Remove(fill); err != nil {
		t.Fatal(err)
	}
	s.Write([]byte("last\n"))
	s.commit(1)
	s.close(t.Context())
	if got := string(readFile(t, path)); got != "first\nlast\n" {
		t.Errorf("the file has %d bytes: %.40q", len(got), got)
	}
	if s.lost() != 5 || len(told) != 0 {
		t.Errorf("lost %d, told %d more times", s.lost(), len(told))
	}
}

// smallDisk mounts a file system of so many bytes.
func smallDisk(t *testing.T, bytes int) string {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("not root: cannot mount a small file system")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+strconv.Itoa(bytes)); err != nil {
		t.Skipf("cannot mount a small file system: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// waitFor waits until what is said becomes true.
func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if what() {
			return
		}
	}
	t.Fatal("waited for 30 s in vain")
}
