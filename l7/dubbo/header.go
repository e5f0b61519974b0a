package dubbo

import (
	"encoding/binary"

	"github.com/wirespan/wirespan/l7"
)

// headSize is the size of the header.
const headSize = 16

// Flags of the third byte; its lower five bits are the serialization.
const (
	flagRequest = 0x80
	flagTwoWay  = 0x40
	flagEvent   = 0x20
)

// header is the header of a message.
type header struct {
	flags  uint8
	serial uint8
	status uint8 // of responses
	id     uint64
	size   int64 // of the body
}

// maxSize bounds bodies; the default limit of servers is 8 MiB.
const maxSize = 1 << 28

// readHeader reads a header of 16 bytes; ok is false if no peer sends it.
func readHeader(b []byte) (h header, ok bool) {
	h = header{
		flags: b[2] &^ 0x1f, serial: b[2] & 0x1f, status: b[3],
		id: binary.BigEndian.Uint64(b[4:]), size: int64(binary.BigEndian.Uint32(b[12:])),
	}
	if b[0] != 0xda || b[1] != 0xbb || h.size > maxSize || serialName(h.serial) == nil {
		return h, false
	}
	if h.flags&flagRequest != 0 {
		return h, h.status == 0 // reserved
	}
	return h, statusName(h.status) != nil
}

// serialName names the serializations (Constants.java), nil for those that
// there are not.
func serialName(n uint8) []byte {
	if int(n) < len(serialNames) {
		return serialNames[n]
	}
	return nil
}

const (
	hessian2  = 2
	fastjson  = 6
	kryo      = 8
	kryo2     = 5
	fastjson2 = 23
)

var serialNames = [32][]byte{
	1: []byte("dubbo"), hessian2: []byte("hessian2"), 3: []byte("java"), 4: []byte("compactedjava"), kryo2: []byte("kryo2"),
	fastjson: []byte("fastjson"), 7: []byte("nativejava"), kryo: []byte("kryo"), 9: []byte("fst"), 10: []byte("native-hessian"),
	11: []byte("avro"), 12: []byte("protostuff"), 16: []byte("gson"), 21: []byte("protobuf-json"), 22: []byte("protobuf"),
	fastjson2: []byte("fastjson2"), 24: []byte("kryo2"), 25: []byte("msgpack"), 27: []byte("json"),
}

// statusName names the statuses of responses (Response.java).
func statusName(n uint8) []byte {
	for i := range statuses {
		if statuses[i].code == n {
			return statuses[i].name
		}
	}
	return nil
}

var statuses = [...]struct {
	code uint8
	name []byte
}{
	{20, []byte("OK")},
	{25, []byte("SERIALIZATION_ERROR")},
	{30, []byte("CLIENT_TIMEOUT")},
	{31, []byte("SERVER_TIMEOUT")},
	{35, []byte("CHANNEL_INACTIVE")},
	{40, []byte("BAD_REQUEST")},
	{50, []byte("BAD_RESPONSE")},
	{60, []byte("SERVICE_NOT_FOUND")},
	{70, []byte("SERVICE_ERROR")},
	{80, []byte("SERVER_ERROR")},
	{90, []byte("CLIENT_ERROR")},
	{100, []byte("SERVER_THREADPOOL_EXHAUSTED_ERROR")},
}

// outcomeOf says whose error a status is.
func outcomeOf(status uint8) l7.Status {
	switch status {
	case 20:
		return l7.OK
	case 30, 40, 90:
		return l7.ClientError
	}
	return l7.ServerError
}

// detect looks at the header, which is like nothing else.
func detect(dir l7.Dir, b []byte) l7.Verdict {
	for i, want := range [2]byte{0xda, 0xbb} {
		if i < len(b) && b[i] != want {
			return l7.No
		}
	}
	if len(b) < headSize {
		return l7.NeedMore
	}
	h, ok := readHeader(b)
	if !ok {
		return l7.No
	}
	switch {
	case h.flags&flagRequest != 0 == (dir == l7.ToServer):
		return l7.Yes
	case h.flags&flagEvent != 0:
		return l7.Maybe // both sides send heartbeats
	}
	return l7.No
}
