//go:build ignore

// The client of tds.sh: what Microsoft's driver says to a server. It is built
// in a module of its own, for the driver is no dependency of wirespan.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	mssql "github.com/microsoft/go-mssqldb"
)

func main() {
	db, err := sql.Open("sqlserver", os.Args[1])
	check(err)
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	rows, err := db.QueryContext(ctx, "SELECT id, name FROM items WHERE name = 'secret' /* x-request-id: 2f6b10f6b8c56c96 */")
	read(rows, err)
	rows, err = db.QueryContext(ctx, "SELECT id, name FROM items WHERE id > @p1 /*traceparent='00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'*/", 42)
	read(rows, err)
	_, err = db.ExecContext(ctx, "UPDATE items SET name = @name WHERE id = @id", sql.Named("name", "hidden"), sql.Named("id", 7))
	check(err)
	st, err := db.PrepareContext(ctx, "UPDATE stock SET n = n - 1 WHERE id = @p1")
	check(err)
	for range 2 {
		_, err = st.ExecContext(ctx, 7)
		check(err)
	}
	check(st.Close())
	rows, err = db.QueryContext(ctx, "SELECT * FROM nowhere")
	if err == nil {
		read(rows, nil)
	}
	_, _ = db.ExecContext(ctx, "EXEC severe")
	_, err = db.ExecContext(ctx, "dbo.place_order", sql.Named("id", 1), sql.Named("name", "hidden"))
	check(err)
	tx, err := db.BeginTx(ctx, nil)
	check(err)
	_, err = tx.ExecContext(ctx, "DELETE FROM items WHERE id = 1")
	check(err)
	check(tx.Commit())
	tx, err = db.BeginTx(ctx, nil)
	check(err)
	check(tx.Rollback())
	rows, err = db.QueryContext(ctx, "SELECT * FROM big")
	read(rows, err)
	short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
	_, err = db.ExecContext(short, "WAITFOR DELAY '00:00:10'")
	cancel()
	if err == nil {
		check(fmt.Errorf("the query was not cancelled"))
	}
	in, err := db.PrepareContext(ctx, mssql.CopyIn("items", mssql.BulkOptions{}, "id", "name"))
	if err == nil {
		for i := range 500 {
			_, err = in.ExecContext(ctx, i, "hidden")
		}
		_, err = in.ExecContext(ctx)
		_ = in.Close()
	}
	fmt.Fprintln(os.Stderr, "bulk", err)
	check(db.Close())
}

func read(rows *sql.Rows, err error) {
	check(err)
	for rows.Next() {
	}
	check(rows.Err())
	check(rows.Close())
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
