package flows

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/pcapgo"
	"github.com/wirespan/wirespan/capture"
	"github.com/wirespan/wirespan/capture/wire"
)

const captures = "../../shared/captures"

// packets reads a capture file; nil if it is not a plain one.
func packets(path string) []capture.Packet {
	file, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	in := bufio.NewReader(file)
	magic, _ := in.Peek(4)
	var next func() ([]byte, gopacket.CaptureInfo, error)
	var link capture.LinkType
	if string(magic) == "\x0a\x0d\x0d\x0a" {
		r, err := pcapgo.NewNgReader(in, pcapgo.NgReaderOptions{})
		if err != nil {
			return nil
		}
		next, link = r.ReadPacketData, capture.LinkType(r.LinkType())
	} else {
		r, err := pcapgo.NewReader(in)
		if err != nil {
			return nil
		}
		next, link = r.ReadPacketData, capture.LinkType(r.LinkType())
	}
	var out []capture.Packet
	for {
		data, ci, err := next()
		if err != nil {
			return out
		}
		out = append(out, capture.Packet{Data: data, Time: ci.Timestamp.UnixNano(), WireLen: uint32(ci.Length), Link: link})
	}
}

// run pushes a capture and returns the recorder and the Table.
func pushCapture(t *testing.T, path string) (*recorder, *Table) {
	t.Helper()
	r := newRecorder(t)
	r.quiet = true
	tb := newTable(t, Default(), r)
	var dec wire.Decoder
	var now int64
	for _, p := range packets(path) {
		now = max(now, p.Time)
		tb.Tick(now / tickLength * tickLength)
		var f wire.Frame
		if dec.Decode(&p, &f) != wire.OK {
			continue
		}
		tb.Push(&f, now)
		reconcile(t, tb)
	}
	tb.Flush(now)
	reconcile(t, tb)
	return r, tb
}

// followed is one stream as tshark -z follow,tcp,raw shows it.
type followed struct {
	ends [2]string
	text [2][]byte
}

// follow asks for the first n streams in one run of tshark.
func follow(t *testing.T, path string, n int) (streams []followed) {
	t.Helper()
	args := []string{"-r", path, "-q"}
	for i := range n {
		args = append(args, "-z", fmt.Sprintf("follow,tcp,raw,%d", i))
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		return nil // a damaged capture
	}
	sc := bufio.NewScanner(bytes.NewReader(out))
	sc.Buffer(nil, 1<<24)
	var f *followed
	for sc.Scan() {
		line := sc.Text()
		if strings.HasPrefix(line, "Follow: ") {
			streams = append(streams, followed{})
			f = &streams[len(streams)-1]
		}
		if f == nil {
			continue
		}
		for i := range f.ends {
			if rest, found := strings.CutPrefix(line, fmt.Sprintf("Node %d: ", i)); found {
				f.ends[i] = rest
			}
		}
		d := 0
		if strings.HasPrefix(line, "\t") {
			d, line = 1, line[1:]
		}
		if b, err := hex.DecodeString(line); err == nil && len(b) > 0 {
			f.text[d] = append(f.text[d], b...)
		}
	}
	return streams
}

func (e Endpoint) text() string {
	a := netip.AddrFrom16(e.Addr).Unmap()
	return fmt.Sprintf("%s:%d", a, e.Port)
}

// TestAgainstTshark compares the streams of real captures with what tshark's
// follow-stream shows. Streams with gaps are left out: tshark prints a text in
// place of the bytes. So are captures whose tuples are used more than once.
func TestAgainstTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("no tshark here")
	}
	if testing.Short() {
		t.Skip("tshark is started for each stream")
	}
	var files []string
	for _, folder := range []string{"tcp", "http1"} {
		m, _ := filepath.Glob(filepath.Join(captures, folder, "*.pcap*"))
		for i := 0; i < len(m); i += 3 { // tshark takes half a second each
			files = append(files, m[i])
		}
	}
	if len(files) == 0 {
		t.Skip("captures are not here")
	}
	streams, total := 0, 0
	for _, path := range files {
		r, _ := pushCapture(t, path)
		byEnds := map[string][]*Conn{}
		for i := range r.closed {
			c := &r.closed[i]
			if c.Proto == wire.ProtoTCP {
				a, b := c.Client.text(), c.Server.text()
				byEnds[a+" "+b] = append(byEnds[a+" "+b], c)
				byEnds[b+" "+a] = append(byEnds[b+" "+a], c)
			}
		}
		for i, want := range follow(t, path, min(12, len(byEnds)/2)) {
			conns := byEnds[want.ends[0]+" "+want.ends[1]]
			if len(conns) != 1 || conns[0].TCP.Dir[0].Lost+conns[0].TCP.Dir[1].Lost > 0 {
				continue
			}
			c := conns[0]
			got := *r.bytes[c.ID]
			if c.Client.text() != want.ends[0] {
				got[0], got[1] = got[1], got[0]
			}
			streams++
			for d := range got {
				total += len(got[d])
				if !bytes.Equal(got[d], want.text[d]) {
					t.Errorf("%s stream %d side %s: %d bytes, tshark %d, first difference at %d",
						filepath.Base(path), i, want.ends[d], len(got[d]), len(want.text[d]), firstDifference(got[d], want.text[d]))
				}
			}
		}
	}
	t.Logf("%d streams of %d captures compared, %d bytes", streams, len(files), total)
	if streams == 0 {
		t.Error("nothing was compared")
	}
}
