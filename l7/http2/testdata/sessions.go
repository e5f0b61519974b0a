//go:build ignore

// Sessions writes the text sessions of this directory with the framer and the
// HPACK encoder of golang.org/x/net. Run it in this directory.
package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"strings"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// side is one end of the connection.
type side struct {
	s    *session
	mark string
	buf  bytes.Buffer
	*http2.Framer
	text bytes.Buffer
	enc  *hpack.Encoder
}

type session struct {
	name           string
	b              strings.Builder
	client, server *side
}

func start(name, about string) *session {
	s := &session{name: name}
	for _, l := range strings.Split(about, "\n") {
		fmt.Fprintln(&s.b, "#", l)
	}
	s.client, s.server = newSide(s, ">"), newSide(s, "<")
	return s
}

func newSide(s *session, mark string) *side {
	e := &side{s: s, mark: mark}
	e.Framer = http2.NewFramer(&e.buf, nil)
	e.AllowIllegalWrites = true
	e.enc = hpack.NewEncoder(&e.text)
	return e
}

// send writes what was framed as one segment.
func (e *side) send() {
	if e.buf.Len() > 0 {
		fmt.Fprintf(&e.s.b, "%s %s\n", e.mark, quote(e.buf.Bytes()))
	}
	e.buf.Reset()
}

// quote cuts long literals into lines.
func quote(b []byte) string {
	var lines []string
	for len(b) > 64 {
		lines = append(lines, fmt.Sprintf("%q", b[:64]))
		b = b[64:]
	}
	return strings.Join(append(lines, fmt.Sprintf("%q", b)), "\n  ")
}

func (e *side) raw(b string) { e.buf.WriteString(b) }

// block encodes "name: value" lines.
func (e *side) block(fields ...string) []byte {
	e.text.Reset()
	for _, f := range fields {
		i := strings.Index(f[1:], ": ") + 1
		_ = e.enc.WriteField(hpack.HeaderField{Name: f[:i], Value: f[i+2:]})
	}
	return bytes.Clone(e.text.Bytes())
}

func (e *side) headers(id uint32, end bool, fields ...string) {
	_ = e.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: e.block(fields...), EndStream: end, EndHeaders: true})
}

func (e *side) data(id uint32, end bool, b string) { _ = e.WriteData(id, end, []byte(b)) }

// message frames a gRPC message.
func message(b string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(b)))) + b
}

func (s *session) open() {
	s.client.raw(http2.ClientPreface)
	_ = s.client.WriteSettings(http2.Setting{ID: http2.SettingMaxConcurrentStreams, Val: 100})
	_ = s.client.WriteWindowUpdate(0, 1<<20)
	s.client.send()
	_ = s.server.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 16384})
	_ = s.server.WriteSettingsAck()
	s.server.send()
	_ = s.client.WriteSettingsAck()
	s.client.send()
}

func (s *session) line(l string) { fmt.Fprintln(&s.b, l) }

func (s *session) save() {
	if err := os.WriteFile(s.name+".txt", []byte(s.b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}

func get(path string, more ...string) []string {
	return append([]string{":method: GET", ":scheme: http", ":authority: shop.example", ":path: " + path, "user-agent: curl/8.5.0"}, more...)
}

func call(method string, more ...string) []string {
	return append([]string{":method: POST", ":scheme: http", ":path: /shop.Cart/" + method, ":authority: cart.example:7070", "content-type: application/grpc", "user-agent: grpc-go/1.85.0", "te: trailers"}, more...)
}

func main() {
	plain()
	unary()
	streaming()
	frames()
	push()
	resets()
	midstream()
	lost()
	web()
	webText()
	bodies()
}

func plain() {
	s := start("plain", "Requests with and without bodies, several at once, answered in another order; IDs in both\ndirections; trailers.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, true, get("/api/v1/items?page=2", "x-request-id: 7f3a9c0e5d214b77", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")...)
	c.headers(3, false, append([]string{":method: POST", ":scheme: http", ":authority: user:pw@shop.example", ":path: /orders"}, "content-type: application/json", "x-forwarded-for: 203.0.113.9")...)
	c.send()
	c.data(3, false, `{"item":`)
	c.send()
	c.data(3, true, `17}`)
	c.headers(5, true, get("/missing")...)
	c.send()
	v.headers(5, true, ":status: 404", "content-length: 0")
	v.send()
	v.headers(1, false, ":status: 200", "content-type: application/json", "x-request-id: 7f3a9c0e5d214b77")
	v.data(1, false, `{"items":`)
	v.headers(3, false, ":status: 500")
	v.data(1, true, `[]}`)
	v.send()
	v.data(3, false, "oops")
	v.headers(3, true, "x-correlation-id: late-9d1c", "server-timing: db")
	v.send()
	s.save()
}

func unary() {
	s := start("unary", "gRPC calls: one that succeeds, one whose answer is trailers only, one that fails behind a message, one\nthat a gateway refuses, one of Dubbo Triple.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, false, call("AddItem", "grpc-timeout: 5S", "x-request-id: 11d2a8e0-0001")...)
	c.data(1, true, message("\x0a\x03abc"))
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc")
	v.data(1, false, message("ok"))
	v.headers(1, true, "grpc-status: 0", "grpc-message: ")
	v.send()
	c.headers(3, false, call("GetItem", "grpc-timeout: 250m", "grpc-trace-bin: AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE")...)
	c.data(3, true, message(""))
	c.send()
	v.headers(3, true, ":status: 200", "content-type: application/grpc", "grpc-status: 5", "grpc-message: no item %E2%82%AC 17 %zz")
	v.send()
	c.headers(5, false, call("Pay")...)
	c.data(5, true, message("secret")+message("more"))
	c.headers(7, false, call("Ship")...)
	c.data(7, true, message("x"))
	c.headers(9, false, ":method: POST", ":scheme: http", ":path: /com.example.Greeter/greet", ":authority: dubbo.example:50051", "content-type: application/grpc+proto", "tri-service-version: 1.0.0")
	c.data(9, true, message("hi"))
	c.send()
	v.headers(5, false, ":status: 200", "content-type: application/grpc")
	v.data(5, false, message("part"))
	v.headers(5, true, "grpc-status: 14", "grpc-message: gone")
	v.headers(7, false, ":status: 503", "content-type: text/plain")
	v.data(7, true, "no upstream")
	v.headers(9, false, ":status: 200", "content-type: application/grpc+proto")
	v.data(9, false, message("hello"))
	v.headers(9, true, "grpc-status: 77")
	v.send()
	s.save()
}

func streaming() {
	s := start("streaming", "The three kinds of streaming calls at once; messages are cut by frames, and frames hold several.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, false, call("Upload")...)
	c.headers(3, false, call("Watch")...)
	c.data(3, true, message("from"))
	c.headers(5, false, call("Chat")...)
	c.send()
	up := message("one") + message(strings.Repeat("two", 50)) + message("three")
	c.data(1, false, up[:3])
	c.data(5, false, message("ping"))
	c.data(1, false, up[3:40])
	c.send()
	v.headers(5, false, ":status: 200", "content-type: application/grpc")
	v.data(5, false, message("pong"))
	v.headers(3, false, ":status: 200", "content-type: application/grpc")
	v.send()
	for i := range 4 {
		v.data(3, false, message(strings.Repeat("w", i)))
		v.send()
	}
	c.data(1, false, up[40:])
	c.data(5, false, message("ping")+message("ping"))
	c.data(1, true, "")
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc")
	v.data(1, false, message("stored"))
	v.headers(1, true, "grpc-status: 0")
	v.data(5, false, message("pong"))
	v.headers(3, true, "grpc-status: 11", "grpc-message: end of log")
	v.send()
	c.data(5, true, message("bye"))
	c.send()
	v.headers(5, true, "grpc-status: 0")
	v.send()
	s.save()
}

func frames() {
	s := start("frames", "Fields in three frames, padding, priority, interim responses, frames of all other types and of unknown\nones, an empty body, a body that is all padding.")
	s.open()
	c, v := s.client, s.server
	b := c.block(get("/long?"+strings.Repeat("q=1&", 40), "x-request-id: 5d214b777f3a9c0e", "cookie: a=b")...)
	_ = c.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: b[:20], EndStream: true, PadLength: 7, Priority: http2.PriorityParam{StreamDep: 0, Weight: 15}})
	_ = c.WriteContinuation(1, false, b[20:60])
	c.send()
	_ = c.WriteContinuation(1, true, b[60:])
	_ = c.WritePriority(1, http2.PriorityParam{StreamDep: 0, Weight: 3})
	_ = c.WritePing(false, [8]byte{1})
	_ = c.WriteRawFrame(0x10, 0, 0, []byte("\x00\x00\x00\x01u=1"))
	c.headers(3, false, get("/upload", "expect: 100-continue")...)
	c.send()
	_ = v.WritePing(true, [8]byte{1})
	_ = v.WriteRawFrame(0x0a, 0, 0, []byte("\x00\x0eshop.exampleh3=\":443\""))
	v.headers(1, false, ":status: 103", "link: </style.css>; rel=preload")
	v.headers(3, false, ":status: 100")
	v.send()
	_ = c.WriteDataPadded(3, false, []byte("body"), make([]byte, 30))
	_ = c.WriteDataPadded(3, true, nil, make([]byte, 9))
	c.send()
	rb := v.block(":status: 200", "content-type: text/html")
	_ = v.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: rb, EndHeaders: true, PadLength: 200})
	_ = v.WriteWindowUpdate(1, 100)
	_ = v.WriteDataPadded(1, false, []byte("<html>"), make([]byte, 3))
	v.data(1, false, "")
	v.data(1, true, "")
	v.headers(3, true, ":status: 204")
	_ = v.WriteGoAway(3, http2.ErrCodeNo, []byte("bye"))
	v.send()
	s.save()
}

func push() {
	s := start("push", "Two resources that the server pushes; the client refuses one.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, true, get("/")...)
	c.send()
	_ = v.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 2, BlockFragment: v.block(get("/style.css")...), EndHeaders: true})
	_ = v.WritePushPromise(http2.PushPromiseParam{StreamID: 1, PromiseID: 4, BlockFragment: v.block(get("/app.js")...), EndHeaders: true, PadLength: 4})
	v.headers(1, false, ":status: 200")
	v.data(1, true, "<html>")
	v.headers(2, false, ":status: 200", "content-type: text/css")
	v.send()
	_ = c.WriteRSTStream(4, http2.ErrCodeCancel)
	c.send()
	v.data(2, true, "body{}")
	v.headers(4, false, ":status: 200")
	v.data(4, true, "late")
	v.send()
	s.save()
}

func resets() {
	s := start("resets", "Streams that are reset: by the client before and within the response, by the server before, within and\nafter the response; frames that were under way then.")
	s.open()
	c, v := s.client, s.server
	for i, m := range []string{"A", "B", "C", "D", "E"} {
		c.headers(uint32(1+2*i), false, call(m)...)
		c.data(uint32(1+2*i), false, message("x"))
	}
	c.headers(11, true, get("/refused")...)
	c.headers(13, true, get("/cancelled")...)
	c.send()
	_ = c.WriteRSTStream(1, http2.ErrCodeCancel)
	_ = c.WriteRSTStream(13, http2.ErrCodeCancel)
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc")
	v.data(1, false, message("late"))
	v.headers(3, false, ":status: 200", "content-type: application/grpc")
	v.data(3, false, message("first"))
	_ = v.WriteRSTStream(5, http2.ErrCodeEnhanceYourCalm)
	v.headers(7, false, ":status: 200", "content-type: application/grpc")
	v.data(7, false, message("one")+message("two"))
	_ = v.WriteRSTStream(7, http2.ErrCodeInternal)
	v.headers(9, true, ":status: 200", "content-type: application/grpc", "grpc-status: 8")
	_ = v.WriteRSTStream(9, http2.ErrCodeNo)
	_ = v.WriteRSTStream(11, http2.ErrCodeRefusedStream)
	v.send()
	_ = c.WriteRSTStream(3, http2.ErrCodeCancel)
	c.data(5, true, "")
	c.headers(15, true, get("/after")...)
	c.send()
	v.headers(15, true, ":status: 204")
	v.send()
	s.save()
}

func midstream() {
	s := start("midstream", "The capture begins in the middle: what the table held before is unknown, what is added comes to be known.\nThe first response answers a request from before.")
	c, v := s.client, s.server
	_ = c.block(call("AddItem", "x-tenant: 7", "x-request-id: aaaaaaaa-1")...) // not in the capture
	_ = v.block(":status: 200", "content-type: application/grpc", "grpc-status: 0", "server: envoy")
	s.line("midstream")
	v.headers(91, false, ":status: 200", "content-type: application/grpc")
	v.data(91, true, message("old"))
	v.send()
	c.headers(101, false, call("AddItem", "x-tenant: 7", "x-request-id: aaaaaaaa-2")...)
	c.data(101, true, message("x"))
	c.send()
	v.headers(101, false, ":status: 200", "content-type: application/grpc")
	v.data(101, false, message("y"))
	v.headers(101, true, "grpc-status: 0")
	v.send()
	c.headers(103, false, call("Other", "x-tenant: 7", "x-request-id: aaaaaaaa-2")...)
	c.data(103, true, message("x"))
	c.send()
	v.headers(103, false, ":status: 200", "content-type: application/grpc", "server: nginx")
	v.data(103, false, message("y"))
	v.headers(103, true, "grpc-status: 3", "grpc-message: bad", "server: nginx")
	v.send()
	s.save()
}

func lost() {
	s := start("lost", "Gaps: within a body, which costs nothing; over the end of a body and the head of another request; streams\nthat were open go on.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, false, call("Upload")...)
	c.headers(3, true, get("/big")...)
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc")
	v.headers(3, false, ":status: 200")
	v.buf.Write([]byte{0, 0x10, 0, 0, 0, 0, 0, 0, 3}) // 4,096 bytes
	v.buf.WriteString(strings.Repeat("a", 96))
	v.send()
	s.line("lost < 3000")
	v.raw(strings.Repeat("b", 1000))
	v.data(1, false, message("still counted"))
	v.send()
	c.buf.Write([]byte{0, 0x10, 0, 0, 0, 0, 0, 0, 1})
	c.send()
	s.line("lost > 5000")
	_ = c.block(get("/never/seen", "x-secret: 1")...)
	c.raw("the end of something\x00\x00\x01")
	_ = c.WriteWindowUpdate(0, 77)
	c.headers(7, true, get("/after", "x-secret: 1")...)
	c.send()
	v.headers(5, true, ":status: 201")
	v.data(3, true, "end")
	v.headers(7, true, ":status: 204")
	v.headers(1, true, "grpc-status: 0")
	v.send()
	s.save()
}

func web() {
	s := start("web", "gRPC-Web: trailers are the last message of the body.")
	s.open()
	c, v := s.client, s.server
	c.headers(1, false, ":method: POST", ":scheme: http", ":path: /shop.Cart/AddItem", ":authority: cart.example", "content-type: application/grpc-web+proto", "x-grpc-web: 1")
	c.data(1, true, message("x"))
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc-web+proto")
	v.data(1, false, message("y"))
	t := "grpc-status: 9\r\ngrpc-message: not now\r\n"
	v.data(1, true, "\x80"+message(t)[1:])
	v.send()
	s.save()
}

func webText() {
	s := start("webtext", "gRPC-Web in base64: groups that frames cut, padding behind every piece, trailers in two frames, an error;\nan answer that is binary all the same; text that is no base64.")
	s.open()
	c, v := s.client, s.server
	code := base64.StdEncoding.EncodeToString
	ask := func(id uint32, method string) {
		c.headers(id, false, ":method: POST", ":scheme: http", ":path: /shop.Cart/"+method, ":authority: cart.example", "content-type: application/grpc-web-text+proto", "accept: application/grpc-web-text", "x-grpc-web: 1")
	}
	trailers := func(t string) string { return "\x80" + message(t)[1:] }
	ask(1, "Watch")
	up := code([]byte(message("first") + message("second!")))
	c.data(1, false, up[:7])
	c.send()
	_ = c.WriteDataPadded(1, true, []byte(up[7:]), make([]byte, 5))
	ask(3, "AddItem")
	c.data(3, true, code([]byte(message("x"))))
	ask(5, "Broken")
	c.data(5, true, code([]byte(message("x"))))
	ask(7, "Binary")
	c.data(7, true, code([]byte(message("x"))))
	c.send()
	v.headers(1, false, ":status: 200", "content-type: application/grpc-web-text+proto")
	for _, m := range []string{"a", "bb", "ccc", strings.Repeat("long ", 100)} {
		v.data(1, false, code([]byte(message(m))))
	}
	v.send()
	t := code([]byte(trailers("grpc-status: 0\r\n")))
	v.data(1, false, t[:10])
	v.data(1, true, t[10:])
	v.headers(3, false, ":status: 200", "content-type: application/grpc-web-text+proto")
	v.data(3, true, code([]byte(trailers("grpc-status:7\r\ngrpc-message:not%20yours\r\n"))))
	v.headers(5, false, ":status: 200", "content-type: application/grpc-web-text")
	v.data(5, true, "{not base64}")
	v.headers(7, false, ":status: 200", "content-type: application/grpc-web+proto")
	v.data(7, false, message("y"))
	v.data(7, false, trailers("grpc-status:13\r\ngrpc-message:no\r\n")[:9])
	v.data(7, false, trailers("grpc-status:13\r\ngrpc-message:no\r\n")[9:])
	v.data(7, true, "")
	v.send()
	s.save()
}

func bodies() {
	s := start("bodies/bodies", "Bodies, of which tests capture 24 bytes: over many frames, with padding, longer than what is kept, cut within a\ncharacter, of two streams in turn, compressed, binary, of a call in JSON, with a gap within and behind what is\nkept, ended by trailers and by a reset.")
	s.open()
	c, v := s.client, s.server
	post := func(id uint32, media string, more ...string) {
		c.headers(id, false, append([]string{":method: POST", ":scheme: http", ":authority: shop.example", ":path: /orders", "content-type: " + media}, more...)...)
	}
	post(1, "application/json")
	post(3, "application/x-www-form-urlencoded; charset=utf-8")
	c.data(1, false, `{"it`)
	c.data(3, false, `user=alice&`)
	_ = c.WriteDataPadded(1, false, []byte(`em":1`), make([]byte, 11))
	c.send()
	_ = c.WriteDataPadded(1, false, nil, make([]byte, 3))
	c.data(1, false, `7}`)
	c.data(1, true, "")
	c.data(3, true, `password=s3cret&and=more&than=is&kept=of it`)
	post(5, "text/plain")
	c.data(5, true, strings.Repeat("\u20ac", 20)) // 3 bytes each, 24 = 8 of them
	post(7, "text/plain")
	c.data(7, true, "x"+strings.Repeat("\u20ac", 20))
	c.send()
	post(9, "application/json", "content-encoding: gzip")
	c.data(9, true, "\x1f\x8b\x08\x00")
	post(11, "application/json")
	c.data(11, true, "\x00\x01\x02")
	post(13, "application/octet-stream")
	c.data(13, true, "looks like text")
	c.headers(15, false, ":method: POST", ":scheme: http", ":path: /shop.Cart/AddItem", ":authority: cart.example", "content-type: application/grpc+json")
	c.data(15, false, message(`{"a":1}`)[:8])
	c.data(15, true, message(`{"a":1}`)[8:]+message(`{"b":2}`))
	c.send()
	for _, id := range []uint32{1, 3, 5, 7, 9, 11, 13} {
		v.headers(id, false, ":status: 200", "content-type: application/problem+json")
		v.data(id, false, `{"id":`)
	}
	for _, id := range []uint32{13, 11, 9, 7, 5, 3} {
		v.data(id, true, fmt.Sprint(id, "}"))
	}
	v.send()
	v.data(1, false, "1}")
	v.headers(1, true, "server-timing: db")
	v.headers(15, false, ":status: 200", "content-type: application/grpc+json")
	v.data(15, false, "\x01"+message("compressed")[1:]+message("{}"))
	v.headers(15, true, "grpc-status: 0")
	v.send()
	post(17, "text/plain")
	c.raw("\x00\x00\x40\x00\x01\x00\x00\x00\x11" + strings.Repeat("k", 30)) // 64 bytes
	c.send()
	s.line("lost > 20")
	c.raw(strings.Repeat("k", 14))
	post(19, "text/plain")
	c.raw("\x00\x00\x40\x00\x01\x00\x00\x00\x13" + strings.Repeat("k", 10))
	c.send()
	s.line("lost > 20")
	c.raw(strings.Repeat("k", 34))
	c.send()
	v.headers(17, true, ":status: 204")
	v.headers(19, false, ":status: 200")
	v.data(19, false, "half of")
	_ = v.WriteRSTStream(19, http2.ErrCodeInternal)
	v.send()
	s.save()
}
