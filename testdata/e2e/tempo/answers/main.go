// Command answers reads answers of Tempo's API with Tempo's own types, strictly: a field
// that Tempo does not have is a mistake. Tests of tracer/api/tempo give it what wirespan
// answers.
//
//	answers KIND json|proto    reads from standard input
//
// Of a trace (kinds trace, trace2) it writes the trace as protobuf, which is OTLP's
// TracesData; of other kinds what it has read as JSON.
package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/gogo/protobuf/jsonpb"
	"github.com/gogo/protobuf/proto"
	"github.com/grafana/tempo/pkg/tempopb"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: answers KIND json|proto")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	out, err := read(os.Args[1], os.Args[2] == "json", text)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := os.Stdout.Write(out); err != nil {
		log.Fatal(err)
	}
}

// messages are what Tempo answers with, by kind.
var messages = map[string]func() proto.Message{
	"trace":   func() proto.Message { return &tempopb.Trace{} },
	"trace2":  func() proto.Message { return &tempopb.TraceByIDResponse{} },
	"search":  func() proto.Message { return &tempopb.SearchResponse{} },
	"tags":    func() proto.Message { return &tempopb.SearchTagsResponse{} },
	"tags2":   func() proto.Message { return &tempopb.SearchTagsV2Response{} },
	"values":  func() proto.Message { return &tempopb.SearchTagValuesResponse{} },
	"values2": func() proto.Message { return &tempopb.SearchTagValuesV2Response{} },
}

func read(kind string, isJSON bool, text []byte) ([]byte, error) {
	make, ok := messages[kind]
	if !ok {
		return nil, fmt.Errorf("kind %q", kind)
	}
	m := make()
	if err := decode(kind, isJSON, text, m); err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	switch t := m.(type) {
	case *tempopb.Trace:
		return proto.Marshal(t)
	case *tempopb.TraceByIDResponse:
		if t.Trace == nil {
			return nil, fmt.Errorf("%s: there is no trace in it", kind)
		}
		return proto.Marshal(t.Trace)
	}
	var b bytes.Buffer
	err := (&jsonpb.Marshaler{EmitDefaults: true}).Marshal(&b, m)
	return b.Bytes(), err
}

func decode(kind string, isJSON bool, text []byte, m proto.Message) error {
	switch {
	case !isJSON:
		return proto.Unmarshal(text, m)
	case kind == "trace": // its JSON has a name of its own for the first field
		if !bytes.HasPrefix(text, []byte(`{"batches":`)) {
			return fmt.Errorf("does not begin with batches: %.40s", text)
		}
		text = bytes.Replace(text, []byte(`"batches":`), []byte(`"resourceSpans":`), 1)
	}
	return (&jsonpb.Unmarshaler{}).Unmarshal(bytes.NewReader(text), m)
}
