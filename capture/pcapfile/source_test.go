package pcapfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/wirespan/wirespan/capture"
)

// long makes a pcap of n packets of a kilobyte, some blocks long.
func long(n int, offset uint32) []byte {
	f := newPcapFile(binary.LittleEndian, magicMicro, 1)
	for i := range n {
		f.add(uint32(i), offset, fmt.Sprintf("%04d", i)+strings.Repeat("x", 1000))
	}
	return f.Bytes()
}

// Lent batches must stay as they were while the source reads on; those of a
// source that is not asked may change.
func TestLend(t *testing.T) {
	dir := tree(t, map[string][]byte{"a.pcap": long(2000, 0), "b.pcap": long(2000, 5)})
	a, b := filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap")
	for name, in := range map[string][]Input{
		"one file": files(a),
		"merged":   files(a, b),
		"joined":   {{Paths: []string{a, b}, Name: "tap"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, Config{Inputs: in})
			type loan struct {
				packets []capture.Packet
				copies  []string
				release func()
			}
			var loans []loan
			for {
				batch := make([]capture.Packet, 50)
				n, err := s.ReadBatch(context.Background(), batch)
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				l := loan{packets: batch[:n], release: s.Lend()}
				for _, p := range l.packets {
					l.copies = append(l.copies, string(p.Data))
				}
				if loans = append(loans, l); len(loans) > 30 {
					loans = verify(t, loans[0].packets, loans[0].copies, loans[0].release, loans[1:])
				}
			}
			for len(loans) > 0 {
				loans = verify(t, loans[0].packets, loans[0].copies, loans[0].release, loans[1:])
			}
			if len(s.pool.free) == 0 || len(s.pool.free) > maxFree {
				t.Errorf("%d blocks came back to the pool", len(s.pool.free))
			}
		})
	}
}

func verify[T any](t *testing.T, packets []capture.Packet, copies []string, release func(), rest []T) []T {
	t.Helper()
	for i, p := range packets {
		if string(p.Data) != copies[i] {
			t.Fatal("a lent packet was overwritten")
		}
	}
	release()
	return rest
}

// The batches of a merge are valid without Lend, until the next call.
func TestMergedBatchesAreValid(t *testing.T) {
	dir := tree(t, map[string][]byte{"a.pcap": long(2000, 0), "b.pcap": long(2000, 5), "c.pcap": long(1500, 9)})
	s := open(t, Config{Inputs: files(filepath.Join(dir, "a.pcap"), filepath.Join(dir, "b.pcap"), filepath.Join(dir, "c.pcap"))})
	batch := make([]capture.Packet, 256)
	total, last := 0, int64(-1)
	for {
		n, err := s.ReadBatch(context.Background(), batch)
		for _, p := range batch[:n] {
			want := fmt.Sprintf("%04d", p.Time/1e9)
			if string(p.Data[:4]) != want || p.Time < last {
				t.Fatalf("packet of %d has %.4s", p.Time, p.Data)
			}
			last = p.Time
		}
		if total += n; err == io.EOF {
			break
		}
	}
	if total != 5500 {
		t.Errorf("%d packets", total)
	}
}

func TestCompressed(t *testing.T) {
	plain := long(1000, 0)
	half := len(plain) / 2
	var two bytes.Buffer
	for _, part := range [][]byte{plain[:half], plain[half:]} {
		z := gzip.NewWriter(&two)
		z.Write(part)
		z.Close()
	}
	var zs bytes.Buffer
	z, err := zstd.NewWriter(&zs)
	if err != nil {
		t.Fatal(err)
	}
	z.Write(plain)
	z.Close()
	want, _ := readAll(t, plain)
	for _, c := range []struct {
		name    string
		content []byte
		fault   string
	}{
		{"gzip of two members", two.Bytes(), ""},
		{"gzip with zeros behind", append(bytes.Clone(two.Bytes()), make([]byte, 700)...), ""},
		{"gzip with junk behind", append(bytes.Clone(two.Bytes()), "junk behind the members"...), "gzip: invalid header"},
		{"zstd", zs.Bytes(), ""},
		{"zstd with a skippable frame in front", append([]byte{0x51, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9}, zs.Bytes()...), ""},
		{"gzip cut", two.Bytes()[:two.Len()-20], "of the uncompressed stream: compressed file ends before its end mark"},
		{"zstd cut", zs.Bytes()[:zs.Len()-20], "compressed file ends before its end mark"},
		{"gzip header alone", two.Bytes()[:5], "compressed file ends before its end mark"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, t.TempDir(), "x.pcap.gz", c.content)
			s, err := Open(t.Context(), Config{Inputs: files(path)})
			if err != nil {
				if c.fault == "" || !strings.Contains(err.Error(), c.fault) {
					t.Errorf("error %v, want %q", err, c.fault)
				}
				return
			}
			got := drain(t, s)
			if c.fault == "" || strings.Contains(c.name, "junk") {
				if d := cmp.Diff(want, got); d != "" {
					t.Error("packets differ from those of the plain file")
				}
			} else if len(got) > len(want) || len(got) > 0 && !cmp.Equal(want[:len(got)], got) {
				t.Errorf("%d packets are not the first ones", len(got))
			}
			faults := s.Faults()
			if (c.fault != "") != (len(faults) == 1) || len(faults) == 1 && !strings.Contains(faults[0].Error(), c.fault) {
				t.Errorf("faults %v, want %q", faults, c.fault)
			}
			if st, _ := s.Stats(); c.fault == "" && (st.Read > st.Size || st.Read < st.Size-700) || st.Size != int64(len(c.content)) {
				t.Errorf("read %d of %d bytes, the file has %d", st.Read, st.Size, len(c.content))
			}
		})
	}
}

func TestExtras(t *testing.T) {
	f := newNgFile(binary.BigEndian)
	f.iface(1, 0)
	f.enhanced(0, 1, "first")
	f.block(blockNames,
		f.option(nameIPv4, append([]byte{192, 0, 2, 1}, "web\x00www\x00"...)),
		f.option(nameIPv6, append([]byte{0x20, 1, 0xd, 0xb8, 15: 1}, "six\x00"...)),
		f.option(nameIPv6, []byte("short")),
		f.option(7, []byte("unknown")),
		f.u32(0))
	f.enhanced(0, 2, "second")
	f.block(blockSecrets, f.u32(SecretTLSKeyLog, 5), []byte("CLIEN"))
	f.block(blockStats, f.u32(0, 0, 0), f.option(optionIfDrop, f.u64(3)), f.option(optionOSDrop, f.u64(5)))
	f.block(blockStats, f.u32(0, 0, 0), f.option(optionIfDrop, f.u64(4)), f.option(optionOSDrop, f.u64(7)), f.option(4, f.u64(9)))
	f.block(blockStats, f.u32(9, 0, 0), f.option(optionIfDrop, f.u64(3)))
	f.block(blockNames, make([]byte, 2<<20)) // larger than what is kept in memory
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcapng", f.Bytes()))})

	batch := make([]capture.Packet, 10)
	n, err := s.ReadBatch(context.Background(), batch)
	if n != 1 || err != nil || len(s.TakeNames()) != 0 {
		t.Fatalf("%d packets, error %v: names precede the packet that they stand behind", n, err)
	}
	if n, err = s.ReadBatch(context.Background(), batch); n != 1 || err != nil {
		t.Fatalf("%d packets, error %v", n, err)
	}
	want := []capture.Name{
		{Addr: [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}, Name: "web"},
		{Addr: [16]byte{10: 0xff, 11: 0xff, 12: 192, 13: 0, 14: 2, 15: 1}, Name: "www"},
		{Addr: [16]byte{0: 0x20, 1: 1, 2: 0xd, 3: 0xb8, 15: 1}, Name: "six"},
	}
	if d := cmp.Diff(want, s.TakeNames()); d != "" {
		t.Errorf("names (-want +got):\n%s", d)
	}
	if _, err = s.ReadBatch(context.Background(), batch); err != io.EOF || len(s.Faults()) > 0 {
		t.Errorf("error %v, faults %v", err, s.Faults())
	}
	if d := cmp.Diff([]Secret{{SecretTLSKeyLog, []byte("CLIEN")}}, s.Secrets()); d != "" {
		t.Errorf("secrets (-want +got):\n%s", d)
	}
	if st, _ := s.Stats(); st.Drops != 7 || st.IfDrops != 4 {
		t.Errorf("drops %d and %d, want 7 and 4", st.Drops, st.IfDrops)
	}
	if names, secrets := s.Unkept(); names != 1 || secrets != 0 {
		t.Errorf("unkept %d names and %d secrets, want 1 and 0", names, secrets)
	}
}

func TestSecretsAreBounded(t *testing.T) {
	f := newNgFile(binary.LittleEndian)
	for range 12 {
		f.block(blockSecrets, f.u32(1, 1_000_000), make([]byte, 1_000_000))
	}
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcapng", f.Bytes()))})
	drain(t, s)
	if _, lost := s.Unkept(); lost != 4 || len(s.Secrets()) != 8 {
		t.Errorf("kept %d, lost %d", len(s.Secrets()), lost)
	}
}

func TestCloseEndsReading(t *testing.T) {
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcap", long(10, 0)))})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ReadBatch(context.Background(), make([]capture.Packet, 1)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("error %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
