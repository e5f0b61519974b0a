package main

import (
	"encoding/binary"
	"encoding/json"
	"io"
)

// command of the remoting protocol.
type command struct {
	Code      int               `json:"code"`
	Language  string            `json:"language"`
	Version   int               `json:"version"`
	Opaque    int32             `json:"opaque"`
	Flag      int               `json:"flag"`
	Remark    string            `json:"remark,omitempty"`
	ExtFields map[string]string `json:"extFields,omitempty"`
	Body      []byte            `json:"-"`
}

// read takes a command with a head in JSON.
func read(r io.Reader) (*command, error) {
	var lengths [8]byte
	if _, err := io.ReadFull(r, lengths[:]); err != nil {
		return nil, err
	}
	total, head := binary.BigEndian.Uint32(lengths[:]), binary.BigEndian.Uint32(lengths[4:])&0xffffff
	b := make([]byte, total-4)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	c := &command{Body: b[head:]}
	return c, json.Unmarshal(b[:head], c)
}

// write gives a command, its head in JSON or in binary form.
func (c *command) write(w io.Writer, bin bool) error {
	var head []byte
	form := uint32(0)
	if bin {
		form, head = 1<<24, c.binary()
	} else {
		var err error
		if head, err = json.Marshal(c); err != nil {
			return err
		}
	}
	b := binary.BigEndian.AppendUint32(nil, uint32(4+len(head)+len(c.Body)))
	b = binary.BigEndian.AppendUint32(b, form|uint32(len(head)))
	_, err := w.Write(append(append(b, head...), c.Body...))
	return err
}

// binary writes the head as RocketMQSerializable does.
func (c *command) binary() []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(c.Code))
	b = append(b, 0) // Java
	b = binary.BigEndian.AppendUint16(b, uint16(c.Version))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Opaque))
	b = binary.BigEndian.AppendUint32(b, uint32(c.Flag))
	b = binary.BigEndian.AppendUint32(b, uint32(len(c.Remark)))
	b = append(b, c.Remark...)
	var fields []byte
	for k, v := range c.ExtFields {
		fields = append(binary.BigEndian.AppendUint16(fields, uint16(len(k))), k...)
		fields = append(binary.BigEndian.AppendUint32(fields, uint32(len(v))), v...)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(fields))), fields...)
}
