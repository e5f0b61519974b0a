package procs

import (
	"encoding/binary"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func addr(s string) Addr { return netip.MustParseAddr(s).As16() }

const tcp6File = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: B80D0120000000000000000001000000:01BB B80D0120000000000000000002000000:D431 01 00000000:00000000 00:00000000 00000000    33        0 4712 1 0000000000000000 20 4 30 10 -1
   2: 0000000000000000FFFF00000A000001:0050 0000000000000000FFFF00000A000002:D432 06 00000000:00000000 03:00000A4C 00000000     0        0 0 3 0000000000000000
`

const tcpFile = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0CEA 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 99 1 0000000000000000 100 0 0 10 0
   1: 0100007F:ZZZZ 00000000:0000 0A
 102: 050200C0:8F2C 0A0200C0:1F90 01 00000000:00000000 02:000A6D4C 00000000  1000        0 4294967295 2 0000000000000000 20 4 1 10 -1
`

// TestReadSockets reads /proc/net/tcp and tcp6 of a little-endian machine.
func TestReadSockets(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("the kernel writes addresses in the order of the machine; the fixture is little-endian")
	}
	read := func(s string) (list []socket, bad int) {
		bad, err := readSockets(strings.NewReader(s), TCP, func(k *socket) bool {
			list = append(list, *k)
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
		return list, bad
	}
	list, bad := read(tcpFile)
	if d := cmp.Diff([]socket{
		{proto: TCP, state: stateListen, port: 3306, addr: addr("::ffff:127.0.0.1"), from: wild4(), uid: 1000, inode: 99},
		{
			proto: TCP, state: stateEstablished, port: 36652, peer: 8080,
			addr: addr("::ffff:192.0.2.5"), from: addr("::ffff:192.0.2.10"), uid: 1000, inode: 1<<32 - 1,
		},
	}, list, cmp.AllowUnexported(socket{})); d != "" || bad != 1 {
		t.Errorf("tcp: %d bad lines (-want +got):\n%s", bad, d)
	}
	list, bad = read(tcp6File)
	if d := cmp.Diff([]socket{
		{proto: TCP, state: stateListen, port: 80, uid: 0, inode: 4711},
		{
			proto: TCP, state: stateEstablished, port: 443, peer: 54321,
			addr: addr("2001:db8::1"), from: addr("2001:db8::2"), uid: 33, inode: 4712,
		},
		{
			proto: TCP, state: stateTimeWait, port: 80, peer: 54322,
			addr: addr("::ffff:1.0.0.10"), from: addr("::ffff:2.0.0.10"),
		},
	}, list, cmp.AllowUnexported(socket{})); d != "" || bad != 0 {
		t.Errorf("tcp6: %d bad lines (-want +got):\n%s", bad, d)
	}
}

// TestReadSocketsStops tells that a bound ends the reading.
func TestReadSocketsStops(t *testing.T) {
	n := 0
	if _, err := readSockets(strings.NewReader(tcp6File), TCP, func(*socket) bool { n++; return false }); err != nil || n != 1 {
		t.Errorf("%d sockets, %v", n, err)
	}
}

func FuzzReadSockets(f *testing.F) {
	f.Add(tcpFile)
	f.Add(tcp6File)
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		bad, _ := readSockets(strings.NewReader(s), UDP, func(k *socket) bool {
			n++
			return true
		})
		if lines := strings.Count(s, "\n") + 1; n+bad > lines {
			t.Errorf("%d sockets and %d bad lines of %d", n, bad, lines)
		}
	})
}

const fibTrie = `Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.7
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
Local:
     |-- 127.0.0.1
        /32 host LOCAL
     |-- 192.0.2.9
        /32 host LOCAL
`

func TestReadAddresses(t *testing.T) {
	var got []Addr
	add := func(a Addr) { got = append(got, a) }
	if err := readFibTrie(strings.NewReader(fibTrie), add); err != nil {
		t.Fatal(err)
	}
	if err := readIfInet6(strings.NewReader("00000000000000000000000000000001 01 80 10 80       lo\n"+
		"20010db8000000000000000000000001 02 40 00 80     eth0\nbad\n"), add); err != nil {
		t.Fatal(err)
	}
	want := []Addr{
		addr("::ffff:192.0.2.7"), addr("::ffff:127.0.0.1"), addr("::ffff:192.0.2.9"), addr("::1"), addr("2001:db8::1"),
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func FuzzReadAddresses(f *testing.F) {
	f.Add(fibTrie)
	f.Add("20010db8000000000000000000000001 02 40 00 80     eth0\n")
	f.Fuzz(func(t *testing.T, s string) {
		n := 0
		add := func(Addr) { n++ }
		_ = readFibTrie(strings.NewReader(s), add)
		_ = readIfInet6(strings.NewReader(s), add)
		if n > 2*maxAddresses {
			t.Errorf("%d addresses", n)
		}
	})
}

// diagReply makes messages as the kernel sends them.
func diagReply(seq uint32, kind uint16, body []byte) []byte {
	n := binary.NativeEndian
	b := n.AppendUint32(nil, uint32(sizeNlmsghdr+len(body)))
	b = n.AppendUint16(b, kind)
	b = n.AppendUint16(b, 2)
	b = n.AppendUint32(b, seq)
	b = append(n.AppendUint32(b, 0), body...)
	return append(b, make([]byte, (4-len(b)%4)%4)...)
}

func diagBody(family, state uint8, inode uint32) []byte {
	b := make([]byte, sizeDiagMessage)
	b[0], b[1] = family, state
	binary.BigEndian.PutUint16(b[4:], 8080)
	copy(b[8:], []byte{192, 0, 2, 5})
	binary.NativeEndian.PutUint32(b[64:], 1000)
	binary.NativeEndian.PutUint32(b[68:], inode)
	return b
}

func TestParseDiag(t *testing.T) {
	var got []socket
	take := func(s *socket) { got = append(got, *s) }
	b := append(diagReply(6, sockDiagByFamily, diagBody(afInet, stateListen, 1)), // of an earlier dump
		diagReply(7, sockDiagByFamily, append(diagBody(afInet, stateListen, 2), 4, 0, 8, 0))...)
	done, _, err := parseDiag(b, TCP, 7, take)
	if done || err != nil {
		t.Fatal(done, err)
	}
	want := []socket{{
		proto: TCP, state: stateListen, port: 8080, addr: addr("::ffff:192.0.2.5"), from: wild4(), uid: 1000, inode: 2,
	}}
	if d := cmp.Diff(want, got, cmp.AllowUnexported(socket{})); d != "" {
		t.Error(d)
	}
	if done, _, err := parseDiag(diagReply(7, nlmsgDone, make([]byte, 4)), TCP, 7, take); !done || err != nil {
		t.Error("end of a dump:", done, err)
	}
	denied := binary.NativeEndian.AppendUint32(nil, uint32(1<<32-2)) // -ENOENT
	if _, _, err := parseDiag(diagReply(7, nlmsgError, denied), TCP, 7, take); !os.IsNotExist(unwrapAll(err)) {
		t.Error("a kernel without the module:", err)
	}
	if _, _, err := parseDiag(b[:40], TCP, 7, take); err == nil {
		t.Error("a message that is cut short gives no error")
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

func FuzzParseDiag(f *testing.F) {
	f.Add(diagReply(7, sockDiagByFamily, diagBody(afInet, stateListen, 2)))
	f.Add(diagReply(7, sockDiagByFamily, diagBody(afInet6, stateEstablished, 2)))
	f.Add(diagReply(7, nlmsgDone, make([]byte, 4)))
	f.Add(diagReply(7, nlmsgError, []byte{0xfe, 0xff, 0xff, 0xff}))
	f.Fuzz(func(t *testing.T, b []byte) {
		n := 0
		_, _, _ = parseDiag(b, TCP, 7, func(*socket) { n++ })
		if n*sizeDiagMessage > len(b) {
			t.Errorf("%d sockets of %d bytes", n, len(b))
		}
	})
}
