package goroutines

import (
	"debug/dwarf"
	"debug/elf"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of what is read of DWARF: beyond them the table is asked.
const (
	maxDebugInfo    = 64 << 20 // bytes of .debug_info
	maxDebugEntries = 2 << 20
)

var errNoDWARF = errors.New("no DWARF")

// FromDWARF reads the offsets from a program's DWARF; Slot is not in it.
func FromDWARF(f *elf.File) (Offsets, error) {
	s := f.Section(".debug_info")
	if s == nil {
		s = f.Section(".zdebug_info")
	}
	if s == nil || s.Size > maxDebugInfo {
		return Offsets{}, errNoDWARF
	}
	d, err := f.DWARF()
	if err != nil {
		return Offsets{}, fmt.Errorf("read DWARF: %w", err)
	}
	w := &debugWalk{names: reasonNames(), offsets: map[string]map[string]int64{}}
	if err := w.walk(d.Reader()); err != nil {
		return Offsets{}, fmt.Errorf("read DWARF: %w", err)
	}
	return w.result()
}

// debugWalk looks for the structures g and m and for wait reasons.
type debugWalk struct {
	names   []string
	offsets map[string]map[string]int64 // by structure and field
	reasons uint64
	found   int // wait reasons
}

// walk reads the compilation unit of package runtime, and others until the
// structures were seen: the linker keeps types where it likes.
func (w *debugWalk) walk(r *dwarf.Reader) error {
	inRuntime := false
	for range maxDebugEntries {
		e, err := r.Next()
		if err != nil || e == nil {
			return err
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagCompileUnit:
			if w.complete() {
				return nil
			}
			inRuntime = name == "runtime"
		case dwarf.TagStructType:
			if name == "runtime.g" || name == "runtime.m" {
				if w.offsets[name], err = members(r); err != nil {
					return err
				}
				continue
			}
			r.SkipChildren()
		case dwarf.TagConstant:
			if inRuntime {
				w.reason(strings.TrimPrefix(name, "runtime."), e)
			}
		default:
			r.SkipChildren()
		}
	}
	return nil
}

func (w *debugWalk) reason(name string, e *dwarf.Entry) {
	if !slices.Contains(w.names, name) {
		return
	}
	if n, ok := e.Val(dwarf.AttrConstValue).(int64); ok && n > 0 && n < 64 {
		w.reasons |= 1 << n
		w.found++
	}
}

func (w *debugWalk) complete() bool { return len(w.offsets) == 2 && w.found > 0 }

// members reads the fields of a structure.
func members(r *dwarf.Reader) (map[string]int64, error) {
	fields := make(map[string]int64)
	for {
		e, err := r.Next()
		if err != nil {
			return nil, err
		}
		if e == nil || e.Tag == 0 {
			return fields, nil
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		if at, ok := e.Val(dwarf.AttrDataMemberLoc).(int64); ok && len(fields) < 1024 {
			fields[name] = at
		}
		r.SkipChildren()
	}
}

// maxOffset bounds what is believed: g and m are smaller.
const maxOffset = 4096

// result makes the offsets of what was found.
func (w *debugWalk) result() (o Offsets, err error) {
	take := func(to *uint32, structure, field string, needed bool) {
		at, ok := w.offsets[structure][field]
		if ok && at >= 0 && at < maxOffset {
			*to = uint32(at)
		} else if needed {
			err = errors.Join(err, fmt.Errorf("%w: %s.%s is not in it", errNoDWARF, structure, field))
		}
	}
	take(&o.Goid, "runtime.g", "goid", true)
	take(&o.Parent, "runtime.g", "parentGoid", false)
	take(&o.M, "runtime.g", "m", true)
	take(&o.Curg, "runtime.m", "curg", true)
	take(&o.WaitReason, "runtime.g", "waitreason", false)
	if o.WaitReason != 0 {
		o.Reasons = w.reasons
	}
	return o, err
}
