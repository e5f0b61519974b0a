package ingest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
)

// request is a message of gRPC as it came; one copy of what the transport has.
type request struct{ body string }

// reply is a message that is encoded already.
type reply struct{ b []byte }

// codec passes our messages through, and leaves those of other services on the same
// server to protobuf.
type codec struct{ proto encoding.CodecV2 }

func newCodec() codec { return codec{encoding.GetCodecV2(proto.Name)} }

// Marshal takes a *reply, or a message of another service.
func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	if m, ok := v.(*reply); ok {
		return mem.BufferSlice{mem.SliceBuffer(m.b)}, nil
	}
	return c.proto.Marshal(v)
}

// Unmarshal fills a *request, or a message of another service.
func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*request)
	if !ok {
		return c.proto.Unmarshal(data, v)
	}
	var b strings.Builder
	b.Grow(data.Len())
	for _, part := range data {
		b.Write(part.ReadOnlyData())
	}
	m.body = b.String()
	return nil
}

// Name is that of protobuf, which the bytes are.
func (codec) Name() string { return proto.Name }

// unzstd unpacks messages of gRPC that are packed with zstd, as the Collector can send
// them.
type unzstd struct {
	u     *unpackers
	limit int
}

// Do unpacks; what is too large ends with an error.
func (z unzstd) Do(r io.Reader) ([]byte, error) {
	body, err := z.u.body(r, z.Type(), -1, z.limit)
	if errors.Is(err, errTooLarge) {
		return nil, fmt.Errorf("a request may have %d bytes", z.limit)
	}
	return []byte(body), err
}

// Type is the name of the encoding.
func (unzstd) Type() string { return "zstd" }
