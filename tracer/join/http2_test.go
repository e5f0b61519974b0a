package join

import (
	"strings"
	"testing"

	"github.com/wirespan/wirespan/tracer/link"
	"github.com/wirespan/wirespan/tracer/span"
)

// A gRPC call goes by another name and class than the protocol that carries it;
// its attributes are those of the parser. What HTTP/2 could not know is absent.
func TestHTTP2(t *testing.T) {
	frame := func(kind, flags, id byte, payload string) string {
		return string([]byte{0, 0, byte(len(payload)), kind, flags, 0, 0, 0, id}) + payload
	}
	lit := func(s string) string { return string([]byte{byte(len(s))}) + s }
	settings := frame(4, 0, 0, "")
	r := newRig(t, nil).connect()
	r.at(10).ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + settings + frame(1, 4, 1, "\x83\x86\x44"+lit("/a.B/C")+"\x5f"+lit("application/grpc")) + frame(0, 1, 1, "\x00\x00\x00\x00\x01x"))
	r.at(20).answer(settings + frame(1, 4, 1, "\x88\x5f"+lit("application/grpc")) + frame(1, 5, 1, "\x40"+lit("grpc-status")+lit("5")))
	r.at(30).ask(frame(1, 5, 3, "\xfe\x86\x84")) // :method is unknown
	r.at(40).answer(frame(3, 0, 3, "\x00\x00\x00\x07"))
	attrs := map[string]string{}
	for i := range r.out.Records {
		rec := &r.out.Records[i]
		if rec.Event != link.Finished {
			continue
		}
		name := string(r.out.Piece(&rec.Facts, link.Name))
		var keys []string
		for a := range span.Attrs(r.out.Piece(&rec.Facts, link.Attrs)).All {
			keys = append(keys, r.keys.Name(a.Key))
		}
		attrs[name] = " " + strings.Join(keys, " ") + " "
	}
	call, page := attrs["a.B/C"], attrs["HTTP"]
	for _, k := range []string{"rpc.method", "rpc.status_code", "rpc.system.name", "http2.stream_id", "wirespan.rpc.messages.sent", "http.response.status_code"} {
		if !strings.Contains(call, " "+k+" ") {
			t.Errorf("the call has no %s:%s", k, call)
		}
	}
	for _, k := range []string{"http.request.method", "http.response.status_code"} {
		if page == "" || strings.Contains(page, " "+k+" ") {
			t.Errorf("the request without method has %s", page)
		}
	}
	r.want("a.B/C answered 10-20 5 error=NOT_FOUND", "HTTP/ answered 30-40 error=REFUSED_STREAM")
}
