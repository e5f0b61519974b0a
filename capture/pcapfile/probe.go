package pcapfile

import (
	"context"
	"errors"
	"os"

	"github.com/wirespan/wirespan/capture"
)

// depth says how far a probe reads.
type depth uint8

const (
	toHeader depth = iota // file header
	toFirst               // first packet that has a time
	toEnd                 // all packets, for the time of the last
	toSketch              // and for what they have in common with other files
)

// probeChunk is what a probe reads at a time unless it reads all.
const probeChunk = 8 << 10

// probed is what a look into a file found.
type probed struct {
	path        string
	kind        entryKind
	size        int64
	packets     bool // there is one with a time
	link        capture.LinkType
	first, last int64 // least and greatest time
	recording   Recording
	agent       string  // of the first interface that has one
	sketch      *sketch // nil if none was made
}

// probe looks into a regular file. The fault is about its header; damage
// further on is met again when the file is read.
func (s *Source) probe(ctx context.Context, path string, d depth) (probed, *Fault) {
	p := probed{path: path}
	f, err := os.Open(path)
	if err != nil {
		return p, openFault(path, err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil {
		p.size = st.Size()
	}
	plain, packed, release, err := decompress(f)
	if err != nil {
		fault := openFault(path, err)
		fault.Compressed = packed
		return p, fault
	}
	defer release()
	in := &plainInput{r: plain, packed: packed}
	if d < toEnd {
		in.chunk = probeChunk
	}
	w := window{pool: &s.pool}
	defer w.release()
	if d == toSketch {
		p.sketch = newSketch()
		defer p.sketch.done()
	}
	return p, p.scan(ctx, newStream(path, in, &w, &p, &p), d)
}

func (p *probed) scan(ctx context.Context, st *stream, d depth) *Fault {
	var batch [64]capture.Packet
	for {
		if d == toHeader && p.described(st) || d == toFirst && p.packets {
			return nil
		}
		n, fault := st.buffered(batch[:])
		if fault != nil {
			return nil
		}
		for i := range batch[:n] {
			p.meet(&batch[i])
			if p.sketch != nil {
				p.sketch.add(&batch[i])
			}
		}
		if n > 0 {
			continue
		}
		if err := st.fill(ctx); err != nil {
			var fault *Fault
			if st.dec == nil && errors.As(err, &fault) {
				return fault
			}
			return nil
		}
	}
}

func (p *probed) meet(k *capture.Packet) {
	if k.Time == 0 {
		return
	}
	if !p.packets {
		p.packets, p.link, p.first, p.last = true, k.Link, k.Time, k.Time
	}
	p.first = min(p.first, k.Time)
	p.last = max(p.last, k.Time)
}

// described reports that the file has told what it is: pcap by its header, a
// pcapng file of ours by its first interface.
func (p *probed) described(st *stream) bool {
	ng, ok := st.dec.(*pcapng)
	return st.dec != nil && (!ok || ng.begun || ng.ifaces != nil && p.recording.ID == "")
}

// A probe is where its stream puts what is no packet; it takes note of who
// recorded the file.
func (p *probed) place(l linkOf) (uint16, *damage) {
	if p.agent == "" {
		p.agent = l.agent
	}
	return 0, nil
}

func (p *probed) addRecording(r Recording) {
	if p.recording.ID == "" {
		p.recording = r
	}
}

func (*probed) addName(capture.Name)     {}
func (*probed) addSecret(uint32, []byte) {}
func (*probed) addDrops(uint64, uint64)  {}
func (*probed) addUnread(uint32)         {}
