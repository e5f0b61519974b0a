package main

import (
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
)

// data answers what a data packet asks.
func (c *conn) data(b []byte) error {
	r := &buffer{b: b}
	switch {
	case len(b) >= 4 && binary.BigEndian.Uint32(b) == 0xdeadbeef:
		return c.services()
	case b[0] == 1:
		return c.plain(c.protocol())
	case b[0] == 2:
		if len(b) > 14 {
			c.field = min(c.field, int(b[14])) // that the client offers
		}
		return c.plain([]byte{2, 0, 0})
	case b[0] == 34:
		i := strings.Index(string(b), "\x03\x76")
		r.at = i + 3
		a := append(c.protocol(), 2, 0, 0)
		return c.send(append(a, c.key(r)...))
	}
	for {
		kind := r.byte()
		fn := r.byte()
		r.skip(1)
		if c.field >= 18 {
			c.token = r.num()
		}
		if kind == 3 {
			return c.call(fn, r)
		}
		if kind != 17 {
			return fmt.Errorf("message %d", kind)
		}
		c.piggyback(fn, r)
	}
}

// plain sends an answer that is never marked.
func (c *conn) plain(b []byte) error {
	ends := c.ends
	c.ends = false
	err := c.send(b)
	c.ends = ends
	return err
}

// protocol is the answer to the negotiation of the protocol.
func (c *conn) protocol() []byte {
	w := &buffer{}
	w.put(1, 6, 0)
	w.put([]byte("x86_64/Linux 2.4.xx\x00")...)
	w.put(0x69, 0x03, 1, 0, 0) // AL32UTF8, flags, no elements
	fdo := []byte{0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0xd0}
	w.put(0, byte(len(fdo)))
	w.put(fdo...)
	caps := make([]byte, 53)
	caps[0], caps[4], caps[7], caps[15], caps[16], caps[27], caps[37] = 6, 0x6f, byte(c.field), 0x29, 0x91, 1, 0x20
	if c.ends {
		caps[40], caps[44] = 0x24, 0x16
	}
	w.put(byte(len(caps)))
	w.put(caps...)
	rcaps := []byte{2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0}
	w.put(byte(len(rcaps)))
	w.put(rcaps...)
	return w.b
}

// services answers the negotiation of native services.
func (c *conn) services() error {
	w := &buffer{}
	version := []byte{0, 4, 0, 5, 0x0c, 0x10, 2, 0}
	service := func(n, fields int, b ...byte) {
		w.put(0, byte(n), 0, byte(fields), 0, 0, 0, 0)
		w.put(b...)
	}
	w.put(0xde, 0xad, 0xbe, 0xef, 0, 0, 0x0c, 0x10, 2, 0, 0, 4, 0)
	service(4, 3, append(version[:8:8], 0, 2, 0, 6, 0, 0x1f, 0, 14, 0, 1, 0xde, 0xad, 0xbe, 0xef, 0, 3, 0, 0, 0, 2, 0, 4, 0, 1)...)
	service(1, 2, append(version[:8:8], 0, 2, 0, 6, 0xfb, 0xff)...)
	service(2, 2, append(version[:8:8], 0, 1, 0, 2, 0)...)
	service(3, 2, append(version[:8:8], 0, 1, 0, 2, 0)...)
	binary.BigEndian.PutUint16(w.b[4:], uint16(len(w.b)))
	return c.plain(w.b)
}

// piggyback passes over a call in front of another.
func (c *conn) piggyback(fn byte, r *buffer) {
	switch fn {
	case 0x69, 0x78:
		r.skip(1)
		for n := r.num(); n > 0; n-- {
			r.num()
		}
	case 0x98:
		r.skip(1)
		r.counted()
	case 0xc7:
		r.num()
		r.skip(2)
	case 0x87:
		r.skip(2)
		r.num()
		n := 0
		name := func() {
			if set := r.byte(); r.num() > 0 && set != 0 {
				n++
			}
		}
		for range 4 {
			name()
		}
		r.skip(1)
		r.num()
		name()
		r.skip(1)
		r.num()
		r.skip(1)
		r.num()
		name()
		for ; n > 0; n-- {
			r.text()
		}
	case 0x9a:
		if r.byte() != 0 {
			r.num()
		}
		r.skip(1)
		n := r.num()
		r.num()
		r.skip(1)
		r.text()
		for ; n > 0; n-- {
			r.counted()
			r.counted()
			r.num()
		}
	default:
		panic(fmt.Sprintf("piggyback %#x", fn))
	}
}

// call answers a function call.
func (c *conn) call(fn byte, r *buffer) error {
	switch fn {
	case 0x76:
		return c.send(c.key(r))
	case 0x73:
		return c.send(c.auth(r))
	case 0x3b:
		w := &buffer{}
		w.put(8)
		w.ub(22)
		w.clr("Oracle Database peer \x00")
		w.ub(0x15030000)
		return c.send(append(w.b, c.status()...))
	case 0x5e:
		return c.execute(r)
	case 0x4e, 0x04:
		cursor, n := r.num(), r.num()
		return c.run2(c.texts[cursor], cursor, n, false)
	case 0x05:
		cursor, n := r.num(), r.num()
		return c.send(c.rows(cursor, n, nil))
	}
	return c.send(c.status())
}

// status is the answer of calls that return nothing.
func (c *conn) status() []byte {
	w := &buffer{}
	w.put(9)
	w.ub(1)
	w.ub(1)
	return w.b
}

// execute reads an OALL8 field by field.
func (c *conn) execute(r *buffer) error {
	options, cursor := r.num(), r.num()
	has := r.byte()
	size := r.num()
	r.skip(1)
	r.num()
	r.skip(3)
	n := r.num()
	r.num()
	r.skip(1)
	r.num()
	r.skip(5)
	r.skip(1)
	r.num()
	r.num()
	r.skip(3)
	r.num()
	r.skip(1)
	r.num()
	r.num()
	if c.field >= 7 {
		r.skip(1)
		r.num()
		r.skip(1)
	}
	if c.field >= 8 {
		r.skip(1)
		r.num()
		r.skip(1)
		r.num()
		r.skip(1)
	}
	if c.field >= 9 {
		r.skip(1)
		r.num()
	}
	sql := c.texts[cursor]
	if has != 0 && size > 0 {
		if sql = r.text(); len(sql) != size {
			panic("length of the statement")
		}
	}
	if cursor == 0 {
		c.cursors++
		cursor = c.cursors
	}
	c.texts[cursor] = sql
	if options&0x40 != 0 && options&0x21 == 0 {
		return c.send(c.rows(cursor, n, nil))
	}
	if options&0x20 == 0 {
		return c.send(append(c.describe(), c.result(0, 0, cursor, "")...))
	}
	return c.run2(sql, cursor, n, true)
}

var firstWord = regexp.MustCompile(`^\s*(?:/\*.*?\*/\s*)?(\w+)`)

// run2 answers a statement; n rows are wanted at once.
func (c *conn) run2(sql string, cursor, n int, described bool) error {
	up := strings.ToUpper(sql)
	word := ""
	if m := firstWord.FindStringSubmatch(up); m != nil {
		word = m[1]
	}
	switch {
	case strings.Contains(up, "SLOW"):
		return nil // until the client breaks it off
	case strings.Contains(up, "RESET"):
		if err := c.write(12, []byte{1, 0, 1}); err != nil {
			return err
		}
		if err := c.write(12, []byte{1, 0, 2}); err != nil {
			return err
		}
		if _, _, err := c.packet(); err != nil {
			return err
		}
		return c.send(c.result(942, 0, cursor, "table or view does not exist"))
	case strings.Contains(up, "NOWHERE"):
		return c.send(c.result(942, 0, cursor, "table or view does not exist"))
	case strings.Contains(up, "TWICE"):
		return c.send(c.result(1, 0, cursor, "unique constraint (SHOP.ORDERS_PK) violated on row with value '4711'"))
	case strings.Contains(up, "RAISE"):
		return c.send(c.result(20001, 0, cursor, "customer secret\nORA-06512: at line 1"))
	case strings.Contains(up, "BROKEN"):
		return c.send(c.result(4031, 0, cursor, "unable to allocate 4096 bytes of shared memory (\"shared pool\",\"unknown object\",\"sga heap(1,0)\",\"kglsim\")"))
	case word == "SELECT" || word == "WITH":
		rows := 3
		if strings.Contains(up, "FROM BIG") {
			rows = 60
		}
		if strings.Contains(up, "FROM LARGE") {
			rows = 400
		}
		c.left[cursor] = rows
		var head []byte
		if described {
			head = c.describe()
		}
		return c.send(c.rows(cursor, n, head))
	case word == "INSERT":
		return c.send(append(c.returns(), c.result(0, 1, cursor, "")...))
	case word == "UPDATE":
		return c.send(append(c.returns(), c.result(0, 3, cursor, "")...))
	case word == "DELETE", word == "MERGE":
		return c.send(append(c.returns(), c.result(0, 2, cursor, "")...))
	case word == "BEGIN", word == "CALL":
		return c.send(append(c.returns(), c.result(0, 1, cursor, "")...))
	}
	return c.send(append(c.returns(), c.result(0, 0, cursor, "")...))
}

// returns are the parameters that an execution returns.
func (c *conn) returns() []byte {
	w := &buffer{}
	w.put(8)
	w.ub(2)
	w.ub(0x1234)
	w.ub(0)
	w.ub(0)
	w.ub(0)
	w.ub(0)
	return w.b
}

// describe are the columns: a number and a name.
func (c *conn) describe() []byte {
	w := &buffer{}
	w.put(16)
	w.clr("\x01\x02\x03\x04\x05\x06\x07")
	w.ub(50)
	w.ub(2)
	w.put(1)
	for i, name := range []string{"ID", "NAME"} {
		w.put([]byte{2, 1}[i], 0x80, 0, 0)
		w.ub([]int{22, 40}[i])
		w.ub(0)
		w.ub(0)
		w.ub(0)
		w.ub(0)
		w.ub([]int{0, 873}[i])
		w.put(byte(i))
		w.ub([]int{0, 40}[i])
		if c.field >= 8 {
			w.ub(0)
		}
		w.put(1, byte(len(name)))
		w.dlc(name)
		w.dlc("")
		w.dlc("")
		w.ub(i + 1)
		w.ub(0)
		if c.field >= 17 {
			w.dlc("")
			w.dlc("")
		}
		if c.field >= 20 {
			w.ub(0)
		}
		if c.field >= 24 {
			w.ub(0)
			w.put(0, 0)
		}
	}
	w.dlc("\x78\x71\x0c\x0a\x08\x0e\x29")
	w.ub(0)
	w.ub(0)
	w.ub(0)
	w.ub(0)
	w.dlc("")
	return w.b
}

// rows are up to n rows of a cursor.
func (c *conn) rows(cursor, n int, head []byte) []byte {
	w := &buffer{b: head}
	total := c.left[cursor]
	n = min(n, total)
	if n > 0 {
		w.put(6, 0x22)
		w.ub(2)
		w.ub(0)
		w.ub(n)
		w.ub(0)
		w.ub(0)
		w.ub(0)
	}
	for i := range n {
		w.put(7, 3, 0xc2, 2, byte(i%100+1))
		w.clr(fmt.Sprintf("name of row %d, which is a value", i))
	}
	c.left[cursor] -= n
	size := 3
	for _, t := range []struct {
		name string
		rows int
	}{{"BIG", 60}, {"LARGE", 400}} {
		if strings.Contains(strings.ToUpper(c.texts[cursor]), "FROM "+t.name) {
			size = t.rows
		}
	}
	w.b = append(w.b, c.returns()...)
	if n < total || n == 0 && total > 0 {
		return append(w.b, c.result(0, size-c.left[cursor], cursor, "")...)
	}
	return append(w.b, c.result(1403, size, cursor, "no data found")...)
}

// result is the error record that ends an answer.
func (c *conn) result(code, rows, cursor int, text string) []byte {
	w := &buffer{}
	w.put(4)
	w.ub(1)
	w.ub(7)
	w.ub(rows)
	w.ub(code & 0xffff)
	w.put(0, 0)
	w.ub(cursor)
	w.ub(0)
	w.put(3, 0)
	w.put(0, 0, 0, 0)
	w.put(0, 0, 0, 0, 0)
	w.put(0, 0, 0, 0)
	w.ub(1)
	w.put(0)
	if c.field >= 7 {
		w.put(0, 0, 0)
		w.ub(code)
		w.ub(rows)
	} else {
		w.put(0, 0, 0)
	}
	if c.field >= 14 {
		w.ub(3)
		w.ub(0)
	}
	if code != 0 {
		w.clr(fmt.Sprintf("ORA-%05d: %s\n", code, text))
	}
	return w.b
}
