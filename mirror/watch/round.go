package watch

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// round is files that are read together.
type round struct {
	source *Source
	src    *pcapfile.Source
	files  []found
	taps   []uint16 // capture points of the Source by those of src
	again  bool     // the round is one file that is read again
	skip   uint64   // packets of it to pass over
}

// open opens files together. A file that is read again is read alone: how many
// packets it gave before says what to pass over.
func (s *Source) open(all []found) error {
	ctx := s.ctx
	for i, f := range all {
		if f.file.past > 0 {
			all = all[i : i+1]
			break
		}
	}
	r := &round{source: s, files: all, again: all[0].file.past > 0}
	if r.again {
		n, err := s.before(ctx, all[0])
		if err != nil && ctx.Err() == nil {
			return err
		}
		r.skip = n
	}
	src, err := pcapfile.Open(ctx, pcapfile.Config{Inputs: inputs(all)})
	if ctx.Err() != nil {
		return nil // closed
	}
	if err != nil { // none of them is a capture
		for _, f := range all {
			s.spoiled(f)
			s.say(f.path, "cannot read file", err)
		}
		return nil
	}
	if f := s.filter.Load(); f != nil {
		src.SetFilterFunc(f.compile)
	}
	r.src = src
	s.mu.Lock()
	defer s.mu.Unlock()
	s.src, s.round = src, r
	if s.closed {
		_ = src.Close()
	}
	return nil
}

// inputs are the files of each directory, as one point.
func inputs(all []found) []pcapfile.Input {
	var in []pcapfile.Input
	at := make(map[string]int)
	for _, f := range all {
		i, known := at[f.place]
		if !known {
			i = len(in)
			at[f.place] = i
			in = append(in, pcapfile.Input{Name: f.place})
		}
		in[i].Paths = append(in[i].Paths, f.path)
	}
	return in
}

// read gets packets with the points of the Source.
func (r *round) read(ctx context.Context, dst []capture.Packet) (int, error) {
	n, err := r.src.ReadBatch(ctx, dst)
	points := r.src.Points()
	for len(r.taps) < len(points) {
		r.taps = append(r.taps, r.source.point(points[len(r.taps)].Name))
	}
	for i := range dst[:n] {
		dst[i].Tap = r.taps[dst[i].Tap]
	}
	if r.skip > 0 {
		over := int(min(r.skip, uint64(n)))
		r.skip -= uint64(over)
		n = copy(dst, dst[over:n])
	}
	return n, err
}

// finish ends a round: its files are read.
func (s *Source) finish() {
	r := s.round
	s.names = append(s.names, r.src.TakeNames()...)
	st, _ := r.src.Stats()
	faults := make(map[string]error)
	for _, f := range r.src.Faults() {
		faults[f.File] = f
	}
	for _, f := range r.files {
		f.done()
		if err := faults[f.path]; err != nil {
			s.spoiled(f)
			s.say(f.path, "damaged file", err)
			continue
		}
		s.mu.Lock()
		s.n.Read++
		if r.again {
			s.n.Again++
		}
		s.mu.Unlock()
		if s.cfg.Log != nil {
			s.cfg.Log.Info("file read", "path", f.path, "point", f.place)
		}
		s.dispose(f)
	}
	_ = r.src.Close()
	s.mu.Lock()
	s.past.Add(&st)
	s.src, s.round = nil, nil
	s.mu.Unlock()
}

// spoiled counts a file that could not be read, or not to its end. It stays
// where it is, and is read again if it changes.
func (s *Source) spoiled(f found) {
	f.done()
	s.mu.Lock()
	s.n.Damaged++
	s.mu.Unlock()
}

// otherPoint is the point of what is beyond MaxPoints.
const otherPoint = "other"

// point gives a name its capture point.
func (s *Source) point(name string) uint16 {
	if tap, known := s.taps[name]; known {
		return tap
	}
	points := *s.points.Load()
	if len(points) >= MaxPoints && name != otherPoint {
		return s.point(otherPoint)
	}
	tap := uint16(len(points))
	s.taps[name] = tap
	more := append(points[:len(points):len(points)], capture.Point{Name: name})
	s.points.Store(&more)
	return tap
}

// done notes how much of a file was read: all that there was at its end.
func (f found) done() {
	f.file.read, f.file.past = true, f.file.size
	if st, err := os.Stat(f.path); err == nil && st.Size() > f.file.size {
		f.file.past, f.file.size = st.Size(), st.Size()
		f.file.changed = st.ModTime()
	}
}

// before counts the packets that a file gave when it was shorter, by today's
// filter.
func (s *Source) before(ctx context.Context, f found) (uint64, error) {
	in, err := os.Open(f.path)
	if err != nil {
		return 0, nil // it has gone, as the round will find
	}
	defer in.Close()
	src, err := pcapfile.Open(ctx, pcapfile.Config{
		Inputs: []pcapfile.Input{{Paths: []string{"-"}}}, Stdin: io.LimitReader(in, f.file.past),
	})
	if err != nil {
		return 0, err
	}
	defer src.Close()
	if p := s.filter.Load(); p != nil {
		src.SetFilterFunc(p.compile)
	}
	var sum uint64
	batch := make([]capture.Packet, 256)
	for {
		n, err := src.ReadBatch(ctx, batch)
		sum += uint64(n)
		switch {
		case errors.Is(err, io.EOF):
			return sum, nil
		case err != nil:
			return 0, err
		}
	}
}
