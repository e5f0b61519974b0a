package record_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/pcapfile"
	"github.com/wirespan/wirespan/capture/record"
)

// A source is read through a tee: the packets go into a file
// and into memory, from which one exchange is cut.
func Example() {
	dir, err := os.MkdirTemp("", "record")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	src, err := pcapfile.Open(ctx, pcapfile.Config{Inputs: []pcapfile.Input{{Paths: []string{"../../testdata/golden/dns-udp.pcap"}, Name: "eth0"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer src.Close()

	cfg := record.DefaultFiles(filepath.Join(dir, "out.pcapng"))
	cfg.Agent = "host1"
	files, err := record.OpenFiles(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	recent, err := record.NewRecent(record.RecentConfig{Size: 16 << 20, Payload: true, Agent: "host1"})
	if err != nil {
		fmt.Println(err)
		return
	}

	live := record.Tee(src, files, recent)
	batch := make([]capture.Packet, 64)
	for {
		_, err := live.ReadBatch(ctx, batch) // here the packets would be traced
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	if err := files.Close(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(files.Stats().Packets, "packets in files,", files.Stats().Lost(), "lost")

	sel := record.NewSelection()
	if err := sel.Add(record.Exchange{
		Point: "eth0", Client: netip.MustParseAddrPort("192.0.2.10:34217"), Server: netip.MustParseAddrPort("192.0.2.53:53"),
		Start: 0, End: time.Now().UnixNano(),
	}); err != nil {
		fmt.Println(err)
		return
	}
	n, err := recent.Cut(ctx, sel, io.Discard)
	fmt.Println(n, "packets cut,", err)
	// Output:
	// 7 packets in files, 0 lost
	// 4 packets cut, <nil>
}
