package record

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

// fileMode lets nobody else read packets.
const fileMode = 0o600

// volume is one file being written.
type volume struct {
	file   *os.File // nil for an output that is not ours
	blocks *blocks
	w      *pcapfile.Writer
	ifaces []volumeIface
	at     int // of the interface of the last packet
	failed bool

	first, last int64  // packet times
	waiting     uint64 // captured bytes that are buffered
}

// volumeIface counts the packets of one interface.
type volumeIface struct {
	point             string
	link              capture.LinkType
	waiting, recorded uint64
}

// outcome is what became of packets in one step.
type outcome struct {
	packets, bytes  uint64 // that the file took
	lost, lostBytes uint64
	err             error
}

// losses are what a file lacks.
type losses struct{ kernel, iface, own uint64 }

func openVolume(cfg *FilesConfig, name string, r pcapfile.Recording) (*volume, error) {
	v := &volume{blocks: &blocks{out: cfg.Output}}
	if cfg.Output == nil {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, fileMode)
		if err != nil {
			return nil, err
		}
		v.file, v.blocks.out, v.blocks.file = f, f, f
	}
	v.w = pcapfile.NewRecordingWriter(v.blocks, r)
	return v, nil
}

// write appends a packet.
func (v *volume) write(p *capture.Packet, point string) outcome {
	f := v.iface(point, p.Link)
	f.waiting++
	if v.first == 0 {
		v.first = p.Time
	}
	v.last = max(v.last, p.Time)
	v.waiting += uint64(len(p.Data))
	return v.pushed(v.w.Write(p, point))
}

// flush writes what is buffered.
func (v *volume) flush() outcome { return v.pushed(v.w.Flush()) }

// pushed moves what was buffered to what is recorded or lost, if it was
// written.
func (v *volume) pushed(err error) (o outcome) {
	o.bytes = uint64(v.blocks.take())
	if err == nil && o.bytes == 0 {
		return o
	}
	for i := range v.ifaces {
		f := &v.ifaces[i]
		if err == nil {
			f.recorded += f.waiting
			o.packets += f.waiting
		} else {
			o.lost += f.waiting
		}
		f.waiting = 0
	}
	if err != nil {
		o.lostBytes = v.waiting
	}
	v.waiting = 0
	v.failed, o.err = err != nil, err
	return o
}

// iface finds the interface of a packet.
func (v *volume) iface(point string, link capture.LinkType) *volumeIface {
	if v.at < len(v.ifaces) {
		if f := &v.ifaces[v.at]; f.link == link && f.point == point {
			return f
		}
	}
	for i := range v.ifaces {
		if f := &v.ifaces[i]; f.link == link && f.point == point {
			v.at = i
			return f
		}
	}
	v.at = len(v.ifaces)
	v.ifaces = append(v.ifaces, volumeIface{point: point, link: link})
	return &v.ifaces[v.at]
}

// close writes the counters and closes the file. What was dropped on the way
// is not known by interface: it stands with the first one.
func (v *volume) close(l losses) (outcome, error) {
	if len(v.ifaces) == 0 {
		v.iface("", capture.LinkEthernet) // some programs do not read files without one
	}
	var err error
	for i := range v.ifaces {
		f := &v.ifaces[i]
		st := pcapfile.IfaceStats{Start: v.first, End: v.last, Delivered: f.recorded + f.waiting}
		if i == 0 {
			st.Drops, st.IfDrops = l.kernel+l.own, l.iface
			st.Comment = fmt.Sprintf("of all interfaces; dropped by the kernel: %d, lost on the way to this file: %d", l.kernel, l.own)
		}
		st.Received = st.Delivered + st.Drops
		err = errors.Join(err, v.w.Statistics(f.point, f.link, st))
	}
	o := v.flush()
	if v.file != nil {
		err = errors.Join(err, v.file.Close())
	}
	return o, err
}

// blocks writes whole blocks to a file. Where the file takes a part only, it
// is cut behind the last whole block.
type blocks struct {
	out    io.Writer
	file   *os.File // out, if it can be cut
	end    int64    // behind the last whole block
	fresh  int      // bytes since take
	broken error    // half a block stands at the end
}

// Write meets io.Writer.
func (b *blocks) Write(p []byte) (int, error) {
	if b.broken != nil {
		return 0, b.broken
	}
	n, err := b.out.Write(p)
	if err == nil {
		b.end += int64(n)
		b.fresh += n
		return n, nil
	}
	if n > 0 {
		b.cut(err)
	}
	return 0, err
}

// cut takes half a block off the end.
func (b *blocks) cut(cause error) {
	if b.file == nil {
		b.broken = cause
		return
	}
	err := b.file.Truncate(b.end)
	if err == nil {
		_, err = b.file.Seek(b.end, io.SeekStart)
	}
	if err != nil {
		b.broken = errors.Join(cause, err)
	}
}

// take gives the bytes written since the last call.
func (b *blocks) take() int {
	n := b.fresh
	b.fresh = 0
	return n
}
