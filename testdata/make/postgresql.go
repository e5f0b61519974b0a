//go:build ignore

// The client of postgresql.sh: what pgx says to a server. It is built in a
// module of its own, for pgx is no dependency of wirespan.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func main() {
	run := map[string]func(context.Context, *pgx.Conn) error{
		"prepared": prepared, "batch": batch, "pipeline": pipeline, "copy": copied, "cancel": cancelled, "portal": portal,
		"bulk": bulk,
	}[os.Args[1]]
	ctx := context.Background()
	c, err := pgx.Connect(ctx, os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_ = c.Close(ctx)
}

// prepared uses a statement twice, and one whose comment carries an id.
func prepared(ctx context.Context, c *pgx.Conn) error {
	var name string
	for id := range 2 {
		if err := c.QueryRow(ctx, "SELECT name FROM items WHERE id = $1", id+1).Scan(&name); err != nil {
			return err
		}
	}
	if err := c.QueryRow(ctx, "SELECT count(*)::text FROM items WHERE name <> 'secret' /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',application='shop'*/").Scan(&name); err != nil {
		return err
	}
	if _, err := c.Exec(ctx, "UPDATE items SET name = $2 WHERE id = $1 /* x-request-id: 7f3a9c0e5d214b77 */", 1, "hidden"); err != nil {
		return err
	}
	_, err := c.Exec(ctx, "INSERT INTO items VALUES ($1, $2)", 1, "twice")
	if err == nil {
		return errors.New("a key was taken twice")
	}
	_, err = c.Exec(ctx, "SELECT nothing FROM items WHERE id = $1", 1)
	if err == nil {
		return errors.New("a column that does not exist was found")
	}
	return c.Ping(ctx)
}

// batch sends several statements before one Sync.
func batch(ctx context.Context, c *pgx.Conn) error {
	var b pgx.Batch
	for id := range 3 {
		b.Queue("SELECT name FROM items WHERE id = $1", id+1)
	}
	b.Queue("INSERT INTO items VALUES ($1, $2)", 1, "twice")
	b.Queue("DELETE FROM items WHERE id = $1", 3)
	b.Queue("SELECT count(*) FROM items")
	if err := c.SendBatch(ctx, &b).Close(); err == nil {
		return errors.New("the batch did not fail")
	}
	return nil
}

// pipeline has several Syncs in flight; the second group fails.
func pipeline(ctx context.Context, c *pgx.Conn) error {
	p := c.PgConn().StartPipeline(ctx)
	for _, sql := range []string{"SELECT 1", "SELECT 1/0", "SELECT 3"} {
		p.SendQueryParams(sql, nil, nil, nil, nil)
		p.SendQueryParams("SELECT name FROM items", nil, nil, nil, nil)
		if err := p.Sync(); err != nil {
			return err
		}
	}
	for {
		r, err := p.GetResults()
		if rr, ok := r.(*pgconn.ResultReader); ok {
			_, err = rr.Close()
		}
		if r == nil && err == nil {
			break
		}
	}
	_ = p.Close()
	return nil
}

func copied(ctx context.Context, c *pgx.Conn) error {
	rows := [][]any{{int32(11), "a"}, {int32(12), "b"}, {int32(13), "c"}}
	if _, err := c.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "name"}, pgx.CopyFromRows(rows)); err != nil {
		return err
	}
	var out strings.Builder
	_, err := c.PgConn().CopyTo(ctx, &out, "COPY items TO STDOUT")
	return err
}

// cancelled gives up waiting: a CancelRequest on a connection of its own.
func cancelled(ctx context.Context, c *pgx.Conn) error {
	p := c.PgConn()
	go func() {
		time.Sleep(200 * time.Millisecond)
		_ = p.CancelRequest(ctx)
	}()
	_, err := p.Exec(ctx, "SELECT pg_sleep(5)").ReadAll()
	if err == nil {
		return errors.New("the query was not cancelled")
	}
	return nil
}

// portal fetches rows through a cursor, in pieces.
func portal(ctx context.Context, c *pgx.Conn) error {
	tx, err := c.Begin(ctx)
	if err != nil {
		return err
	}
	for _, sql := range []string{"DECLARE walk CURSOR FOR SELECT * FROM items", "FETCH 2 FROM walk", "FETCH 2 FROM walk", "CLOSE walk"} {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return err
		}
	}
	return tx.Commit(ctx)
}

// bulk reads an answer that is longer than the server's buffer.
func bulk(ctx context.Context, c *pgx.Conn) error {
	rows, err := c.Query(ctx, "SELECT n, repeat('x', 100) FROM generate_series(1, 200) n")
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
