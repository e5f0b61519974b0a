package local

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
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

// logBlock is the size of the blocks of a log: records begin anew in each
// (pebble/record).
const logBlock = 32 << 10

// logFile reads a log to its end, past damage in it.
func (r *repairing) logFile(ctx context.Context, name string) (damage, err error) {
	_, damage, err = readLog(ctx, name, r.logRecord)
	return damage, err
}

// readLog calls put with the records of a log. Behind a place that cannot be read it
// goes on with the next block; torn is the first such place, -1 if there is none, and
// damage says so if there were records behind it: those before a crash were not
// written to their ends, and nothing is behind them.
func readLog(ctx context.Context, name string, put func(b []byte) (damage, err error)) (torn int64, damage, err error) {
	f, err := os.Open(name)
	if err != nil {
		return -1, err, nil
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return -1, err, nil
	}
	torn = -1
	size := st.Size()
	for at, misses := int64(0), 0; at < size && misses < maxMisses; misses++ {
		good, end, err := logFrom(ctx, f, at, name, put)
		if err != nil {
			return torn, damage, err
		}
		if good > 0 {
			misses = 0
			if torn >= 0 {
				damage = fmt.Errorf("damaged behind byte %d", torn)
			}
		}
		if end < 0 || torn < 0 && ended(f, at+end, name) {
			break
		}
		if torn < 0 {
			torn = at + end
		}
		at = (at + end + logBlock) / logBlock * logBlock
	}
	return torn, damage, nil
}

// maxMisses bounds the blocks behind damage in which no record is found.
const maxMisses = 32

// ended reports whether nothing was ever written at a place of a log: there is no
// header, that is room made beforehand, or one with the number of an older log.
func ended(f *os.File, at int64, name string) bool {
	var head [11]byte
	if n, _ := f.ReadAt(head[:], at); n < len(head) {
		return n == 0
	}
	number, _, _ := wal.ParseLogFilename(filepath.Base(name))
	return uint32(number) != binary.LittleEndian.Uint32(head[7:])
}

// logFrom reads a log from a block on: how many records, and where the first one is
// that could not be read, -1 if it ended in order.
func logFrom(ctx context.Context, f *os.File, at int64, name string, put func(b []byte) (damage, err error)) (good int, end int64, err error) {
	rd := openLog(record.NewReader, io.NewSectionReader(f, at, math.MaxInt64-at), name)
	for {
		if err := ctx.Err(); err != nil {
			return good, 0, err
		}
		end = rd.Offset()
		rec, err := rd.Next()
		if err == nil {
			var b []byte
			if b, err = io.ReadAll(rec); err == nil {
				if _, err := put(b); err != nil {
					return good, 0, err
				}
				good++
				continue
			}
		}
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return good, -1, nil
		}
		return good, end, nil
	}
}

// checkLogs looks for damage in the logs: Pebble takes a log for ended where it
// cannot be read, though there may be more behind it.
func (s *Store) checkLogs(ctx context.Context) error {
	list, err := filepath.Glob(filepath.Join(s.dir, spansDir, "*.log"))
	if err != nil {
		return err
	}
	for _, name := range list {
		torn, damage, err := readLog(ctx, name, func([]byte) (damage, err error) { return nil, nil })
		if err != nil {
			return err
		}
		if damage != nil {
			return fmt.Errorf("%s is %w", filepath.Base(name), damage)
		}
		if torn >= 0 {
			s.note("%s was torn at byte %d, as by a crash; nothing that was synced is behind it", filepath.Base(name), torn)
		}
	}
	return nil
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
