package main

import (
	"encoding/binary"
	"io"
	"net"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver"
	w "go.mongodb.org/mongo-driver/v2/x/mongo/driver/wiremessage"
)

// pack forwards connections to a server that knows no compression: it offers
// all that a client asks for, unpacks requests and packs the replies to those
// that were packed.
func pack(listen, server string) error {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		s, err := net.Dial("tcp", server)
		if err != nil {
			return err
		}
		p := &packed{ids: map[int32]w.CompressorID{}}
		go forward(s, c, p.request)
		go forward(c, s, p.reply)
	}
}

// packed are the requests that came packed.
type packed struct {
	mu  sync.Mutex
	ids map[int32]w.CompressorID
}

func forward(to, from net.Conn, change func(id, answer int32, code w.OpCode, body []byte) []byte) {
	defer to.Close()
	for {
		head := make([]byte, 16)
		if _, err := io.ReadFull(from, head); err != nil {
			return
		}
		n, id, answer, code, _, _ := w.ReadHeader(head)
		body := make([]byte, n-16)
		if _, err := io.ReadFull(from, body); err != nil {
			return
		}
		if _, err := to.Write(change(id, answer, code, body)); err != nil {
			return
		}
	}
}

func message(id, answer int32, code w.OpCode, body []byte) []byte {
	return append(w.AppendHeader(nil, int32(16+len(body)), id, answer, code), body...)
}

func (p *packed) request(id, answer int32, code w.OpCode, body []byte) []byte {
	if code != w.OpCompressed {
		return message(id, answer, code, body)
	}
	code, body, _ = w.ReadCompressedOriginalOpCode(body)
	size, body, _ := w.ReadCompressedUncompressedSize(body)
	how, body, _ := w.ReadCompressedCompressorID(body)
	plain, err := driver.DecompressPayload(body, driver.CompressionOpts{Compressor: how, UncompressedSize: size})
	if err != nil {
		panic(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids[id] = how
	return message(id, answer, code, plain)
}

func (p *packed) reply(id, answer int32, code w.OpCode, body []byte) []byte {
	p.mu.Lock()
	how, is := p.ids[answer]
	delete(p.ids, answer)
	p.mu.Unlock()
	if !is {
		return message(id, answer, code, offer(code, body))
	}
	small, err := driver.CompressPayload(body, driver.CompressionOpts{Compressor: how, ZlibLevel: 6, ZstdLevel: 6})
	if err != nil {
		panic(err)
	}
	b := w.AppendCompressedOriginalOpCode(nil, code)
	b = w.AppendCompressedUncompressedSize(b, int32(len(body)))
	b = w.AppendCompressedCompressorID(b, how)
	return message(id, answer, w.OpCompressed, append(b, small...))
}

// offer adds the compressors to a reply to hello.
func offer(code w.OpCode, body []byte) []byte {
	at := 20 // OP_REPLY: flags, cursor, start, number
	if code == w.OpMsg {
		at = 5 // flags, kind of section
	}
	var d bson.D
	if err := bson.Unmarshal(body[at:], &d); err != nil {
		return body
	}
	for _, e := range d {
		if e.Key == "maxWireVersion" {
			d = append(d, bson.E{Key: "compression", Value: bson.A{"snappy", "zlib", "zstd"}})
			doc, err := bson.Marshal(d)
			if err != nil {
				panic(err)
			}
			return append(binary.LittleEndian.AppendUint32(nil, binary.LittleEndian.Uint32(body)), append(body[4:at:at], doc...)...)
		}
	}
	return body
}
