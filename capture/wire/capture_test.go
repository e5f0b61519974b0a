package wire

import (
	"bufio"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/capture"
)

const captures = "../../../shared/captures"

// captureFiles lists the captures below a folder, or skips.
func captureFiles(t *testing.T, folder string) []string {
	t.Helper()
	root := filepath.Join(captures, folder)
	if _, err := os.Stat(root); err != nil {
		t.Skipf("captures are not here: %v", err)
	}
	var files []string
	err := filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		name := strings.TrimSuffix(path, ".gz")
		if err == nil && !e.IsDir() && (strings.HasSuffix(name, ".pcap") || strings.HasSuffix(name, ".pcapng") || strings.HasSuffix(name, ".cap")) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// readCapture returns the packets of a file up to the first damaged record.
func readCapture(path string) []capture.Packet {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return nil
		}
	}
	buffered := bufio.NewReader(in)
	magic, _ := buffered.Peek(4)
	var next func() ([]byte, gopacket.CaptureInfo, error)
	var link func(gopacket.CaptureInfo) capture.LinkType
	if string(magic) == "\x0a\x0d\x0d\x0a" {
		r, err := pcapgo.NewNgReader(buffered, pcapgo.NgReaderOptions{WantMixedLinkType: true})
		if err != nil {
			return nil
		}
		next = r.ReadPacketData
		link = func(ci gopacket.CaptureInfo) capture.LinkType {
			i, err := r.Interface(ci.InterfaceIndex)
			if err != nil {
				return 0xffff
			}
			return linkType(uint8(i.LinkType))
		}
	} else {
		r, err := pcapgo.NewReader(buffered)
		if err != nil {
			return nil
		}
		r.SetSnaplen(1 << 20) // some files hold more than they promise
		next = r.ReadPacketData
		t := linkType(uint8(r.LinkType()))
		link = func(gopacket.CaptureInfo) capture.LinkType { return t }
	}
	var packets []capture.Packet
	for {
		data, ci, err := next()
		if err != nil {
			return packets
		}
		packets = append(packets, capture.Packet{
			Data: data, Time: ci.Timestamp.UnixNano(), WireLen: uint32(ci.Length),
			Link: link(ci), Tap: uint16(ci.InterfaceIndex),
		})
	}
}

// linkType undoes that gopacket keeps link types in a byte: 276 arrives as 20.
func linkType(t uint8) capture.LinkType {
	if t == uint8(capture.LinkSLL2&0xff) {
		return capture.LinkSLL2
	}
	return capture.LinkType(t)
}
