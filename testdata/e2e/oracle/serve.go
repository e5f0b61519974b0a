package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
)

// conn is a connection of a client. Its service says how it is treated.
type conn struct {
	net.Conn
	host    string // of the server
	port    string
	service string
	version int // of Oracle Net
	field   int // of TTC
	sdu     int
	ends    bool // the end of answers is marked
	fast    bool
	open    bool // ACCEPT was sent
	token   int
	login   login
	cursors int
	left    map[int]int // rows that are still to fetch
	texts   map[int]string
	again   bool
}

func serve(addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	host, port, _ := net.SplitHostPort(addr)
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			defer func() {
				if v := recover(); v != nil {
					fmt.Fprintln(os.Stderr, "panic:", v)
				}
			}()
			s := &conn{Conn: c, host: host, port: port, left: map[int]int{}, texts: map[int]string{}}
			if err := s.run(); err != nil && !errors.Is(err, io.EOF) {
				fmt.Fprintln(os.Stderr, s.service, err)
			}
		}()
	}
}

// packet reads a packet: its type and what follows its header.
func (c *conn) packet() (kind byte, b []byte, err error) {
	h := make([]byte, 8)
	if _, err := io.ReadFull(c, h); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint16(h))
	if c.open && c.version >= 315 {
		n = int(binary.BigEndian.Uint32(h))
	}
	b = make([]byte, n-8)
	_, err = io.ReadFull(c, b)
	return h[4], b, err
}

func (c *conn) write(kind byte, b []byte) error {
	h := make([]byte, 8)
	binary.BigEndian.PutUint16(h, uint16(len(b)+8))
	if c.open && c.version >= 315 {
		binary.BigEndian.PutUint32(h, uint32(len(b)+8))
	}
	h[4] = kind
	_, err := c.Write(append(h, b...))
	return err
}

// send writes an answer in packets of the agreed size.
func (c *conn) send(b []byte) error {
	if c.ends {
		b = append(b, 29)
	}
	if c.token > 0 {
		w := &buffer{b: []byte{33}}
		w.ub(c.token)
		b = append(w.b, b...)
	}
	for {
		n := min(len(b), c.sdu-10)
		flags := uint16(0)
		if n == len(b) && c.ends {
			flags = 0x2000
		}
		if err := c.write(6, append(binary.BigEndian.AppendUint16(nil, flags), b[:n]...)); err != nil {
			return err
		}
		if b = b[n:]; len(b) == 0 {
			return nil
		}
	}
}

var serviceName = regexp.MustCompile(`(?i)\((?:SERVICE_NAME|SID)=([^)]*)\)`)

// run speaks with a client.
func (c *conn) run() error {
	for {
		kind, b, err := c.packet()
		if err != nil {
			return err
		}
		switch kind {
		case 1:
			if err := c.connect(b); err != nil {
				return err
			}
		case 6:
			flags := binary.BigEndian.Uint16(b)
			if flags&0x40 != 0 {
				return nil
			}
			for n := len(b) + 8; (n == c.sdu || n == c.sdu-54) && flags&0x800 == 0; { // full, as node-oracledb or go-ora fills it
				k, more, err := c.packet()
				if err != nil || k != 6 {
					return err
				}
				n = len(more) + 8
				b = append(b, more[2:]...)
			}
			if err := c.data(b[2:]); err != nil {
				return err
			}
		case 12:
			if err := c.broken(b[2]); err != nil {
				return err
			}
		default:
			return fmt.Errorf("packet of type %d", kind)
		}
	}
}

// connect answers CONNECT as the service wants it.
func (c *conn) connect(b []byte) error {
	asked := int(binary.BigEndian.Uint16(b))
	n, off := int(binary.BigEndian.Uint16(b[16:])), int(binary.BigEndian.Uint16(b[18:]))-8
	data := ""
	if off >= len(b) && n > 0 {
		_, more, err := c.packet()
		if err != nil {
			return err
		}
		data = string(more[2:])
	} else {
		data = string(b[off : off+n])
	}
	if m := serviceName.FindStringSubmatch(data); m != nil {
		c.service = m[1]
	}
	name, _, _ := strings.Cut(c.service, ".")
	switch {
	case name == "nowhere":
		text := "(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=12514)(ERROR_STACK=(ERROR=(CODE=12514)(EMFI=4))))"
		return c.write(4, append([]byte{34, 0, 0, byte(len(text))}, text...))
	case name == "elsewhere":
		to := "(ADDRESS=(PROTOCOL=TCP)(HOST=" + c.host + ")(PORT=" + c.port + "))"
		text := to + "\x00" + strings.Replace(data, "elsewhere", "store", 1)
		h := []byte{byte(len(text) >> 8), byte(len(text))}
		pk := append(h, text...)
		head := []byte{0, 0, 0, 0, 5, 2, 0, 0} // the address and what to say there
		binary.BigEndian.PutUint16(head, uint16(len(pk)+8))
		_, err := c.Write(append(head, pk...))
		return err
	case name == "again" && !c.again:
		c.again = true
		return c.write(11, nil)
	}
	c.version, c.field, c.sdu = 318, 16, 8192
	switch name {
	case "old":
		c.version, c.field = 314, 6
	case "small":
		c.version, c.field, c.sdu = 315, 8, 1024
	case "new":
		c.version, c.field, c.ends, c.fast = 319, 24, true, true
	}
	c.version = min(c.version, asked)
	a := make([]byte, 37)
	put := binary.BigEndian.PutUint16
	put(a[0:], uint16(c.version))
	put(a[2:], 1)
	put(a[4:], uint16(c.sdu))
	put(a[6:], 65535)
	put(a[8:], 256)
	put(a[12:], uint16(len(a)+8))
	a[14], a[15] = 4, 4 // no native services
	if name == "services" {
		a[14], a[15] = 1, 1
	}
	binary.BigEndian.PutUint32(a[24:], uint32(c.sdu))
	binary.BigEndian.PutUint32(a[28:], 65535)
	flags := uint32(0)
	if c.ends {
		flags |= 0x02000000
	}
	if c.fast {
		flags |= 0x10000000
	}
	binary.BigEndian.PutUint32(a[33:], flags)
	if err := c.write(2, a); err != nil {
		return err
	}
	c.open = true
	return nil
}

// broken answers a marker: a break is confirmed, then a reset, and the call
// ends with the error of one that was broken off.
func (c *conn) broken(kind byte) error {
	if kind != 2 {
		if err := c.write(12, []byte{1, 0, 1}); err != nil {
			return err
		}
		return nil
	}
	if err := c.write(12, []byte{1, 0, 2}); err != nil {
		return err
	}
	return c.send(c.result(1013, 0, 0, "user requested cancel of current operation"))
}
