package pcapfile

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
)

// directory remembers which of its files were looked at.
type directory struct {
	path string
	seen map[string]bool
}

// directory lists the capture files of a directory in the order of their
// first packets, files without one first, as the sequences that they are.
// What is no capture by its content is passed over; captures in foreign formats
// and unreadable files are faults.
func (p *planner) directory(ctx context.Context, path string) (*directory, [][]probed) {
	d := &directory{path: path, seen: make(map[string]bool)}
	before := len(p.src.faults)
	files, err := d.look(ctx, p.src)
	if err != nil {
		p.src.addFault(openFault(path, err))
		return nil, nil
	}
	if len(files) == 0 && len(p.src.faults) == before {
		p.src.addFault(&Fault{File: path, Reason: "directory has no capture files"})
	}
	if len(files) == 0 {
		return nil, nil
	}
	return d, partition(p.whole(ctx, files))
}

// whole reads files of a directory to their ends where there are several, as
// it is done with several arguments: only the last packet tells whether the
// next file goes on where this one stopped.
func (p *planner) whole(ctx context.Context, files []probed) []probed {
	if len(files) == 1 {
		return files
	}
	var paths []string
	for i := range files {
		paths = append(paths, files[i].path)
	}
	d := howDeep(paths)
	for i := range files {
		if f, fault := p.src.probe(ctx, files[i].path, d); fault == nil {
			files[i] = f
		}
	}
	slices.SortStableFunc(files, byFirst)
	return files
}

// ofDirectory makes the groups of a directory without a name of the user: one
// with the name of the directory where its files are a sequence, else as if
// they had been given one by one.
func (p *planner) ofDirectory(ctx context.Context, path string) []*group {
	d, sequences := p.directory(ctx, path)
	if len(sequences) == 1 {
		return []*group{{name: directoryName(path), sequences: sequences, dir: d}}
	}
	var groups []*group
	for _, sequence := range sequences {
		groups = append(groups, &group{name: sequenceName(sequence), sequences: [][]probed{sequence}})
	}
	return groups
}

// look probes the files that are new since the last look.
func (d *directory) look(ctx context.Context, s *Source) ([]probed, error) {
	names, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var files []probed
	for _, e := range names {
		path := filepath.Join(d.path, e.Name())
		if d.seen[path] {
			continue
		}
		if k, err := kindOf(path); err != nil || k != regularFile {
			continue
		}
		f, fault := s.probe(ctx, path, toFirst)
		if fault == nil {
			d.seen[path] = true
			files = append(files, f)
			continue
		}
		if f.size < pcapHeader {
			continue // just begun: the next look decides
		}
		d.seen[path] = true
		if worthAFault(fault) {
			s.addFault(fault)
		}
	}
	slices.SortStableFunc(files, byFirst)
	return files, nil
}

// worthAFault reports whether the user would expect a file of the directory
// to be read: it is damaged, unreadable, or a capture in another format.
func worthAFault(f *Fault) bool {
	var format *FormatError
	return !errors.As(f.Err, &format) || format.Format != "" && !isText(format.Start)
}

// fresh looks for new files; errors mean that there is none yet.
func (d *directory) fresh(ctx context.Context, s *Source) []entry {
	files, err := d.look(ctx, s)
	if err != nil {
		return nil
	}
	var entries []entry
	for _, f := range files {
		entries = append(entries, entry{path: f.path})
	}
	return entries
}
