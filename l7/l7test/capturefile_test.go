package l7test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
	"github.com/google/gopacket/pcapgo"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/l7/l7test/toy"
)

// writeCapture writes frames as a pcap or pcapng file of raw IPv4.
func writeCapture(t *testing.T, file string, frames []wire.Frame) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var write func(gopacket.CaptureInfo, []byte) error
	if filepath.Ext(file) == ".pcapng" {
		w, err := pcapgo.NewNgWriter(f, layers.LinkTypeRaw)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Flush()
		write = w.WritePacket
	} else {
		w := pcapgo.NewWriter(f)
		if err := w.WriteFileHeader(65535, layers.LinkTypeRaw); err != nil {
			t.Fatal(err)
		}
		write = w.WritePacket
	}
	for _, fr := range frames {
		b := packet(t, &fr)
		ci := gopacket.CaptureInfo{Timestamp: time.Unix(0, fr.Time), CaptureLength: len(b), Length: len(b)}
		if err := write(ci, b); err != nil {
			t.Fatal(err)
		}
	}
}

func packet(t *testing.T, f *wire.Frame) []byte {
	t.Helper()
	ip := &layers.IPv4{Version: 4, IHL: 5, TTL: f.TTL, Protocol: layers.IPProtocol(f.Proto), SrcIP: f.Src[12:], DstIP: f.Dst[12:]}
	buf := gopacket.NewSerializeBuffer()
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(f.SrcPort), DstPort: layers.TCPPort(f.DstPort), Seq: f.Seq, Ack: f.Ack, Window: f.Window,
		SYN: f.Flags&wire.SYN != 0, ACK: f.Flags&wire.ACK != 0, FIN: f.Flags&wire.FIN != 0, PSH: f.Flags&wire.PSH != 0,
	}
	udp := &layers.UDP{SrcPort: layers.UDPPort(f.SrcPort), DstPort: layers.UDPPort(f.DstPort)}
	var transport gopacket.SerializableLayer = tcp
	if f.Proto == wire.ProtoUDP {
		transport = udp
	}
	err := gopacket.SerializeLayers(buf, gopacket.SerializeOptions{FixLengths: true}, ip, transport, gopacket.Payload(f.Payload))
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestPlayCapture(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"simple", "pipeline", "chunks", "mux/datagrams"} {
		s, err := Load(filepath.Join("toy", "testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		want := Play(s, toy.Mux()).messages()
		for _, ext := range []string{".pcap", ".pcapng"} {
			file := filepath.Join(dir, filepath.Base(name)+ext)
			writeCapture(t, file, s.frames())
			r, err := PlayCapture(file, toy.Mux())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, r.messages(), cmpopts.IgnoreUnexported(Message{})); diff != "" || len(r.Faults) > 0 {
				t.Errorf("%s: messages (-session +capture):\n%s%v", file, diff, r.Faults)
			}
		}
	}
}

func TestPlayCaptureOfAnotherTransport(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.pcap")
	writeCapture(t, file, UDP(Client("GET a\n")).frames())
	p := toy.Proto()
	p.Transport = 1 // TCP
	if r, err := PlayCapture(file, p); r != nil || err != nil {
		t.Errorf("result %v, error %v, want neither", r, err)
	}
	if err := os.WriteFile(file, []byte("no capture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := PlayCapture(file, p); err == nil {
		t.Error("no error for what is no capture")
	}
}
