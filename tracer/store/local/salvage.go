package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/batchrepr"
	"github.com/cockroachdb/pebble/v2/record"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/wal"
)

// maxLeaps bounds the attempts to go on behind damage within a table.
const maxLeaps = 4096

// table reads a table; damage is where it could not be read, err why the repair
// cannot go on.
func (r *repairing) table(ctx context.Context, name string) (damage, err error) {
	f, err := r.s.fs.Open(name)
	if err != nil {
		return err, nil
	}
	readable, err := sstable.NewSimpleReadable(f)
	if err != nil {
		return errors.Join(err, f.Close()), nil
	}
	o := r.s.options(nil)
	o.EnsureDefaults()
	t, err := sstable.NewReader(ctx, readable, o.MakeReaderOptions())
	if err != nil {
		return err, nil
	}
	defer t.Close()
	var from []byte
	for leaps := 0; ; leaps++ {
		last, bad, err := r.tableFrom(ctx, t, from)
		if err != nil {
			return damage, err
		}
		if bad == nil {
			return damage, nil
		}
		damage = bad
		if leaps >= maxLeaps {
			return damage, nil
		}
		if last != nil {
			leaps = 0
			from = last
		}
		if from = behind(from, leaps); from == nil {
			return damage, nil
		}
	}
}

// tableFrom reads a table from a key on, up to the last key that could be read.
func (r *repairing) tableFrom(ctx context.Context, t *sstable.Reader, from []byte) (last []byte, damage, err error) {
	it, err := t.NewIter(sstable.NoTransforms, from, nil, sstable.AssertNoBlobHandles)
	if err != nil {
		return nil, err, nil
	}
	defer func() {
		if cerr := it.Close(); damage == nil {
			damage = cerr
		}
	}()
	kv := it.First()
	if from != nil {
		kv = it.SeekGE(from, 0)
	}
	for ; kv != nil; kv = it.Next() {
		if err := ctx.Err(); err != nil {
			return last, nil, err
		}
		v, _, verr := kv.Value(nil)
		if verr != nil {
			return last, verr, nil
		}
		if kind := kv.K.Kind(); kind == pebble.InternalKeyKindSet || kind == pebble.InternalKeyKindSetWithDelete {
			if err := r.put(kv.K.UserKey, v); err != nil {
				return last, nil, err
			}
		}
		last = append(last[:0], kv.K.UserKey...)
	}
	return last, it.Error(), nil
}

// behind is a key farther behind another, the farther the more leaps it took: other
// blocks, then other partitions, then what else there is. nil: no further ones.
func behind(k []byte, leaps int) []byte {
	const blocks, parts = 256, 512
	switch {
	case len(k) == 0:
		return []byte{keyAlias + 1}
	case leaps < blocks && len(k) >= numberLen:
		return key(k[0], partOf(k), uint64(numberOf(k))+1)
	case leaps < parts && len(k) >= partLen:
		return key(k[0], partOf(k)+1)
	case k[0] < 'z':
		return []byte{k[0] + 1}
	}
	return nil
}

// logFile reads a log up to where it ends or is torn.
func (r *repairing) logFile(ctx context.Context, name string) (damage, err error) {
	f, err := r.s.fs.Open(name)
	if err != nil {
		return err, nil
	}
	defer f.Close()
	rd := openLog(record.NewReader, f, name)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rec, err := rd.Next()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return fmt.Errorf("ends at byte %d: %w", rd.Offset(), err), nil
		}
		b, err := io.ReadAll(rec)
		if err != nil {
			return fmt.Errorf("ends at byte %d: %w", rd.Offset(), err), nil
		}
		if damage, err := r.logRecord(b); damage != nil || err != nil {
			return damage, err
		}
	}
}

func (r *repairing) logRecord(b []byte) (damage, err error) {
	if len(b) < batchrepr.HeaderLen {
		return nil, nil
	}
	rd := batchrepr.Read(b)
	for {
		kind, k, v, ok, err := rd.Next()
		if err != nil || !ok {
			return err, nil
		}
		if kind == pebble.InternalKeyKindSet {
			if err := r.put(k, v); err != nil {
				return nil, err
			}
		}
	}
}

// openLog begins to read a log with its number, which is in its name and in each of
// its records, so that those of an older log in the same file are told apart. The
// type of the number has no name outside of Pebble.
func openLog[N ~uint64](open func(io.Reader, N) *record.Reader, f io.Reader, name string) *record.Reader {
	n, _, _ := wal.ParseLogFilename(filepath.Base(name))
	return open(f, N(n))
}
