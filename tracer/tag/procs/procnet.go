package procs

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"math/bits"
)

// maxNetLine bounds a line of /proc/net/tcp; the kernel pads them to 150 bytes
// and those of IPv6 to about 200.
const maxNetLine = 4096

// readSockets parses what /proc/PID/net/{tcp,tcp6,udp,udp6} say
// (Documentation/networking/proc_net_tcp.rst), and calls take until it says
// stop. Lines that are not sockets are counted, not reported: the kernel writes
// the file in pages, between which sockets come and go.
func readSockets(r io.Reader, proto Proto, take func(*socket) bool) (bad int, err error) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, maxNetLine), maxNetLine)
	for first := true; sc.Scan(); first = false {
		if first && bytes.Contains(sc.Bytes(), []byte("local_address")) {
			continue
		}
		s := socket{proto: proto}
		if !s.parse(sc.Bytes()) {
			bad++
			continue
		}
		if !take(&s) {
			break
		}
	}
	return bad, sc.Err()
}

// parse reads one line:
//
//	sl: local_address:port rem_address:port st tx:rx tr:when retrnsmt uid timeout inode ...
func (s *socket) parse(line []byte) bool {
	var f [10][]byte
	for i := range f {
		line = bytes.TrimLeft(line, " \t")
		n := bytes.IndexAny(line, " \t")
		if n < 0 {
			n = len(line)
		}
		if n == 0 {
			return false
		}
		f[i], line = line[:n], line[n:]
	}
	state, ok1 := hexNumber(f[3], 8)
	uid, ok2 := decimal(f[7])
	inode, ok3 := decimal(f[9])
	var ok4, ok5 bool
	s.addr, s.port, ok4 = hexEndpoint(f[1])
	s.from, s.peer, ok5 = hexEndpoint(f[2])
	s.state, s.uid, s.inode = uint8(state), uid, inode
	return ok1 && ok2 && ok3 && ok4 && ok5
}

// hexEndpoint reads an address, written as 32-bit words in the byte order of
// this machine, and a port.
func hexEndpoint(b []byte) (a Addr, port uint16, ok bool) {
	i := bytes.IndexByte(b, ':')
	if i != 8 && i != 32 {
		return a, 0, false
	}
	p, ok := hexNumber(b[i+1:], 16)
	if !ok {
		return a, 0, false
	}
	a = wild4()
	to := a[12:]
	if i == 32 {
		to = a[:]
	}
	for w := 0; w < i; w += 8 {
		v, ok := hexNumber(b[w:w+8], 32)
		if !ok {
			return a, 0, false
		}
		binary.NativeEndian.PutUint32(to[w/2:], v)
	}
	return a, uint16(p), true
}

// hexNumber reads at most size bits.
func hexNumber(b []byte, size int) (uint32, bool) {
	if len(b) == 0 || len(b)*4 > max(size, 8) {
		return 0, false
	}
	var v uint32
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		v = v<<4 | uint32(c)
	}
	return v, bits.Len32(v) <= size
}

// decimal reads a number of 32 bits.
func decimal(b []byte) (uint32, bool) {
	if len(b) == 0 || len(b) > 10 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		v = v*10 + uint64(c-'0')
	}
	return uint32(v), v <= 1<<32-1
}
