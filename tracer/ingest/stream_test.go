package ingest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/wirespan/wirespan/tracer/store"
)

// segment encodes a SegmentObject with one span.
func segment(n int) []byte {
	text := func(b []byte, id protowire.Number, v string) []byte {
		return protowire.AppendString(protowire.AppendTag(b, id, protowire.BytesType), v)
	}
	s := protowire.AppendVarint(protowire.AppendTag(nil, 2, protowire.VarintType), 1<<64-1)
	s = protowire.AppendVarint(protowire.AppendTag(s, 3, protowire.VarintType), 1_700_000_000_000)
	b := text(nil, 1, fmt.Sprintf("trace-%d", n))
	b = text(b, 2, fmt.Sprintf("segment-%d", n))
	b = text(b, 4, "sw")
	return protowire.AppendBytes(protowire.AppendTag(b, 3, protowire.BytesType), s)
}

// TestStream sends more segments than a slow store could take one by one, one of them
// malformed at the end.
func TestStream(t *testing.T) {
	const n = 800 // fits into what HTTP/2 lets a sender send unread
	writes := 0
	inside, leave := make(chan struct{}), make(chan struct{})
	s := &shelf{write: func(context.Context, []store.Span) error {
		if writes++; writes == 1 {
			close(inside)
			<-leave
		}
		return nil
	}}
	r := receiver(t, settings(), s)
	stream, err := dial(t, r).NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, "/skywalking.v3.TraceSegmentReportService/collect")
	if err != nil {
		t.Fatal(err)
	}
	send := func(m []byte) {
		if err := stream.SendMsg(&m); err != nil {
			t.Fatal(err)
		}
	}
	send(segment(0))
	<-inside
	for i := range n - 1 {
		send(segment(i + 1))
	}
	send([]byte{0xff})
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	close(leave)
	var answer []byte
	if err := stream.RecvMsg(&answer); status.Code(err) != codes.InvalidArgument {
		t.Errorf("the malformed segment: %v", err)
	}
	c := reconcile(t, r)[SkyWalkingGRPC]
	if s.len() != n || c.Kept != n || c.Requests != n+1 || c.Faults[Malformed] != 1 {
		t.Errorf("%d spans in the store, %+v", s.len(), c)
	}
	if writes > n/4 {
		t.Errorf("%d writes of %d segments", writes, n)
	}
}

func TestGroup(t *testing.T) {
	messages := make(chan string, 10)
	large := strings.Repeat("x", groupBytes)
	for _, m := range []string{"a", "b", large, large, "c"} {
		messages <- m
	}
	close(messages)
	g := group{messages: messages}
	var got [][]int
	for g.next() {
		var sizes []int
		for _, m := range g.list {
			sizes = append(sizes, len(m))
		}
		got = append(got, sizes)
	}
	want := [][]int{{1, 1}, {groupBytes}, {groupBytes}, {1}}
	if !slices.EqualFunc(got, want, slices.Equal) {
		t.Errorf("groups %v", got)
	}
}
