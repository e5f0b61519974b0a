package pcapfile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Config says what to read.
type Config struct {
	Inputs []Input

	// Follow waits for more at the end of the last file, as tail -f does; the
	// inputs must be one point in sequence. A directory is watched for the
	// next file of the rotation. ReadBatch then ends with ctx or Close only.
	Follow bool

	// Stdin is what the path "-" means. It may block; Close ends a blocked
	// read if it has a SetReadDeadline that works, as os.File has for pipes
	// and sockets in non-blocking mode.
	Stdin io.Reader

	// KeepTimes leaves packet times as they are in the files. Else the
	// packets of points whose clocks are apart are brought to one clock, see
	// capture.Point.Ahead.
	KeepTimes bool

	// Anew leaves out who recorded the files, so that spans have ids of the one
	// who reads: capture.Point.Agent stays empty.
	Anew bool
}

// Input is a path of the command line, or several that are one capture point.
type Input struct {
	// Paths are files, directories or "-". None means that Name is the name
	// of the only point that the other inputs give.
	Paths []string
	// Name overrides the name of the point, empty for the one by the path.
	Name string
}

// Open looks into the inputs and decides which of them are one capture point
// (DESIGN.md, section 5):
//
//   - an Input with a name or with several paths is one point; files in it
//     that overlap in time are merged;
//   - the capture files of a directory, by content, are one point in sequence
//     where their link types are equal and their times do not overlap, else
//     points of their own, as captures of several hosts in one place are;
//   - so are the other files.
//
// Several files are read to their ends for that, once before the first
// packet. It fails when nothing can be read, or when ctx ends meanwhile; when
// something can be read, what cannot is in Faults.
func Open(ctx context.Context, cfg Config) (*Source, error) {
	s := &Source{stdin: cfg.Stdin, follow: cfg.Follow, anew: cfg.Anew, done: make(chan struct{})}
	p := planner{src: s}
	if err := p.check(cfg); err != nil {
		return nil, err
	}
	p.plan(ctx, cfg.Inputs)
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open captures: %w", err)
	}
	if len(p.groups) == 0 {
		return nil, s.failed()
	}
	if err := p.override(); err != nil {
		return nil, err
	}
	p.distinct()
	if !cfg.KeepTimes {
		p.align(ctx)
	}
	for _, g := range p.groups {
		s.take(g)
	}
	if p.unsized {
		s.size = 0
	}
	if s.follow && len(s.lanes) > 1 {
		return nil, fmt.Errorf("follow input: it must be one sequence of files, but %d overlap", len(s.lanes))
	}
	return s, nil
}

// failed makes an error of the faults when there is nothing else.
func (s *Source) failed() error {
	if len(s.faults) == 1 {
		return s.faults[0]
	}
	all := make([]error, len(s.faults))
	for i, f := range s.faults {
		all[i] = f
	}
	return errors.Join(all...)
}

// take makes the lanes of a group.
func (s *Source) take(g *group) {
	pt := &point{src: s, name: g.name, named: g.named, taps: make(map[string]uint16), skew: g.skew}
	s.addAgents(g)
	for _, sequence := range g.sequences {
		l := &lane{src: s, point: pt, order: len(s.lanes), dir: g.dir}
		for _, f := range sequence {
			l.waiting = append(l.waiting, entry{path: f.path, kind: f.kind})
			s.size += f.size
		}
		s.lanes = append(s.lanes, l)
	}
}

// planner turns inputs into groups.
type planner struct {
	src     *Source
	groups  []*group
	unsized bool   // an input has no known size
	name    string // for the only point
}

// group is one capture point to be.
type group struct {
	name      string
	named     bool // by the user
	sequences [][]probed
	dir       *directory
	skew      // of its clock
}

func (p *planner) check(cfg Config) error {
	if len(cfg.Inputs) == 0 {
		return errors.New("open captures: no input given")
	}
	stdin := 0
	for _, in := range cfg.Inputs {
		for _, path := range in.Paths {
			if path == "-" {
				stdin++
			}
		}
		if len(in.Paths) > 0 {
			continue
		}
		if in.Name == "" {
			return errors.New("open captures: an input has neither path nor name")
		}
		if p.name != "" {
			return fmt.Errorf("open captures: points %q and %q have no files", p.name, in.Name)
		}
		p.name = in.Name
	}
	switch {
	case stdin > 1:
		return errors.New("open captures: standard input is given twice")
	case stdin > 0 && cfg.Stdin == nil:
		return errors.New("open captures: there is no standard input")
	}
	return nil
}

// plan sorts the inputs into groups, in the order of the command line. Plain
// files stand where the first of their group does.
func (p *planner) plan(ctx context.Context, inputs []Input) {
	var plain []string
	for _, in := range inputs {
		if joined(in) {
			continue
		}
		if k, err := kindOf(in.Paths[0]); err == nil && k == regularFile {
			plain = append(plain, in.Paths[0])
		}
	}
	clusters := p.cluster(ctx, plain)
	placed := make(map[*group]bool)
	for _, in := range inputs {
		switch {
		case len(in.Paths) == 0:
		case joined(in):
			p.join(ctx, in)
		default:
			p.single(ctx, in.Paths[0], clusters, placed)
		}
	}
}

// joined reports whether an input is a point by itself.
func joined(in Input) bool { return in.Name != "" || len(in.Paths) != 1 }

// single plans one path without a name.
func (p *planner) single(ctx context.Context, path string, clusters map[string]*group, placed map[*group]bool) {
	k, err := kindOf(path)
	if err != nil {
		p.src.addFault(openFault(path, err))
		return
	}
	switch k {
	case directoryInput:
		p.groups = append(p.groups, p.ofDirectory(ctx, path)...)
	case regularFile:
		if g := clusters[path]; g != nil && !placed[g] {
			placed[g] = true
			p.groups = append(p.groups, g)
		}
	default:
		p.unsized = true
		p.groups = append(p.groups, &group{name: pointName(path), sequences: [][]probed{{{path: path, kind: k}}}})
	}
}

// cluster groups files that were given on their own.
func (p *planner) cluster(ctx context.Context, paths []string) map[string]*group {
	files := p.look(ctx, paths, len(paths) > 1)
	clusters := make(map[string]*group)
	for _, sequence := range partition(files) {
		g := &group{name: sequenceName(sequence), sequences: [][]probed{sequence}}
		for _, f := range sequence {
			clusters[f.path] = g
		}
	}
	return clusters
}

// look probes regular files and notes the faults of those that are none of
// ours.
func (p *planner) look(ctx context.Context, paths []string, several bool) []probed {
	d := toHeader
	if several {
		d = howDeep(paths)
	}
	seen := make(map[string]bool)
	var files []probed
	for _, path := range paths {
		if seen[path] {
			continue
		}
		seen[path] = true
		f, fault := p.src.probe(ctx, path, d)
		if fault != nil && !(p.src.follow && f.size < sniffLen) {
			p.src.addFault(fault)
			continue
		}
		files = append(files, f)
	}
	return files
}

// join plans an input that is one point.
func (p *planner) join(ctx context.Context, in Input) {
	g := &group{name: in.Name, named: in.Name != ""}
	var plain []string
	for _, path := range in.Paths {
		k, err := kindOf(path)
		if err != nil {
			p.src.addFault(openFault(path, err))
			continue
		}
		switch k {
		case directoryInput:
			d, sequences := p.directory(ctx, path)
			g.sequences = append(g.sequences, sequences...)
			if len(in.Paths) == 1 && len(sequences) == 1 {
				g.dir = d
			}
		case regularFile:
			plain = append(plain, path)
		default:
			p.unsized = true
			g.sequences = append(g.sequences, []probed{{path: path, kind: k}})
		}
	}
	files := p.look(ctx, plain, len(plain) > 1)
	g.sequences = append(g.sequences, partition(files)...)
	if len(g.sequences) == 0 {
		return
	}
	if !g.named {
		g.name = sequenceName(files)
		if len(files) == 0 {
			g.name = pointName(in.Paths[0])
		}
	}
	p.groups = append(p.groups, g)
}

func kindOf(path string) (entryKind, error) {
	if path == "-" {
		return standardInput, nil
	}
	st, err := os.Stat(path)
	switch {
	case err != nil:
		if pe := (*os.PathError)(nil); errors.As(err, &pe) {
			err = pe.Err
		}
		return 0, err
	case st.IsDir():
		return directoryInput, nil
	case st.Mode().IsRegular():
		return regularFile, nil
	}
	return blockingFile, nil
}
