package gopcap

import (
	"fmt"
	"io"
	"math"
	"net"
	"runtime"
	"time"

	pcap "github.com/packetcap/go-pcap"
	"github.com/sirupsen/logrus"
	"golang.org/x/net/bpf"

	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/cbpf"
)

// handleSnaplen makes go-pcap take a ring of 4 MiB; smaller ones make it
// smaller.
const handleSnaplen = 65535

// settleTime is for how long after a filter was attached packets are looked at
// once more: another CPU may have had one that saw no filter.
const settleTime = 100 * time.Millisecond

// handle is an open handle of go-pcap with its filter.
type handle struct {
	h       *pcap.Handle
	link    capture.LinkType
	device  net.Interface
	snaplen int
}

// openHandle opens a device and attaches a filter; what came before is to be
// thrown away by its time.
func openHandle(name string, cfg *Config, program func(capture.LinkType) ([]bpf.RawInstruction, error)) (*handle, error) {
	device, err := net.InterfaceByName(name)
	if err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	d := &handle{device: *device, link: linkType(runtime.GOOS, device), snaplen: cfg.Snaplen}
	var code []bpf.RawInstruction
	if program != nil {
		if code, err = program(d.link); err != nil {
			return nil, fmt.Errorf("filter for %s: %w", name, err)
		}
	}
	silence()
	if d.h, err = pcap.OpenLive(name, handleSnaplen, cfg.Promiscuous, 0, false); err != nil {
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	if err := d.attach(code); err != nil {
		d.h.Close() // nobody reads it yet
		return nil, fmt.Errorf("capture on %s: %w", name, err)
	}
	return d, nil
}

// attach makes the kernel run a program, nil to accept all.
func (d *handle) attach(program []bpf.RawInstruction) error {
	if program == nil {
		program = cbpf.Accept(math.MaxUint32)
	}
	program = cbpf.Snap(program, uint32(d.snaplen))
	if runtime.GOOS == "linux" && d.device.Flags&net.FlagLoopback != 0 {
		program = cbpf.Leave(program, cbpf.Way{Loopback: uint32(d.device.Index)})
	}
	if len(program) > cbpf.MaxInstructions {
		return fmt.Errorf("attach filter: %d instructions, the kernel takes %d", len(program), cbpf.MaxInstructions)
	}
	return d.h.SetRawBPFFilter(program)
}

// silence keeps go-pcap from writing to standard error. Its logger is the one
// of the process.
func silence() {
	logrus.SetOutput(io.Discard)
	logrus.SetLevel(logrus.PanicLevel)
}

// linkType tells the link type of a device, which go-pcap does not: devices
// without hardware address have no link header on Linux, and the header of BSD
// loopbacks elsewhere.
func linkType(goos string, d *net.Interface) capture.LinkType {
	switch {
	case goos != "linux" && (d.Flags&net.FlagLoopback != 0 || len(d.HardwareAddr) == 0):
		return capture.LinkNull
	case d.Flags&net.FlagLoopback != 0:
		return capture.LinkEthernet
	case len(d.HardwareAddr) != 6:
		return capture.LinkRaw
	}
	return capture.LinkEthernet
}
