// The peer of testdata/make/dubbo.sh: a Dubbo 2 server and client over TCP,
// encoded and decoded by Apache's codec for Go.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	hessian "github.com/apache/dubbo-go-hessian2"
	"github.com/apache/dubbo-go-hessian2/java_exception"
)

type user struct {
	Name    string
	Age     int32
	Tags    []string
	Scores  map[string]int64
	Friends []*user
	Born    time.Time
	Photo   []byte
	Weight  float64
	Active  bool
}

func (*user) JavaClassName() string { return "org.example.User" }

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// serve answers as the method's name says.
func serve(c net.Conn) {
	r := bufio.NewReaderSize(c, 64<<10)
	for {
		if _, err := r.Peek(hessian.HEADER_LENGTH); err != nil {
			return
		}
		codec := hessian.NewHessianCodec(r)
		var h hessian.DubboHeader
		if err := codec.ReadHeader(&h); err != nil {
			fmt.Fprintln(os.Stderr, "header:", err)
			return
		}
		if _, err := r.Peek(h.BodyLen); err != nil {
			return
		}
		if h.Type&hessian.PackageHeartbeat != 0 {
			r.Discard(h.BodyLen)
			b, err := hessian.NewHessianCodec(nil).Write(hessian.Service{}, hessian.DubboHeader{SerialID: 2, Type: hessian.PackageHeartbeat, ID: h.ID, ResponseStatus: hessian.Response_OK}, nil)
			check(err)
			c.Write(b)
			continue
		}
		req := make([]interface{}, 7)
		if err := codec.ReadBody(req); err != nil {
			fmt.Fprintln(os.Stderr, "body:", err)
			return
		}
		if h.Type&hessian.PackageRequest_TwoWay == 0 {
			continue
		}
		method, _ := req[3].(string)
		status, attachments := byte(hessian.Response_OK), map[string]string{"x-request-id": "answer-" + method}
		var body *hessian.Response
		switch method {
		case "fail":
			body = hessian.NewResponse(nil, java_exception.NewIllegalArgumentException("no such user"), attachments)
		case "find":
			body = hessian.NewResponse(&user{Name: "Ann", Friends: []*user{{Name: "Bob"}}}, nil, attachments)
		case "broken":
			status = hessian.Response_SERVER_ERROR
			body = hessian.NewResponse(nil, errors.New("server error"), nil)
		default:
			body = hessian.NewResponse(nil, nil, attachments)
		}
		b, err := hessian.NewHessianCodec(nil).Write(hessian.Service{}, hessian.DubboHeader{SerialID: 2, Type: hessian.PackageResponse, ID: h.ID, ResponseStatus: status}, body)
		check(err)
		if _, err := c.Write(b); err != nil {
			return
		}
	}
}

func main() {
	hessian.RegisterPOJO(&user{})
	ln, err := net.Listen("tcp", os.Args[1])
	check(err)
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	c, err := net.Dial("tcp", os.Args[1])
	check(err)
	id := int64(0)
	send := func(kind hessian.PackageType, method string, args []interface{}, attachments map[string]string) {
		id++
		service := hessian.Service{Path: "org.example.Users", Interface: "org.example.Users", Version: "1.0.0", Group: "g1", Method: method, Timeout: time.Second}
		body := hessian.NewRequest(args, attachments)
		b, err := hessian.NewHessianCodec(nil).Write(service, hessian.DubboHeader{SerialID: 2, Type: kind, ID: id}, body)
		check(err)
		_, err = c.Write(b)
		check(err)
		time.Sleep(20 * time.Millisecond)
	}
	ann := &user{
		Name: "Ann", Age: 300, Tags: []string{"a", "b"}, Scores: map[string]int64{"x": 1 << 40}, Friends: []*user{{Name: "Bob"}, nil},
		Born: time.Unix(1e9, 0), Photo: make([]byte, 300), Weight: 61.5, Active: true,
	}
	ids := map[string]string{"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "x-request-id": "7f3a9c0e5d214b77", "remote.application": "shop"}
	two := hessian.PackageRequest_TwoWay
	send(two, "find", []interface{}{"a secret", int32(7)}, ids)
	send(two, "save", []interface{}{ann, []*user{ann}, map[interface{}]interface{}{"k": ann}, int64(1) << 50, 2.5, true, []byte("abc"), []string{"x"}, time.Unix(1e9, 5e6)}, ids)
	send(two, "long", []interface{}{string(make([]rune, 3000)), "ümläut 漢字"}, ids)
	send(two, "fail", []interface{}{int32(1)}, ids)
	send(two, "broken", nil, ids)
	send(hessian.PackageRequest, "note", []interface{}{"one way"}, ids)
	send(hessian.PackageHeartbeat, "", []interface{}{}, nil)
	time.Sleep(100 * time.Millisecond)
	c.Close()
	time.Sleep(100 * time.Millisecond)
}
