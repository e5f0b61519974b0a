package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wirespan/wirespan/capture/wire"
)

// cutOf runs packets through a flow and lists which are wanted.
func cutOf(c *flow, frames []wire.Frame, lower []bool) (wanted []int) {
	c.settle()
	for i := range frames {
		frames[i].Proto, frames[i].PayloadLen = wire.ProtoTCP, uint32(len(frames[i].Payload))
		if c.wants(&frames[i], lower[i]) {
			wanted = append(wanted, i)
		}
	}
	return wanted
}

func TestFlow(t *testing.T) {
	const s = int64(1_000_000_000)
	ab := []byte("ab")
	frames := []wire.Frame{
		0:  {Time: 10 * s, Flags: wire.SYN, Seq: 99},
		1:  {Time: 11 * s, Flags: wire.SYN | wire.ACK, Seq: 499, Ack: 100},
		2:  {Time: 12 * s, Flags: wire.ACK, Seq: 100, Ack: 500},
		3:  {Time: 13 * s, Flags: wire.ACK, Seq: 100, Payload: ab}, // a preamble
		4:  {Time: 20*s - 1, Flags: wire.ACK, Seq: 104, Payload: ab},
		5:  {Time: 20 * s, Flags: wire.ACK, Seq: 102, Payload: ab},
		6:  {Time: 21 * s, Flags: wire.ACK, Seq: 500, Payload: ab},
		7:  {Time: 22 * s, Flags: wire.ACK, Seq: 504, Payload: ab},
		8:  {Time: 23 * s, Flags: wire.ACK, Seq: 502, Payload: ab}, // fills a hole
		9:  {Time: 24 * s, Flags: wire.ACK, Seq: 106, Payload: ab}, // the next exchange
		10: {Time: 24 * s, Flags: wire.ACK, Seq: 506, Payload: ab},
		11: {Time: 24 * s, Flags: wire.ACK | wire.FIN, Seq: 506},
		12: {Time: 24 * s, Flags: wire.ACK | wire.FIN, Seq: 508},
		13: {Time: 25 * s, Flags: wire.SYN, Seq: 1 << 30}, // the ports again
	}
	client := []bool{true, false, true, true, true, true, false, false, false, true, false, false, false, true}
	request := seqPlace{seq: 102, lower: true, known: true}
	span := interval{20 * s, 22 * s, request}
	first := &flow{spans: []interval{span}, opened: []opening{{span.from, request}}}
	if d := cmp.Diff([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 11}, cutOf(first, frames, client)); d != "" {
		t.Errorf("first exchange (-want +got):\n%s", d)
	}
	later := &flow{spans: []interval{span}}
	if d := cmp.Diff([]int{4, 5, 6, 7, 8, 11}, cutOf(later, frames, client)); d != "" {
		t.Errorf("later exchange (-want +got):\n%s", d)
	}
	again := &flow{spans: []interval{{30 * s, 31 * s, seqPlace{1<<30 + 1, true, true}}}, opened: []opening{{30 * s, seqPlace{1<<30 + 1, true, true}}}}
	if d := cmp.Diff([]int{13}, cutOf(again, frames, client)); d != "" {
		t.Errorf("the connection after it (-want +got):\n%s", d)
	}
}
