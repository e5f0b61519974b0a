package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"os"
	"time"
)

// Captures of frames of the least size, 60 bytes and a checksum that captures
// leave out: what a core has to keep up with when a mirror shows little packets.
const (
	frameSize = 60
	together  = 4096 // connections that are open at a time
)

// chatter is a capture that is made here.
type chatter struct {
	name  string
	frame func(b []byte, n int) []byte // appends the nth frame
}

func chatters() []chatter {
	return []chatter{
		{"tcp64", tcpFrames(60)},     // connections of 246 packets
		{"tcp64short", tcpFrames(6)}, // of 30
		{"udp64", udpFrame},
		{"dns", dnsFrame},
	}
}

// write makes a little-endian pcap of so many frames, two a microsecond.
func (c *chatter) write(path string, packets int) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	w := bufio.NewWriterSize(out, 1<<20)
	head := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	head = binary.LittleEndian.AppendUint32(head, 4<<16|2) // version 2.4
	for _, v := range []uint32{0, 0, 1 << 18, 1} {
		head = binary.LittleEndian.AppendUint32(head, v)
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	var b []byte
	for n := range packets {
		b = c.frame(append(b[:0], make([]byte, 16)...), n)
		us := 1_780_000_000*int64(time.Second/time.Microsecond) + int64(n)/2
		for i, v := range []uint32{uint32(us / 1e6), uint32(us % 1e6), uint32(len(b) - 16), uint32(len(b) - 16)} {
			binary.LittleEndian.PutUint32(b[4*i:], v)
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), out.Close())
}

// tcpFrames goes round the connections that are open, one frame of each: a
// handshake, then requests and answers of one to six bytes in a protocol that
// nobody knows, each acknowledged by an empty segment, and an end in order.
func tcpFrames(exchanges int) func(b []byte, n int) []byte {
	return func(b []byte, n int) []byte { return tcpFrame(b, n, exchanges) }
}

func tcpFrame(b []byte, n, exchanges int) []byte {
	length := 3 + 4*exchanges + 3
	round, slot := n/together, n%together
	conn, step := round/length*together+slot, round%length
	size := func(message int) int { return 1 + (conn+message)%6 }
	sent := [2]uint32{uint32(conn) * 0x01234567, uint32(conn) * 0x07654321} // next of client and server
	up, flags, payload := true, byte(0x10), 0
	switch data := step - 3; {
	case step == 0:
		flags = 0x02
	case step == 1:
		up, flags = false, 0x12
	case step == 2:
	case data < 4*exchanges:
		// 0 request, 1 its acknowledgement, 2 answer, 3 its acknowledgement
		up = data%4 == 0 || data%4 == 3
		if data%2 == 0 {
			flags, payload = 0x18, size(data/2)
		}
	default:
		up = data-4*exchanges != 1
		if data-4*exchanges < 2 {
			flags = 0x11
		}
	}
	// What each side has sent by now follows from the step.
	if step > 0 {
		sent[0]++
	}
	if step > 1 {
		sent[1]++
	}
	for m := range 2 * exchanges {
		if 3+2*m < step {
			sent[m%2] += uint32(size(m))
		}
	}
	for side := range 2 {
		if 3+4*exchanges+side < step {
			sent[side]++
		}
	}
	seq, ack := sent[0], sent[1]
	if !up {
		seq, ack = ack, seq
	}
	if step == 0 {
		ack = 0
	}
	at := len(b)
	b = header(b, conn, n, up, 6, 20+payload)
	b = ports(b, conn, up, 7007)
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0)
	for i := range payload {
		b = append(b, 0x90+byte(conn+step*5+i*3)&0x3f)
	}
	return padded(sum(b, at, 16), at)
}

// udpFrame is a datagram of 18 bytes in a protocol that nobody knows, and its
// answer, of as many clients as there are connections of TCP.
func udpFrame(b []byte, n int) []byte {
	conn, up := n/2%together, n%2 == 0
	at := len(b)
	b = header(b, conn, n, up, 17, 8+18)
	b = ports(b, conn, up, 7008)
	b = append(b, 0, 8+18, 0, 0)
	for i := range 18 {
		b = append(b, 0x90+byte(n+i*7)&0x3f)
	}
	return padded(sum(b, at, 6), at)
}

// dnsFrame is a question and its answer, 64 to 80 bytes of them on the wire.
// Each pair is an exchange.
func dnsFrame(b []byte, n int) []byte {
	conn, up := n/2%together, n%2 == 0
	answer := 16
	if up {
		answer = 0
	}
	at := len(b)
	const question = 12 + 9 + 4 + 1 + 4 // host-1234 is eight letters, then "lan"
	b = header(b, conn, n, up, 17, 8+question+answer)
	b = ports(b, conn, up, 53)
	b = append(b, 0, byte(8+question+answer), 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(n/2))
	if up {
		b = append(b, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0)
	} else {
		b = append(b, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0)
	}
	b = append(b, 8, 'h', 'o', 's', 't', '0'+byte(conn>>9&7), '0'+byte(conn>>6&7), '0'+byte(conn>>3&7), '0'+byte(conn&7), 3, 'l', 'a', 'n', 0, 0, 1, 0, 1)
	if !up {
		b = append(b, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, 3, byte(conn>>8), byte(conn))
	}
	return padded(sum(b, at, 6), at)
}

// header is Ethernet and IPv4 between a client in 10.1/16 and a server in
// 10.2/16.
func header(b []byte, conn, n int, up bool, protocol byte, payload int) []byte {
	client, server := [4]byte{10, 1, byte(conn >> 8), byte(conn)}, [4]byte{10, 2, 0, byte(conn & 0x3f)}
	if !up {
		client, server = server, client
	}
	b = append(b, 2, 0, 0, 0, 1, client[1], 2, 0, 0, 0, 1, server[1], 8, 0)
	at := len(b)
	b = append(b, 0x45, 0, 0, byte(20+payload), byte(n>>8), byte(n), 0x40, 0, 64, protocol, 0, 0)
	b = append(append(b, client[:]...), server[:]...)
	binary.BigEndian.PutUint16(b[at+10:], checksum(b[at:at+20], 0))
	return b
}

func ports(b []byte, conn int, up bool, service uint16) []byte {
	client, server := uint16(20000+conn/256%40000), service
	if !up {
		client, server = server, client
	}
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, client), server)
}

// sum sets the checksum of the segment or datagram, which lies at an offset of
// it, in the frame that begins at at.
func sum(b []byte, at, field int) []byte {
	ip, l4 := b[at+14:at+34], b[at+34:]
	pseudo := uint32(ip[9]) + uint32(len(l4))
	for i := 12; i < 20; i += 2 {
		pseudo += uint32(binary.BigEndian.Uint16(ip[i:]))
	}
	binary.BigEndian.PutUint16(l4[field:], checksum(l4, pseudo))
	return b
}

func checksum(b []byte, start uint32) uint16 {
	for i := 0; i+1 < len(b); i += 2 {
		start += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		start += uint32(b[len(b)-1]) << 8
	}
	for start>>16 != 0 {
		start = start&0xffff + start>>16
	}
	return ^uint16(start)
}

// padded fills a frame up to the least size.
func padded(b []byte, at int) []byte {
	for len(b)-at < frameSize {
		b = append(b, 0)
	}
	return b
}
