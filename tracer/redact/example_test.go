package redact_test

import (
	"fmt"

	"github.com/wirespan/wirespan/tracer/redact"
)

func ExampleRedactor() {
	r := redact.New(redact.Config{MoreNames: []string{"tan"}})
	fmt.Printf("%s\n", r.AppendTarget(nil, []byte("http://jo:pw@shop.example/pay?amount=5&tan=4711")))
	fmt.Printf("%s\n", r.AppendBody(nil, []byte("application/json"), []byte(`{"user":"jo","password":"hunter2"}`)))
	fmt.Println(r.Header([]byte("Authorization")))
	// Output:
	// http://shop.example/pay?amount=5&tan=REDACTED
	// {"user":"jo","password":"REDACTED"}
	// true
}
