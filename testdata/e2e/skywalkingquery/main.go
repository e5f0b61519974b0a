// Command skywalkingquery answers the question for a trace as SkyWalking's query protocol
// has it, for tests of tracer/apm: the schema is made of the Go types that SkyWalking
// generates from the protocol (goapi/query), and a question that does not fit it is refused
// with GraphQL's errors. It prints the URL at which it listens, and ends when standard
// input does.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"reflect"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"skywalking.apache.org/repo/goapi/query"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "trace.graphqls", Input: schemaOf(reflect.TypeFor[query.Trace]())})
	if err != nil {
		log.Fatal(err)
	}
	http.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if err := json.NewEncoder(w).Encode(answer(schema, r.Body)); err != nil {
			log.Print(err)
		}
	})
	fmt.Printf("http://%s\n", l.Addr())
	go func() { log.Fatal(http.Serve(l, nil)) }()
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		log.Fatal(err)
	}
}

// answer validates a question and selects from the trace what it asks for.
func answer(schema *ast.Schema, body io.Reader) any {
	var ask struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(body).Decode(&ask); err != nil {
		return map[string]any{"errors": []any{map[string]string{"message": err.Error()}}}
	}
	doc, errs := gqlparser.LoadQuery(schema, ask.Query)
	if len(errs) > 0 {
		return map[string]any{"errors": errs}
	}
	data := map[string]any{}
	for _, s := range doc.Operations[0].SelectionSet {
		f := s.(*ast.Field)
		id, err := f.Arguments.ForName("traceId").Value.Value(ask.Variables)
		if err != nil {
			return map[string]any{"errors": []any{map[string]string{"message": err.Error()}}}
		}
		t := query.Trace{Spans: []*query.Span{}}
		if id == known {
			t = trace()
		}
		b, err := json.Marshal(t)
		var all any
		if err == nil {
			err = json.Unmarshal(b, &all)
		}
		if err != nil {
			return map[string]any{"errors": []any{map[string]string{"message": err.Error()}}}
		}
		data[f.Alias] = selected(all, f.SelectionSet)
	}
	return map[string]any{"data": data}
}

// selected is what a selection set leaves of a value.
func selected(v any, set ast.SelectionSet) any {
	switch x := v.(type) {
	case []any:
		list := make([]any, len(x))
		for i := range x {
			list[i] = selected(x[i], set)
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for _, s := range set {
			f := s.(*ast.Field)
			m[f.Alias] = selected(x[f.Name], f.SelectionSet)
		}
		return m
	}
	return v
}

// schemaOf writes the types that can be reached from one, and the question for it.
func schemaOf(root reflect.Type) string {
	var b strings.Builder
	b.WriteString("type Query { queryTrace(traceId: ID!): Trace }\nscalar Long\n")
	done := map[string]bool{}
	var write func(reflect.Type)
	write = func(t reflect.Type) {
		if done[t.Name()] {
			return
		}
		done[t.Name()] = true
		fmt.Fprintf(&b, "type %s {\n", t.Name())
		var more []reflect.Type
		for i := range t.NumField() {
			f := t.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			text, of := typeName(f.Type)
			fmt.Fprintf(&b, "  %s: %s\n", name, text)
			if of != nil {
				more = append(more, of)
			}
		}
		b.WriteString("}\n")
		for _, m := range more {
			write(m)
		}
	}
	write(root)
	return b.String()
}

// typeName is the name of a type in the schema, and the struct that it leads to.
func typeName(t reflect.Type) (string, reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		return typeName(t.Elem())
	case reflect.Slice:
		name, of := typeName(t.Elem())
		return "[" + name + "]", of
	case reflect.Struct:
		return t.Name(), t
	case reflect.Int:
		return "Int", nil
	case reflect.Int64:
		return "Long", nil
	case reflect.Bool:
		return "Boolean", nil
	case reflect.Float64:
		return "Float", nil
	}
	return "String", nil
}

// known is the trace that there is.
const known = "5f1c0b1ae1f94a3d9c4e8b7a6d5c4b3a.70.17000000000000001"

func trace() query.Trace {
	text := func(s string) *string { return &s }
	no := false
	at := int64(1_700_000_000_000)
	return query.Trace{Spans: []*query.Span{
		{
			TraceID: known, SegmentID: "seg.1", SpanID: 0, ParentSpanID: -1, ServiceCode: "front", ServiceInstanceName: "front@1", StartTime: at, EndTime: at + 50,
			EndpointName: text("GET:/cart"), Type: "Entry", Component: text("Tomcat"), IsError: &no, Layer: text("Http"),
			Tags: []*query.KeyValue{{Key: "http.method", Value: text("GET")}, {Key: "status_code", Value: text("200")}},
		},
		{
			TraceID: known, SegmentID: "seg.1", SpanID: 1, ParentSpanID: 0, ServiceCode: "front", ServiceInstanceName: "front@1", StartTime: at + 5, EndTime: at + 40,
			EndpointName: text("/stock"), Type: "Exit", Peer: text("10.0.0.7:9000"), Component: text("HttpClient"), IsError: &no, Layer: text("Http"),
		},
		{
			TraceID: known, SegmentID: "seg.2", SpanID: 0, ParentSpanID: -1, ServiceCode: "stock", ServiceInstanceName: "stock@1", StartTime: at + 10, EndTime: at + 30,
			EndpointName: text("GET:/stock"), Type: "Entry", Component: text("Tomcat"), IsError: &no, Layer: text("Http"),
			Refs: []*query.Ref{{TraceID: known, ParentSegmentID: "seg.1", ParentSpanID: 1, Type: query.RefTypeCrossProcess}},
		},
	}}
}
