package pcapfile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/wirespan/wirespan/capture"
)

// packet is what a test expects of a capture.Packet, detached from buffers.
type packet struct {
	Time  int64
	Wire  uint32
	Data  string
	Point string
	Link  capture.LinkType
	Dir   capture.Direction
}

type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// pcapFile builds pcap files.
type pcapFile struct {
	bytes.Buffer
	order byteOrder
	magic uint32
}

func newPcapFile(order byteOrder, magic uint32, link uint32) *pcapFile {
	f := &pcapFile{order: order, magic: magic}
	f.version(2, 4, link)
	return f
}

func (f *pcapFile) version(major, minor uint16, link uint32) {
	f.Reset()
	f.u32(f.magic)
	f.u16(major)
	f.u16(minor)
	f.u32(0, 0, 262144, link)
	if f.magic == magicIxiaHW || f.magic == magicIxiaSW {
		f.u32(0)
	}
}

func (f *pcapFile) u32(values ...uint32) {
	for _, v := range values {
		f.Write(f.order.AppendUint32(nil, v))
	}
}

func (f *pcapFile) u16(v uint16) { f.Write(f.order.AppendUint16(nil, v)) }

func (f *pcapFile) record(seconds, fraction, captured, wire uint32, data string) {
	f.u32(seconds, fraction, captured, wire)
	if f.magic == magicModified {
		f.u32(3)
		f.u16(0x800)
		f.Write([]byte{4, 0})
	}
	f.WriteString(data)
}

// add appends a plain record.
func (f *pcapFile) add(seconds, fraction uint32, data string) {
	f.record(seconds, fraction, uint32(len(data)), uint32(len(data)), data)
}

// ngFile builds pcapng files.
type ngFile struct {
	bytes.Buffer
	order byteOrder
}

func newNgFile(order byteOrder) *ngFile {
	f := &ngFile{}
	f.section(order)
	return f
}

func (f *ngFile) section(order byteOrder) {
	f.order = order
	f.block(magicSection, f.u32(byteOrderTag), f.u16(1, 0), f.u64(1<<64-1))
}

func (f *ngFile) u16(values ...uint16) (b []byte) {
	for _, v := range values {
		b = f.order.AppendUint16(b, v)
	}
	return b
}

func (f *ngFile) u32(values ...uint32) (b []byte) {
	for _, v := range values {
		b = f.order.AppendUint32(b, v)
	}
	return b
}

func (f *ngFile) u64(v uint64) []byte { return f.order.AppendUint64(nil, v) }

func pad(b []byte) []byte { return append(b, make([]byte, -len(b)&3)...) }

func (f *ngFile) option(kind uint16, value []byte) []byte {
	return pad(append(f.u16(kind, uint16(len(value))), value...))
}

func (f *ngFile) block(kind uint32, parts ...[]byte) {
	body := pad(bytes.Join(parts, nil))
	total := uint32(len(body) + blockMin)
	f.Write(f.u32(kind, total))
	f.Write(body)
	f.Write(f.u32(total))
}

func (f *ngFile) iface(link uint16, snaplen uint32, options ...[]byte) {
	f.block(blockInterface, f.u16(link, 0), f.u32(snaplen), bytes.Join(options, nil), f.u32(0))
}

func (f *ngFile) enhanced(iface uint32, units uint64, data string, options ...[]byte) {
	f.block(blockEnhanced, f.u32(iface, uint32(units>>32), uint32(units), uint32(len(data)), uint32(len(data))),
		pad([]byte(data)), bytes.Join(options, nil))
}

// write puts a file into a directory of the test.
func write(t testing.TB, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// files makes an input of each path.
func files(paths ...string) []Input {
	inputs := make([]Input, len(paths))
	for i, p := range paths {
		inputs[i].Paths = []string{p}
	}
	return inputs
}

func open(t testing.TB, cfg Config) *Source {
	t.Helper()
	s, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// drain reads a source to its end.
func drain(t testing.TB, s *Source) []packet {
	t.Helper()
	var all []packet
	batch := make([]capture.Packet, 7)
	for {
		n, err := s.ReadBatch(context.Background(), batch)
		for _, p := range batch[:n] {
			all = append(all, detach(s, p))
		}
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func detach(s *Source, p capture.Packet) packet {
	return packet{p.Time, p.WireLen, string(p.Data), s.points[p.Tap].Name, p.Link, p.Dir}
}

// readAll reads one file.
func readAll(t testing.TB, content []byte) ([]packet, []*Fault) {
	t.Helper()
	s := open(t, Config{Inputs: files(write(t, t.TempDir(), "x.pcap", content))})
	return drain(t, s), s.Faults()
}
