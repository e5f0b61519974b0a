package merge

import (
	"errors"
	"math"

	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
)

// meet gives the points of an input numbers in the merged list.
func (m *Source) meet(in *input, b *batch) {
	m.names = append(m.names, b.names...)
	b.names = nil
	for len(in.taps) < len(b.points) {
		in.taps = append(in.taps, m.number(b.points[len(in.taps)], in))
	}
}

// number gives the number of a name. Beyond 65536 of them the last one stands
// for all.
func (m *Source) number(p capture.Point, in *input) uint16 {
	if n, ok := m.numbers[p.Name]; ok {
		return n
	}
	old := *m.points.Load()
	if len(old) > math.MaxUint16 {
		return math.MaxUint16
	}
	list := make([]capture.Point, len(old)+1)
	copy(list, old)
	list[len(old)] = p
	m.points.Store(&list)
	for i := range m.inputs {
		if m.inputs[i] == in {
			m.origins = append(m.origins, i)
		}
	}
	m.numbers[p.Name] = uint16(len(old))
	return uint16(len(old))
}

// Points meets capture.Source.
func (m *Source) Points() []capture.Point { return *m.points.Load() }

// Origin is the index in Config.Inputs of the input that showed a point first;
// -1 if there is no such point. It is called by the reading goroutine.
func (m *Source) Origin(tap uint16) int {
	if int(tap) < len(m.origins) {
		return m.origins[tap]
	}
	return -1
}

// TakeNames meets capture.Namer.
func (m *Source) TakeNames() []capture.Name {
	names := m.names
	m.names = nil
	return names
}

// Stats meets capture.Source: the sum of all inputs.
func (m *Source) Stats() (capture.Stats, error) {
	var sum capture.Stats
	var errs []error
	for _, in := range m.inputs {
		st, err := in.Source.Stats()
		sum.Add(&st)
		errs = append(errs, err)
	}
	return sum, errors.Join(errs...)
}

// Counts are what merging cost.
type Counts struct {
	Held uint64 // times that packets had to wait for other inputs
	Late uint64 // packets with an earlier time than one that was handed on before
}

// Counts may be called by any goroutine.
func (m *Source) Counts() Counts { return Counts{m.held.Load(), m.late.Load()} }

// refilterer is met by sources whose filter can be replaced while they run.
type refilterer interface {
	SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error)) error
}

// SetFilterFunc replaces the filters of the inputs that wanted reports true for,
// all if it is nil.
func (m *Source) SetFilterFunc(compile func(capture.LinkType) ([]bpf.RawInstruction, error), wanted func(Input) bool) error {
	var errs []error
	for _, in := range m.inputs {
		if wanted != nil && !wanted(in.Input) {
			continue
		}
		if r, ok := in.Source.(refilterer); ok {
			errs = append(errs, r.SetFilterFunc(compile))
		} else {
			errs = append(errs, errors.New("set filter: "+in.Name+" keeps the one it began with"))
		}
	}
	return errors.Join(errs...)
}
