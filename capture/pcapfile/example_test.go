package pcapfile_test

import (
	"bytes"
	"fmt"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
)

func Example() {
	var file bytes.Buffer
	w := pcapfile.NewWriter(&file, pcapfile.Pcapng)
	err := w.Write(&capture.Packet{Data: []byte("frame"), Time: 1_700_000_000_000_000_001, WireLen: 60, Link: capture.LinkEthernet}, "eth0")
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		fmt.Println(err)
		return
	}

	cut := bytes.NewReader(append(file.Bytes(), 6, 0, 0, 0, 40, 0))
	r := pcapfile.NewReader(cut, "example.pcapng")
	batch := make([]capture.Packet, 64)
	for {
		n, err := r.ReadBatch(batch)
		for _, p := range batch[:n] {
			fmt.Println(p.Time, p.WireLen, string(p.Data))
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// 1700000000000000001 60 frame
	// example.pcapng: packet block at byte 124: file ends within the record (has 6 of 12 bytes)
}
