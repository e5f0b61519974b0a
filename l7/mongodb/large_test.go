package mongodb

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/wirespan/wirespan/l7/l7test"
)

// TestLarge has messages of which only the start is looked at: what follows is
// found all the same.
func TestLarge(t *testing.T) {
	doc := document1("x", strings.Repeat("y", 200<<10))
	section := append([]byte("\x01....documents\x00"), doc...)
	binary.LittleEndian.PutUint32(section[1:], uint32(len(section)-1))
	command := []byte("\x00....\x02insert\x00\x07\x00\x00\x00orders\x00\x02$db\x00\x05\x00\x00\x00shop\x00\x00")
	binary.LittleEndian.PutUint32(command[1:], uint32(len(command)-1))
	p := plain()
	ask := message(1, 0, command, section)
	answer := message(9, 1, append([]byte{0}, doc...))
	s := l7test.TCP(
		l7test.Client(string(ask)+string(p.Turns[0].Bytes)),
		l7test.Server(string(answer)+string(p.Turns[1].Bytes)))
	r := l7test.Play(s, Proto())
	for _, f := range r.Faults {
		t.Error(f)
	}
	var ops []string
	for _, c := range r.Conns {
		for _, m := range c.Messages {
			ops = append(ops, m.Kind+" "+m.Op)
		}
	}
	if got, want := strings.Join(ops, ", "), "request insert, request find, response , response "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// document1 is a document of one string.
func document1(name, value string) []byte {
	b := []byte("....\x02" + name + "\x00....")
	binary.LittleEndian.PutUint32(b[len(b)-4:], uint32(len(value)+1))
	b = append(b, value+"\x00\x00"...)
	binary.LittleEndian.PutUint32(b, uint32(len(b)))
	return b
}

// message is an OP_MSG.
func message(id, to uint32, sections ...[]byte) []byte {
	b := make([]byte, headLen+4, 300<<10)
	b = append(b, bytes.Join(sections, nil)...)
	for i, n := range []uint32{uint32(len(b)), id, to, opMsg} {
		binary.LittleEndian.PutUint32(b[4*i:], n)
	}
	return b
}
