package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// wrapping makes the outer headers of the nth frame, which is so long.
type wrapping struct {
	name   string
	header func(b []byte, frame, n int) []byte
}

func wrappings() []wrapping {
	return []wrapping{
		{"plain", func(b []byte, _, _ int) []byte { return b }},
		{"vxlan", vxlan},
		{"gre", func(b []byte, frame, n int) []byte {
			b = outer(b, 8+frame, n, 47)
			b = binary.BigEndian.AppendUint32(b, 0x2000<<16|0x6558) // with key, Ethernet (RFC 2890, RFC 1701)
			return binary.BigEndian.AppendUint32(b, 7)
		}},
		{"erspan", func(b []byte, frame, n int) []byte {
			b = outer(b, 16+frame, n, 47)
			b = binary.BigEndian.AppendUint32(b, 0x1000<<16|0x88be) // with sequence number (draft-foschiano-erspan, 4.2)
			b = binary.BigEndian.AppendUint32(b, uint32(n))
			b = binary.BigEndian.AppendUint32(b, 1<<28|3<<11|7) // version 1, session 7
			return binary.BigEndian.AppendUint32(b, 0)
		}},
	}
}

// vxlan is RFC 7348, section 5, with VNI 7.
func vxlan(b []byte, frame, n int) []byte {
	b = outer(b, 16+frame, n, 17)
	b = binary.BigEndian.AppendUint16(b, uint16(0xc000|n&0x3fff))
	b = binary.BigEndian.AppendUint16(b, 4789)
	b = binary.BigEndian.AppendUint32(b, uint32(16+frame)<<16)
	b = binary.BigEndian.AppendUint32(b, 0x08<<24)
	return binary.BigEndian.AppendUint32(b, 7<<8)
}

// outer is Ethernet and IPv4 from 203.0.113.1 to 203.0.113.2.
func outer(b []byte, payload, n int, protocol byte) []byte {
	b = append(b, 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0)
	at := len(b)
	b = append(b, 0x45, 0, 0, 0, 0, 0, 0, 0, 64, protocol, 0, 0, 203, 0, 113, 1, 203, 0, 113, 2)
	binary.BigEndian.PutUint16(b[at+2:], uint16(20+payload))
	binary.BigEndian.PutUint16(b[at+4:], uint16(n))
	sum := uint32(0)
	for i := at; i < at+20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	binary.BigEndian.PutUint16(b[at+10:], ^uint16(sum))
	return b
}

// wrap copies at most so many packets of a little-endian pcap of Ethernet frames
// behind outer headers, and returns how many there were.
func wrap(from, to string, packets int, header func(b []byte, frame, n int) []byte) (int, error) {
	in, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	r, w := bufio.NewReaderSize(in, 1<<20), bufio.NewWriterSize(out, 1<<20)
	file := make([]byte, 24)
	if _, err := io.ReadFull(r, file); err != nil {
		return 0, fmt.Errorf("read %s: %w", from, err)
	}
	if m := binary.LittleEndian.Uint32(file); m != 0xa1b2c3d4 && m != 0xa1b23c4d || binary.LittleEndian.Uint32(file[20:]) != 1 {
		return 0, fmt.Errorf("%s is no little-endian pcap of Ethernet", from)
	}
	binary.LittleEndian.PutUint32(file[16:], 1<<18)
	if _, err := w.Write(file); err != nil {
		return 0, err
	}
	var frame, head []byte
	n := 0
	for record := make([]byte, 16); n < packets; n++ {
		if _, err := io.ReadFull(r, record); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return n, fmt.Errorf("read %s: %w", from, err)
		}
		size := binary.LittleEndian.Uint32(record[8:])
		if size > 1<<18 {
			return n, fmt.Errorf("%s: a packet of %d bytes", from, size)
		}
		frame = append(frame[:0], make([]byte, size)...)
		if _, err := io.ReadFull(r, frame); err != nil {
			return n, fmt.Errorf("read %s: %w", from, err)
		}
		head = header(head[:0], len(frame), n)
		for _, at := range []int{8, 12} {
			binary.LittleEndian.PutUint32(record[at:], binary.LittleEndian.Uint32(record[at:])+uint32(len(head)))
		}
		for _, b := range [][]byte{record, head, frame} {
			if _, err := w.Write(b); err != nil {
				return n, err
			}
		}
	}
	return n, errors.Join(w.Flush(), out.Close())
}
