package pcapfile

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/wirespan/wirespan/capture"
)

// Format is a capture file format to write.
type Format uint8

// Formats.
const (
	Pcapng Format = iota // one interface for each point and link type
	Pcap                 // one link type, no points, no directions; nanoseconds
)

const (
	writerBuffer  = 64 << 10
	writerSnaplen = 262144
)

// Writer writes packets to a capture file, in little endian and nanoseconds.
// What it hands to its io.Writer in one piece are whole blocks, so that a file
// that is cut behind one of them is sound. It is not safe for concurrent use.
type Writer struct {
	format    Format
	recording *Recording // nil for plain files
	out       io.Writer
	buf       []byte // blocks that wait
	packets   int    // among them
	written   int64  // bytes that out has taken
	tag       tagScratch

	begun  bool             // the header was made
	link   capture.LinkType // of a pcap file
	ifaces map[writerIface]uint32
	kept   int  // interfaces that out has taken
	headed bool // out has taken the header
}

type writerIface struct {
	point string
	link  capture.LinkType
}

// NewWriter prepares a writer. Nothing is written before the first packet, for
// the header needs its link type. The caller closes w, after Flush.
func NewWriter(w io.Writer, format Format) *Writer {
	return &Writer{format: format, out: w, ifaces: make(map[writerIface]uint32)}
}

// NewRecordingWriter prepares a writer of a pcapng file that says by whom and
// where its packets were seen.
func NewRecordingWriter(w io.Writer, r Recording) *Writer {
	n := NewWriter(w, Pcapng)
	n.recording = &r
	return n
}

// Write appends a packet that was seen at a capture point. A tag that the NIC
// or the kernel stripped is put back into Ethernet and cooked frames. Data is
// not kept. On an error, the packets of Buffered and this one are lost; the
// next Write tries again, and what it writes fits behind what w took before.
func (w *Writer) Write(p *capture.Packet, point string) error {
	if err := w.header(p.Link); err != nil {
		return err
	}
	head, tail := w.tag.frame(p)
	wire := p.WireLen + uint32(len(head)+len(tail)-len(p.Data))
	if w.format == Pcap {
		w.buf = appendRecord(w.buf, p.Time, wire, head, tail)
	} else {
		id := w.iface(point, p.Link)
		w.buf = appendPacket(w.buf, id, p, wire, head, tail)
	}
	if w.packets++; len(w.buf) >= writerBuffer {
		return w.push()
	}
	return nil
}

// Describe announces an interface before its first packet.
func (w *Writer) Describe(point string, link capture.LinkType) error {
	if err := w.header(link); err != nil || w.format == Pcap {
		return err
	}
	w.iface(point, link)
	return nil
}

// Statistics appends the counters of the interfaces of a point and link type.
func (w *Writer) Statistics(point string, link capture.LinkType, s IfaceStats) error {
	if err := w.Describe(point, link); err != nil || w.format == Pcap {
		return err
	}
	id := w.iface(point, link)
	w.buf = appendStatistics(w.buf, id, &s)
	return nil
}

// Flush writes what is buffered. Before the first packet it writes the header;
// a plain capture without interfaces gets one of Ethernet.
func (w *Writer) Flush() error {
	if !w.begun {
		err := w.header(capture.LinkEthernet)
		if err == nil && w.recording == nil {
			err = w.Describe("", capture.LinkEthernet)
		}
		if err != nil {
			return err
		}
	}
	return w.push()
}

// Size is the length of the file, with what is buffered.
func (w *Writer) Size() int64 { return w.written + int64(len(w.buf)) }

// Buffered is how many packets wait for the next write: an error of Write or
// Flush loses them.
func (w *Writer) Buffered() int { return w.packets }

// push hands the buffer on, or forgets what was in it.
func (w *Writer) push() error {
	if len(w.buf) == 0 {
		return nil
	}
	n, err := w.out.Write(w.buf)
	if err == nil && n < len(w.buf) {
		err = io.ErrShortWrite
	}
	if err != nil {
		w.forget()
	} else {
		w.written += int64(len(w.buf))
		w.headed, w.kept = true, len(w.ifaces)
	}
	w.buf, w.packets = w.buf[:0], 0
	return err
}

// forget takes back the header and the interfaces that were never written.
func (w *Writer) forget() {
	w.begun = w.headed
	for key, id := range w.ifaces {
		if int(id) >= w.kept {
			delete(w.ifaces, key)
		}
	}
}

// header makes the header of the file once.
func (w *Writer) header(link capture.LinkType) error {
	switch {
	case w.begun && w.format == Pcap && link != w.link:
		return fmt.Errorf("write pcap: link type %d after link type %d, which takes pcapng", link, w.link)
	case w.begun:
		return nil
	case w.format == Pcap:
		w.buf = appendPcapHeader(w.buf, link)
	default:
		w.buf = appendSection(w.buf, w.recording)
	}
	w.begun, w.link = true, link
	return nil
}

// iface gives the number of the interface of a point.
func (w *Writer) iface(point string, link capture.LinkType) uint32 {
	key := writerIface{point, link}
	id, ok := w.ifaces[key]
	if !ok {
		id = uint32(len(w.ifaces))
		w.ifaces[key] = id
		w.buf = appendInterface(w.buf, link, point, w.recording)
	}
	return id
}

// appendPcapHeader appends a file header, draft-ietf-opsawg-pcap, section 4.
func appendPcapHeader(b []byte, link capture.LinkType) []byte {
	b = binary.LittleEndian.AppendUint32(b, magicNano)
	b = append(b, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.LittleEndian.AppendUint32(b, writerSnaplen)
	return binary.LittleEndian.AppendUint32(b, uint32(link))
}

// appendRecord appends a packet record of a pcap file, section 5.
func appendRecord(b []byte, ns int64, wire uint32, head, tail []byte) []byte {
	size := uint32(len(head) + len(tail))
	for _, v := range [...]uint32{uint32(ns / 1e9), uint32(ns % 1e9), size, max(wire, size)} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(append(b, head...), tail...)
}
