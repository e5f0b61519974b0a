package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/wirespan/wirespan/bpf/sys"
)

// checkTime is how long the events of the self-check may take.
const checkTime = 2 * time.Second

// turn is one call that the self-check makes.
type turn struct {
	client bool // which end makes it
	dir    sys.Direction
	length uint32
}

// Two messages there and one back, and who must be seen to move them.
var checkTurns = []turn{
	{true, sys.Sent, 101}, {false, sys.Received, 101}, {false, sys.Sent, 211}, {true, sys.Received, 211}, {true, sys.Sent, 307}, {false, sys.Received, 307},
}

// selfCheck demands that a source tells rightly of a connection of ours over
// loopback: every call, with its length, ports and sequence numbers. It returns
// our process as the kernel knows it, which in a container is not os.Getpid.
func selfCheck(ctx context.Context, s sys.Source) (own uint32, err error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	client, server, err := converse(ctx)
	if err != nil {
		return 0, fmt.Errorf("self-check: talk over loopback: %w", err)
	}
	var seen [6]*sys.Event
	batch := make([]sys.Event, 256)
	for missing(seen[:]) >= 0 {
		n, err := s.Read(ctx, batch)
		for i := range batch[:n] {
			sortIn(&seen, &batch[i], client, server)
		}
		if err != nil {
			t := missing(seen[:])
			if t < 0 {
				break
			}
			if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, io.EOF) {
				err = errUnseen
			}
			return 0, fmt.Errorf("self-check: call %d of %d: %w", t+1, len(checkTurns), err)
		}
	}
	return seen[0].TGID, agree(&seen)
}

var errUnseen = errors.New("it was not seen")

// missing is the first call that no event told of, -1 if there is none.
func missing(seen []*sys.Event) int {
	for i, e := range seen {
		if e == nil {
			return i
		}
	}
	return -1
}

// sortIn finds out which call an event tells of.
func sortIn(seen *[6]*sys.Event, e *sys.Event, client, server uint16) {
	if e.Type != sys.IO {
		return
	}
	for i, t := range checkTurns {
		local, remote := server, client
		if t.client {
			local, remote = client, server
		}
		if seen[i] == nil && e.LocalPort == local && e.RemotePort == remote && e.Direction == t.dir && e.Length == t.length {
			kept := *e
			seen[i] = &kept
			return
		}
	}
}

// agree checks that both ends tell the same sequence numbers, and that messages
// follow each other.
func agree(seen *[6]*sys.Event) error {
	for i := 0; i < len(seen); i += 2 {
		if a, b := seen[i], seen[i+1]; a.Seq != b.Seq && (a.Flags|b.Flags)&sys.RelativeSeq == 0 {
			return fmt.Errorf("self-check: bytes sent as %d were received as %d", a.Seq, b.Seq)
		}
	}
	if got, want := seen[4].Seq-seen[0].Seq, checkTurns[0].length; got != want {
		return fmt.Errorf("self-check: the second message is %d bytes behind the first, not %d", got, want)
	}
	return nil
}

// converse plays the turns of the self-check and returns the ports.
func converse(ctx context.Context) (client, server uint16, err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp4", l.Addr().String())
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	p, err := l.Accept()
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, p.Close()) }()
	deadline, _ := ctx.Deadline()
	_, _ = c.SetDeadline(deadline), p.SetDeadline(deadline)
	buf := make([]byte, 512)
	for _, t := range checkTurns {
		end := p
		if t.client {
			end = c
		}
		if t.dir == sys.Sent {
			_, err = end.Write(buf[:t.length])
		} else {
			_, err = io.ReadFull(end, buf[:t.length])
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return uint16(c.LocalAddr().(*net.TCPAddr).Port), uint16(l.Addr().(*net.TCPAddr).Port), nil
}
