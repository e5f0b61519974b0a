package api

import (
	"context"
	_ "embed" // openapi.json
)

// openAPI is the description of everything below Prefix, made from routes and the
// types of the answers: go test ./tracer/api -run TestOpenAPI -update.
//
//go:embed openapi.json
var openAPI []byte

// OpenAPI returns the description of the API, OpenAPI 3.1 in JSON.
func OpenAPI() []byte { return append([]byte(nil), openAPI...) }

func document(*API, context.Context, *request) (any, error) {
	return text{"application/json", openAPI}, nil
}
