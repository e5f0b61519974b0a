package join

import (
	"testing"

	"github.com/wirespan/wirespan/capture/wire"
	"github.com/wirespan/wirespan/flows"
	"github.com/wirespan/wirespan/tracer/link"
)

// Where a point sees requests only, the next request says that the one before
// was answered: nothing waits for the timeout.
func TestAnsweredElsewhere(t *testing.T) {
	get := func(r *rig, path string) {
		r.frame(0, wire.ProtoTCP, wire.ACK|wire.PSH, "GET "+path+" HTTP/1.1\r\nHost: a\r\n\r\n")
	}
	r := newRig(t, nil)
	get(r.at(10), "/1")
	get(r.at(11), "/2") // pipelined: no more is acknowledged
	r.lose(flows.ToClient, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	get(r.at(50), "/3")
	r.take()
	if len(r.lines) != 2 {
		t.Errorf("%q: want what was asked before an answer came", r.lines)
	}
	r.want("GET/{id} none 10-10 error=capture_ended", "GET/{id} none 11-11 error=capture_ended", "GET/{id} none 50-50 error=capture_ended")
}

// What a request is known by elsewhere comes with its records.
func TestTrail(t *testing.T) {
	r := newRig(t, nil)
	r.frame(0, wire.ProtoTCP, wire.SYN, "").at(3).frame(1, wire.ProtoTCP, wire.SYN|wire.ACK, "").at(5).frame(0, wire.ProtoTCP, wire.ACK, "")
	r.at(10).ask("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n").at(12).answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	post := "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
	r.at(20).ask(post).at(21).ask("hello").at(22).answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	var got []link.Trail
	for i := range r.out.Records {
		if rec := &r.out.Records[i]; rec.Event == link.Finished {
			got = append(got, rec.Trail)
		}
	}
	if len(got) != 2 {
		t.Fatalf("%d exchanges, want 2", len(got))
	}
	for i, want := range []link.Trail{
		{Head: got[0].Head, Ack: 5001, Next: 1001 + 28, RTTServer: uint32(3 * ms), RTTClient: uint32(2 * ms), Length: got[0].Length},
		{Head: got[1].Head, Ack: 5001 + 38, Next: 1001 + 28 + uint32(len(post)) + 5, Offset: 28, RTTServer: uint32(3 * ms), RTTClient: uint32(2 * ms), Length: 4},
	} {
		if got[i] != want || got[i].Head == 0 {
			t.Errorf("request %d: %+v, want %+v", i+1, got[i], want)
		}
	}
	if got[0].Head == got[1].Head {
		t.Error("two requests have one head")
	}
}
