package pcapfile

import (
	"context"
	"io"

	"github.com/wirespan/wirespan/capture"
)

// Reader reads one capture stream, pcap or pcapng, plain or compressed,
// without points and faults of a Source: Packet.Tap counts the interfaces in
// the order of their first packets.
type Reader struct {
	pool   pool
	window window
	stream *stream
	err    error
	taps   uint32
}

// NewReader prepares to read r, which file names in errors. The start of r is
// read to see whether it is compressed; a fault of that comes from ReadBatch.
func NewReader(r io.Reader, file string) *Reader {
	d := &Reader{}
	d.window.pool = &d.pool
	plain, packed, _, err := decompress(r)
	if err != nil {
		d.err = openFault(file, err)
		return d
	}
	d.stream = newStream(file, &plainInput{r: plain, packed: packed}, &d.window, d, &probed{})
	return d
}

// ReadBatch fills dst with packets that are valid until the next call. It
// ends with io.EOF or a *Fault, without packets.
func (d *Reader) ReadBatch(dst []capture.Packet) (int, error) {
	if d.err != nil || len(dst) == 0 {
		return 0, d.err
	}
	for {
		n, fault := d.stream.buffered(dst)
		if n > 0 {
			return n, nil
		}
		err := error(fault)
		if fault == nil {
			err = d.stream.fill(context.Background())
		}
		if err != nil {
			d.err = err
			return 0, err
		}
	}
}

func (d *Reader) place(linkOf) (uint16, *damage) {
	if d.taps > 1<<16-1 {
		return 0, &damage{reason: "more than 65536 interfaces"}
	}
	d.taps++
	return uint16(d.taps - 1), nil
}
