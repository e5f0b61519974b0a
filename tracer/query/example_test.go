package query_test

import (
	"errors"
	"fmt"

	"github.com/wirespan/wirespan/tracer/query"
	"github.com/wirespan/wirespan/tracer/span"
)

func ExampleParse() {
	keys := span.NewKeys()
	e, err := query.Parse("service = web and duration > 10ms", keys)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.Match(&span.Span{Service: []byte("web"), End: 25_000_000}))

	_, err = query.Parse("servce = web", keys)
	var fault *query.SyntaxError
	if errors.As(err, &fault) {
		fmt.Println(fault)
		fmt.Println(fault.Render())
	}
	// Output:
	// true
	// unknown field "servce", did you mean "service"?
	// servce = web
	// ^^^^^^
}
