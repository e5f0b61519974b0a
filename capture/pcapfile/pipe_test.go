package pcapfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/wirespan/wirespan/capture"
)

// patient is a time that a working program never takes.
const patient = 20 * time.Second

// read reads one batch within a time.
func read(t *testing.T, s *Source, limit time.Duration) ([]packet, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	batch := make([]capture.Packet, 100)
	n, err := s.ReadBatch(ctx, batch)
	var got []packet
	for _, p := range batch[:n] {
		got = append(got, detach(s, p))
	}
	return got, err
}

func TestStandardInput(t *testing.T) {
	content := long(2000, 0)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(content)
	z.Close()
	want := drain(t, open(t, Config{Inputs: files(write(t, t.TempDir(), "stdin.pcap", content))}))
	for name, r := range map[string]io.Reader{
		"at once":       bytes.NewReader(content),
		"byte by byte":  iotest.OneByteReader(bytes.NewReader(content)),
		"gzip":          bytes.NewReader(packed.Bytes()),
		"error at end":  iotest.DataErrReader(bytes.NewReader(content)),
		"halved chunks": iotest.HalfReader(bytes.NewReader(content)),
	} {
		s := open(t, Config{Inputs: files("-"), Stdin: r})
		if d := cmp.Diff(want, drain(t, s)); d != "" || len(s.Faults()) > 0 {
			t.Errorf("%s: faults %v; packets differ", name, s.Faults())
		}
		if st, _ := s.Stats(); st.Size != 0 || st.Read == 0 {
			t.Errorf("%s: read %d of %d", name, st.Read, st.Size)
		}
	}
}

func TestStandardInputInAnotherFormat(t *testing.T) {
	s := open(t, Config{Inputs: files("-"), Stdin: strings.NewReader("snoop\x00\x00\x00" + strings.Repeat("x", 100))})
	if n := len(drain(t, s)); n != 0 {
		t.Errorf("%d packets", n)
	}
	var format *FormatError
	if f := s.Faults(); len(f) != 1 || !errors.As(f[0], &format) || format.Format != "a snoop capture (RFC 1761)" {
		t.Errorf("faults %v", f)
	}
}

// Packets of a pipe come out when they are there, waiting ends with ctx
// without a loss, and with Close.
func TestSlowPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	defer r.Close()
	s := open(t, Config{Inputs: files("-"), Stdin: r})
	content := at(1, 1, 2, 3)
	send := func(from, to int) {
		t.Helper()
		if _, err := w.Write(content[from:to]); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(t, s, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("error %v before the first byte", err)
	}
	send(0, 24+17+10)
	if got, err := read(t, s, patient); len(got) != 1 || err != nil || got[0].Data != "1" || got[0].Point != "stdin" {
		t.Fatalf("packets %v, error %v", got, err)
	}
	if got, err := read(t, s, 10*time.Millisecond); len(got) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("packets %v, error %v within a record", got, err)
	}
	send(24+17+10, len(content))
	var rest []packet
	for len(rest) < 2 {
		got, err := read(t, s, patient)
		if err != nil {
			t.Fatal(err)
		}
		rest = append(rest, got...)
	}
	if rest[0].Data != "2" || rest[1].Data != "3" {
		t.Errorf("packets %v", rest)
	}
	ended := make(chan error)
	go func() {
		_, err := s.ReadBatch(context.Background(), make([]capture.Packet, 1))
		ended <- err
	}()
	time.Sleep(5 * time.Millisecond)
	s.Close()
	select {
	case err := <-ended:
		if !errors.Is(err, os.ErrClosed) {
			t.Errorf("error %v after Close", err)
		}
	case <-time.After(patient):
		t.Error("Close does not end ReadBatch")
	}
	if len(s.Faults()) > 0 {
		t.Errorf("faults %v", s.Faults())
	}
}

func TestNamedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "live.pcap")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no named pipes here: %v", err)
	}
	s := open(t, Config{Inputs: files(path)})
	go func() {
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			f.Write(at(1, 1, 2))
			f.Close()
		}
	}()
	if got := order(t, s); got != "live:1 live:2" {
		t.Errorf("packets %s", got)
	}
}

func TestFollowGrowingFile(t *testing.T) {
	content := at(1, 1, 2)
	path := write(t, t.TempDir(), "x.pcap", nil)
	s := open(t, Config{Inputs: files(path), Follow: true})
	grow := func(b []byte) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := read(t, s, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("empty file: %v", err)
	}
	grow(content[:24+17+5])
	if got, err := read(t, s, patient); len(got) != 1 || err != nil {
		t.Fatalf("packets %v, error %v", got, err)
	}
	if _, err := read(t, s, 10*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("half a record: %v", err)
	}
	grow(content[24+17+5:])
	if got, err := read(t, s, patient); len(got) != 1 || err != nil || got[0].Data != "2" {
		t.Fatalf("packets %v, error %v", got, err)
	}
	s.Close()
	if _, err := read(t, s, patient); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v after Close", err)
	}
	if len(s.Faults()) > 0 {
		t.Errorf("faults %v", s.Faults())
	}
}

func TestFollowDirectory(t *testing.T) {
	dir := tree(t, map[string][]byte{"ring/t_00001.pcap": at(1, 1)})
	ring := filepath.Join(dir, "ring")
	s := open(t, Config{Inputs: files(ring), Follow: true})
	if got, err := read(t, s, patient); len(got) != 1 || err != nil {
		t.Fatalf("packets %v, error %v", got, err)
	}
	write(t, ring, "t_00002.pcap", at(1, 2))
	if got, err := read(t, s, patient); len(got) != 1 || err != nil || got[0].Data != "2" || got[0].Point != "ring" {
		t.Fatalf("packets %v, error %v", got, err)
	}
}
