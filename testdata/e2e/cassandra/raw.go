package main

import (
	"context"
	"net"
	"time"

	"github.com/datastax/go-cassandra-native-protocol/client"
	"github.com/datastax/go-cassandra-native-protocol/frame"
	"github.com/datastax/go-cassandra-native-protocol/message"
	"github.com/datastax/go-cassandra-native-protocol/primitive"
	"github.com/rs/zerolog"
)

// raw sends what drivers do not: statements with literals, many in flight.
func raw(address string, version int, how string) error {
	zerolog.SetGlobalLevel(zerolog.Disabled)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go front(l, address) // the client, too, writes its fields one by one
	c := client.NewCqlClient(l.Addr().String(), nil)
	switch how {
	case "snappy":
		c.Compression = primitive.CompressionSnappy
	case "lz4":
		c.Compression = primitive.CompressionLz4
	}
	c.ReadTimeout = 5 * time.Second
	v := primitive.ProtocolVersion(version)
	conn, err := c.ConnectAndInit(context.Background(), v, client.ManagedStreamId)
	if err != nil {
		return err
	}
	defer conn.Close()
	var waiting []client.InFlightRequest
	for _, m := range []message.Message{
		&message.Register{EventTypes: []primitive.EventType{primitive.EventTypeSchemaChange, primitive.EventTypeStatusChange}},
		&message.Query{Query: "USE shop"},
		&message.Query{Query: "SELECT id FROM orders WHERE name = 'alice''s secret' AND n = 42", Options: &message.QueryOptions{Consistency: primitive.ConsistencyLevelLocalQuorum, PageSize: 100}},
		&message.Query{Query: "INSERT INTO orders (id, name) VALUES ('1', $$secret$$) /* traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' */", Options: &message.QueryOptions{Consistency: primitive.ConsistencyLevelAny}},
		&message.Query{Query: "UPDATE orders SET name = :name WHERE id = :id", Options: &message.QueryOptions{NamedValues: map[string]*primitive.Value{"name": primitive.NewValue([]byte("secret")), "id": primitive.NewValue([]byte("1"))}}},
		&message.Query{Query: "SELECT id FROM nowhere"},
		&message.Batch{Type: primitive.BatchTypeUnlogged, Consistency: primitive.ConsistencyLevelOne, Children: []*message.BatchChild{
			{Query: "UPDATE counters SET n = n + 1 WHERE id = 'secret'"}, {Query: "UPDATE counters SET n = n + 2 WHERE id = 'other'"},
		}},
		&message.Query{Query: "CREATE TABLE orders (id text PRIMARY KEY)"},
		&message.Options{},
	} {
		f := frame.NewFrame(v, client.ManagedStreamId, m)
		if how != "none" {
			f.SetCompress(true)
		}
		r, err := conn.Send(f)
		if err != nil {
			return err
		}
		waiting = append(waiting, r)
	}
	for _, r := range waiting {
		select {
		case <-r.Incoming():
		case <-time.After(5 * time.Second):
		}
	}
	time.Sleep(100 * time.Millisecond)
	return nil
}
