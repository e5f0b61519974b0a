package main

import (
	"context"
	"crypto/md5"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/datastax/go-cassandra-native-protocol/client"
	"github.com/datastax/go-cassandra-native-protocol/datatype"
	"github.com/datastax/go-cassandra-native-protocol/frame"
	"github.com/datastax/go-cassandra-native-protocol/message"
	"github.com/datastax/go-cassandra-native-protocol/primitive"
	"github.com/rs/zerolog"
)

// inner is where the server listens: it writes its fields one by one, and what
// is in front of it puts them together.
const inner = "127.0.0.1:19042"

func serve(address string, who *client.AuthCredentials) error {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	s := client.NewCqlServer(inner, who)
	s.IdleTimeout = time.Hour
	s.AcceptTimeout = time.Hour
	st := &store{texts: map[string]string{}, forgotten: map[string]bool{}}
	s.RequestHandlers = []client.RequestHandler{system, client.NewDriverConnectionInitializationHandler("shop", "dc1", func(string) {}), st.handle}
	if err := s.Start(context.Background()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go front(l, inner)
	for {
		c, err := s.AcceptAny()
		if err != nil {
			return err
		}
		go func() { // what handlers see is queued, too
			for {
				if _, err := c.Receive(); err != nil && c.IsClosed() {
					return
				}
			}
		}()
	}
}

// front forwards to an address and joins what comes within a moment.
func front(l net.Listener, to string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		s, err := net.Dial("tcp", to)
		if err != nil {
			return
		}
		go join(s, c)
		go join(c, s)
	}
}

func join(to, from net.Conn) {
	defer to.Close()
	b := make([]byte, 256<<10)
	for {
		n, err := from.Read(b)
		if err != nil {
			return
		}
		for n < len(b) {
			from.SetReadDeadline(time.Now().Add(2 * time.Millisecond))
			more, err := from.Read(b[n:])
			if n += more; err != nil {
				break
			}
		}
		from.SetReadDeadline(time.Time{})
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// system answers what a driver asks of a cluster, as one without other hosts.
func system(q *frame.Frame, _ *client.CqlServerConnection, _ client.RequestHandlerContext) *frame.Frame {
	if _, ok := q.Body.Message.(*message.Options); ok {
		return frame.NewFrame(q.Header.Version, q.Header.StreamId, &message.Supported{Options: map[string][]string{
			"COMPRESSION": {"LZ4", "SNAPPY"}, "CQL_VERSION": {"3.4.7"}, "PROTOCOL_VERSIONS": {"3/v3", "4/v4", "5/v5"},
		}})
	}
	r, ok := q.Body.Message.(*message.Query)
	if !ok || !strings.Contains(r.Query, "system.peers") && !strings.Contains(r.Query, "system_schema") {
		return nil
	}
	return frame.NewFrame(q.Header.Version, q.Header.StreamId, &message.RowsResult{Data: message.RowSet{}, Metadata: &message.RowsMetadata{
		ColumnCount: 1, Columns: []*message.ColumnMetadata{{Keyspace: "system", Table: "peers", Name: "peer", Type: datatype.Inet}},
	}})
}

// store knows what was prepared.
type store struct {
	mu        sync.Mutex
	texts     map[string]string
	forgotten map[string]bool
}

// handle answers as the words of a statement say.
func (s *store) handle(q *frame.Frame, c *client.CqlServerConnection, _ client.RequestHandlerContext) *frame.Frame {
	var m message.Message
	text := ""
	switch r := q.Body.Message.(type) {
	case *message.Query:
		text = r.Query
		m = answer(text, r.Options, q.Header.Version)
	case *message.Prepare:
		m = s.prepare(r.Query)
	case *message.Execute:
		s.mu.Lock()
		known := ""
		if text, known = s.texts[string(r.QueryId)], "known"; strings.Contains(text, "evicted") && !s.forgotten[text] {
			s.forgotten[text], known = true, ""
		}
		s.mu.Unlock()
		if m = answer(text, r.Options, q.Header.Version); known == "" {
			m = &message.Unprepared{ErrorMessage: "Prepared query not found", Id: r.QueryId}
		}
	case *message.Batch:
		m = &message.VoidResult{}
	default:
		return nil
	}
	f := frame.NewFrame(q.Header.Version, q.Header.StreamId, m)
	f.SetCompress(q.Header.Flags.Contains(primitive.HeaderFlagCompressed))
	if q.Header.Flags.Contains(primitive.HeaderFlagTracing) {
		f.SetTracingId(&primitive.UUID{0xc0, 0xff, 0xee, 3: 1, 15: 9})
	}
	if strings.Contains(text, "warned") && q.Header.Version >= primitive.ProtocolVersion4 {
		f.SetWarnings([]string{"Aggregation query used without partition key"})
	}
	if strings.HasPrefix(text, "CREATE TABLE") {
		go c.Send(frame.NewFrame(q.Header.Version, -1, &message.SchemaChangeEvent{ChangeType: "CREATED", Target: "TABLE", Keyspace: "shop", Object: "orders"}))
		go c.Send(frame.NewFrame(q.Header.Version, -1, &message.StatusChangeEvent{ChangeType: "UP", Address: &primitive.Inet{Addr: net.IPv4(192, 0, 2, 51), Port: 9042}}))
	}
	return f
}

func (s *store) prepare(text string) message.Message {
	if strings.Contains(text, "SELEKT") {
		return &message.SyntaxError{ErrorMessage: "line 1:0 no viable alternative at input 'SELEKT'"}
	}
	id := md5.Sum([]byte(text))
	s.mu.Lock()
	s.texts[string(id[:])] = text
	s.mu.Unlock()
	vars := &message.VariablesMetadata{}
	for range strings.Count(text, "?") {
		vars.Columns = append(vars.Columns, &message.ColumnMetadata{Keyspace: "shop", Table: "orders", Name: "v", Type: datatype.Varchar})
	}
	r := &message.PreparedResult{PreparedQueryId: id[:], ResultMetadataId: id[:4], VariablesMetadata: vars, ResultMetadata: &message.RowsMetadata{}}
	if strings.HasPrefix(text, "SELECT") {
		r.ResultMetadata = columns()
	}
	return r
}

func columns() *message.RowsMetadata {
	return &message.RowsMetadata{ColumnCount: 3, Columns: []*message.ColumnMetadata{
		{Keyspace: "shop", Table: "orders", Name: "id", Type: datatype.Varchar},
		{Keyspace: "shop", Table: "orders", Name: "tags", Type: datatype.NewMap(datatype.Varchar, datatype.NewList(datatype.Int))},
		{Keyspace: "shop", Table: "orders", Name: "place", Type: datatype.NewTuple(datatype.Int, datatype.Varchar)},
	}}
}

// answer gives two pages of rows to a client that asks for pages.
func answer(text string, o *message.QueryOptions, v primitive.ProtocolVersion) message.Message {
	has := func(word string) bool { return strings.Contains(text, word) }
	switch {
	case has("nowhere"):
		return &message.Invalid{ErrorMessage: "unconfigured table nowhere"}
	case has("SELEKT"):
		return &message.SyntaxError{ErrorMessage: "line 1:0 no viable alternative at input 'SELEKT'"}
	case has("unavailable"):
		return &message.Unavailable{ErrorMessage: "Cannot achieve consistency level ALL", Consistency: primitive.ConsistencyLevelAll, Required: 3, Alive: 1}
	case has("slow"):
		return &message.ReadTimeout{ErrorMessage: "Operation timed out", Consistency: primitive.ConsistencyLevelQuorum, Received: 1, BlockFor: 2}
	case has("late"):
		return &message.WriteTimeout{ErrorMessage: "Operation timed out", Consistency: primitive.ConsistencyLevelQuorum, Received: 1, BlockFor: 2, WriteType: primitive.WriteTypeSimple}
	case has("twice"):
		return &message.AlreadyExists{ErrorMessage: "Cannot add already existing table", Keyspace: "shop", Table: "twice"}
	case has("CREATE TABLE"):
		return &message.SchemaChangeResult{ChangeType: "CREATED", Target: "TABLE", Keyspace: "shop", Object: "orders"}
	case strings.HasPrefix(text, "SELECT"):
		meta := columns()
		n := 3
		if o != nil && o.PageSize > 0 && len(o.PagingState) == 0 && has("paged") {
			meta.PagingState, n = []byte("the second page"), int(o.PageSize)
		}
		if o != nil && o.SkipMetadata {
			meta = &message.RowsMetadata{ColumnCount: 3, PagingState: meta.PagingState}
		}
		r := &message.RowsResult{Metadata: meta}
		for range n {
			r.Data = append(r.Data, message.Row{message.Column("alice's secret"), nil, nil})
		}
		return r
	}
	return &message.VoidResult{}
}
