package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	gocql "github.com/apache/cassandra-gocql-driver/v2"
	"github.com/apache/cassandra-gocql-driver/v2/lz4"
	"github.com/apache/cassandra-gocql-driver/v2/snappy"
	"github.com/datastax/go-cassandra-native-protocol/client"
)

type quiet struct{}

func (quiet) Trace([]byte) {}

// loud names a compressor in capitals: the server knows no others.
type loud struct{ gocql.Compressor }

func (l loud) Name() string { return strings.ToUpper(l.Compressor.Name()) }

// told prints what became of a step, to compare with.
func told(what string, err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, what+":", err)
	}
}

// ask is what an application does with Apache's driver.
func ask(host string, version int, how string, who *client.AuthCredentials) error {
	c := gocql.NewCluster(host)
	c.ProtoVersion, c.NumConns, c.Timeout, c.ConnectTimeout = version, 1, 5*time.Second, 5*time.Second
	c.DisableInitialHostLookup = true
	c.MaxWaitSchemaAgreement = time.Millisecond // there is one host
	c.Keyspace = "shop"
	switch how {
	case "snappy":
		c.Compressor = loud{&snappy.SnappyCompressor{}}
	case "lz4":
		c.Compressor = loud{&lz4.LZ4Compressor{}}
	}
	if who != nil {
		c.Authenticator = gocql.PasswordAuthenticator{Username: who.Username, Password: who.Password}
	}
	s, err := c.CreateSession()
	if err != nil {
		return err
	}
	defer s.Close()
	told("create", s.Query("CREATE TABLE shop.orders (id text PRIMARY KEY, tags map<text, frozen<list<int>>>)").Exec())
	told("insert", s.Query("INSERT INTO shop.orders (id, name) VALUES (?, ?) /* x-request-id=6f1c2a9e-cql */", "1", "alice's secret").Exec())
	told("insert", s.Query("INSERT INTO shop.orders (id, name) VALUES (?, ?) /* x-request-id=6f1c2a9e-cql */", "2", strings.Repeat("bob's secret ", 40)).Consistency(gocql.LocalQuorum).Exec())
	told("select", s.Query("SELECT id, tags, place FROM shop.orders WHERE id = ?", "1").Iter().Close())
	told("paged", s.Query("SELECT id, tags, place FROM shop.orders WHERE paged = ?", "x").PageSize(5).Iter().Close())
	it := s.Query("SELECT id, tags, place FROM shop.orders WHERE paged = ?", "y").PageSize(5).Iter()
	told("page", s.Query("SELECT id, tags, place FROM shop.orders WHERE paged = ?", "y").PageSize(5).PageState(it.PageState()).Iter().Close())
	told("traced", s.Query("UPDATE shop.orders SET name = ? WHERE id = ?", "c", "1").Trace(quiet{}).Exec())
	told("warned", s.Query("SELECT id, tags, place FROM shop.warned").Iter().Close())
	if version >= 4 {
		told("payload", s.Query("DELETE FROM shop.orders WHERE id = ?", "1").CustomPayload(map[string][]byte{"traceparent": []byte("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")}).Exec())
	}
	b := s.Batch(gocql.LoggedBatch)
	b.Query("INSERT INTO shop.orders (id, name) VALUES (?, ?) /* x-request-id=6f1c2a9e-cql */", "3", "secret")
	b.Query("DELETE FROM shop.lines WHERE id = 'secret'")
	told("batch", b.Exec())
	told("evicted", s.Query("SELECT id, tags, place FROM shop.evicted WHERE id = ?", "1").Iter().Close())
	for _, text := range []string{"SELECT id FROM shop.nowhere", "SELEKT 1", "SELECT id FROM shop.unavailable", "SELECT id FROM shop.slow", "INSERT INTO shop.late (id) VALUES (?)", "CREATE TABLE shop.twice (id text PRIMARY KEY)"} {
		var values []any
		if strings.Contains(text, "?") {
			values = append(values, "1")
		}
		told(text, s.Query(text, values...).Exec())
	}
	return nil
}
