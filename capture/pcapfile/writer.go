package pcapfile

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/capture"
)

// Format is a capture file format to write.
type Format uint8

// Formats.
const (
	Pcapng Format = iota // one interface for each point and link type
	Pcap                 // one link type, no points; nanoseconds
)

const (
	writerBuffer  = 64 << 10
	writerSnaplen = 262144
)

// Writer writes packets to a capture file, in little endian and nanoseconds.
// The directions of packets are not kept: pcapgo writes no packet options.
type Writer struct {
	format Format
	out    *bufio.Writer
	patch  *linkPatch
	ng     *pcapgo.NgWriter
	plain  *pcapgo.Writer
	link   capture.LinkType // of a pcap file
	ifaces map[writerIface]int
	tagged []byte // a frame with its VLAN tag back
}

type writerIface struct {
	point string
	link  capture.LinkType
}

// NewWriter prepares a writer. Nothing is written before the first packet, for
// the header needs its link type. The caller closes w, after Flush.
func NewWriter(w io.Writer, format Format) *Writer {
	patch := &linkPatch{w: w}
	return &Writer{
		format: format,
		out:    bufio.NewWriterSize(patch, writerBuffer),
		patch:  patch,
		ifaces: make(map[writerIface]int),
	}
}

// Write appends a packet that was seen at a capture point. A tag that the NIC
// stripped is put back into Ethernet frames. Data is not kept.
func (w *Writer) Write(p *capture.Packet, point string) error {
	data, wire := p.Data, p.WireLen
	if p.VLAN != 0 && p.Link == capture.LinkEthernet && len(data) >= 12 {
		w.tagged = append(w.tagged[:0], data[:12]...)
		w.tagged = append(w.tagged, 0x81, 0, byte(p.VLAN>>8), byte(p.VLAN)) // 802.1Q
		data, wire = append(w.tagged, data[12:]...), wire+4
		w.tagged = data[:0]
	}
	ci := gopacket.CaptureInfo{
		Timestamp:     time.Unix(0, p.Time),
		CaptureLength: len(data),
		Length:        max(int(wire), len(data)),
	}
	if w.format == Pcap {
		if err := w.header(p.Link); err != nil {
			return err
		}
		return w.plain.WritePacket(ci, data)
	}
	var err error
	if ci.InterfaceIndex, err = w.iface(point, p.Link); err != nil {
		return err
	}
	return w.ng.WritePacket(ci, data)
}

// Flush writes what is buffered. Without a packet it writes the header of an
// empty Ethernet capture.
func (w *Writer) Flush() error {
	if w.ng == nil && w.plain == nil {
		var err error
		if w.format == Pcap {
			err = w.header(capture.LinkEthernet)
		} else {
			_, err = w.iface("", capture.LinkEthernet)
		}
		if err != nil {
			return err
		}
	}
	return w.out.Flush()
}

// header writes the header of a pcap file once.
func (w *Writer) header(link capture.LinkType) error {
	if w.plain != nil {
		if link != w.link {
			return fmt.Errorf("write pcap: link type %d after link type %d, which takes pcapng", link, w.link)
		}
		return nil
	}
	w.plain, w.link = pcapgo.NewWriterNanos(w.out), link
	w.patch.set(link)
	if err := w.plain.WriteFileHeader(writerSnaplen, 0); err != nil {
		return err
	}
	return w.out.Flush()
}

// iface gives the number of the interface of a point.
func (w *Writer) iface(point string, link capture.LinkType) (int, error) {
	key := writerIface{point, link}
	if id, ok := w.ifaces[key]; ok {
		return id, nil
	}
	id := 0
	// The description must be alone in the buffer for the patch.
	err := w.out.Flush()
	if err == nil {
		w.patch.set(link)
		desc := pcapgo.NgInterface{Name: point[:min(len(point), maxIfName)], LinkType: layers.LinkTypeNull, SnapLength: writerSnaplen}
		if w.ng == nil {
			w.ng, err = pcapgo.NewNgWriterInterface(w.out, desc, pcapgo.NgWriterOptions{
				SectionInfo: pcapgo.NgSectionInfo{Application: "wirespan"},
			})
		} else {
			id, err = w.ng.AddInterface(desc)
		}
	}
	if err == nil {
		err = w.out.Flush()
	}
	if err != nil {
		return 0, err
	}
	w.ifaces[key] = id
	return id, nil
}

// linkPatch puts the link type into a header on its way out. pcapgo knows
// link types in 8 bits only, LINUX_SLL2 is 276.
type linkPatch struct {
	w    io.Writer
	link capture.LinkType
	on   bool
}

func (l *linkPatch) set(link capture.LinkType) { l.link, l.on = link, true }

func (l *linkPatch) Write(b []byte) (int, error) {
	if l.on {
		at, err := linkPlace(b)
		if err != nil {
			return 0, err
		}
		binary.LittleEndian.PutUint16(b[at:], uint16(l.link)) // b is the buffer of our own bufio.Writer
		l.on = false
	}
	return l.w.Write(b)
}

// linkPlace finds the link type in a pcap header, or in an interface
// description with or without a section header in front.
func linkPlace(b []byte) (int, error) {
	at := 0
	if len(b) >= pcapHeader {
		switch binary.LittleEndian.Uint32(b) {
		case magicNano:
			return 20, nil
		case magicSection:
			at = int(binary.LittleEndian.Uint32(b[4:]))
		}
	}
	if len(b) < at+descriptionOptions || binary.LittleEndian.Uint32(b[at:]) != blockInterface {
		return 0, errors.New("write capture: header is not where pcapgo used to put it")
	}
	return at + descriptionLink, nil
}
