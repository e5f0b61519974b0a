package local

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/cockroachdb/pebble/v2/record"

	"github.com/wirespan/wirespan/tracer/span"
)

// FuzzRecords: small records of the database are read as they were written, or are
// damaged.
func FuzzRecords(f *testing.F) {
	p := partition{from: 1, to: 2}
	f.Add(key(keyPartition, 7), p.record())
	r := run{first: 3, last: 9, min: 1, max: 2, spans: 5, bytes: 6}
	r.layout.HashBits, r.layout.BlockBits = 20, 10
	f.Add(key(keyRun, 7, 8), r.record())
	r.layout.HashBits, r.layout.BlockBits = 250, 10 // 4 in a byte
	f.Add(key(keyRun, 7, 9), r.record())
	f.Add(aliasKey(span.TraceID{1}, span.TraceID{2}, 0), []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, k, v []byte) {
		if p, err := readPartition(1, v); err == nil && !bytes.Equal(p.record(), v) {
			t.Fatalf("partition %x became %x", v, p.record())
		}
		if r, err := readRun(1, v); err == nil {
			if !bytes.Equal(r.record(), v) {
				t.Fatalf("run %x became %x", v, r.record())
			}
			if r.last < r.first || r.layout.HashBits > 64 || r.layout.BlockBits > 32 {
				t.Fatalf("run %+v is taken", r)
			}
		}
		if a, err := readAlias(k, v); err == nil {
			if got := binary.LittleEndian.AppendUint64(nil, uint64(a.Time)); !bytes.Equal(got, v) {
				t.Fatalf("alias %x became %x", v, got)
			}
			if a.Old != span.TraceID(k[1:17]) && a.Old != span.TraceID(k[17:33]) {
				t.Fatalf("alias %x: %v", k, a)
			}
		}
	})
}

// logOf makes a log of number n with records, of which ends says where they end. The
// type of the number has no name outside of Pebble.
func logOf[N ~uint64](open func(io.Writer, N, record.LogWriterConfig) *record.LogWriter, n uint64, records [][]byte) (b []byte, ends []int64, err error) {
	var file bytes.Buffer
	w := open(&file, N(n), record.LogWriterConfig{WriteWALSyncOffsets: func() bool { return false }})
	for _, r := range records {
		end, err := w.WriteRecord(r)
		if err != nil {
			return nil, nil, err
		}
		ends = append(ends, end)
	}
	err = w.Close()
	return file.Bytes(), ends, err
}

// FuzzLog: of a log that was cut or changed everything in front of that is read, and
// behind it nothing that was not written.
func FuzzLog(f *testing.F) {
	var records [][]byte
	for i := range 40 {
		records = append(records, bytes.Repeat([]byte{byte(i), byte(i >> 1), byte(3 * i)}, 1+i*i*9%7000))
	}
	const number = 5
	whole, ends, err := logOf(record.NewLogWriter, number, records)
	if err != nil || len(whole) < 3*logBlock {
		f.Fatalf("%d bytes: %v", len(whole), err)
	}
	f.Add(uint32(len(whole)), uint32(0), byte(0))
	f.Add(uint32(len(whole)), uint32(logBlock+9), byte(1))
	f.Add(uint32(2*logBlock-3), uint32(70), byte(0xff))
	f.Add(uint32(1), uint32(0), byte(1))
	name := filepath.Join(f.TempDir(), fmt.Sprintf("%06d.log", number))
	f.Fuzz(func(t *testing.T, cut, at uint32, change byte) {
		b := bytes.Clone(whole[:min(int(cut), len(whole))])
		sound := int64(len(b))
		if int(at) < len(b) && change != 0 {
			b[at] ^= change
			sound = int64(at)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		next, got := 0, map[int]bool{}
		_, _, err := readLog(context.Background(), name, func(b []byte) (damage, err error) {
			for ; next < len(records); next++ {
				if bytes.Equal(b, records[next]) {
					got[next] = true
					next++
					return nil, nil
				}
			}
			t.Errorf("a record of %d bytes was not written, or not there", len(b))
			return nil, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for i, end := range ends {
			if end <= sound && !got[i] {
				t.Fatalf("record %d ends at byte %d of %d sound ones, and is not read", i, end, sound)
			}
		}
	})
}
