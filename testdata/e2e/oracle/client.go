package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	goora "github.com/sijms/go-ora/v2"
)

// client plays a case with go-ora.
func client(addr, name string) error {
	service := map[string]string{"refused": "nowhere", "redirect": "elsewhere", "old": "old", "small": "small", "services": "services"}[name]
	if service == "" {
		service = "store"
	}
	user := "scott"
	if name == "denied" {
		user = "nobody"
	}
	opts := map[string]string{"SERVER LOCATION": "UTC", "PREFETCH_ROWS": "25"}
	url := goora.BuildUrl(addr, 1521, service+".example", user, password, opts)
	db, err := sql.Open("oracle", url)
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c, err := db.Conn(ctx)
	if err != nil {
		fmt.Println(name, "connect:", err)
		return nil
	}
	defer c.Close()
	if err := c.PingContext(ctx); err != nil {
		return err
	}
	run := func(q string, args ...any) {
		if _, err := c.ExecContext(ctx, q, args...); err != nil {
			fmt.Println(q[:min(len(q), 60)], "->", err)
		}
	}
	query := func(q string, args ...any) {
		rows, err := c.QueryContext(ctx, q, args...)
		if err != nil {
			fmt.Println(q[:min(len(q), 60)], "->", err)
			return
		}
		n := 0
		for rows.Next() {
			n++
		}
		fmt.Println(q[:min(len(q), 60)], "->", n, "rows", rows.Err())
		rows.Close()
	}
	query("SELECT id, name FROM items WHERE name = 'secret'")
	query("SELECT id, name FROM big WHERE id > :1", 5)
	run("INSERT INTO orders (id, name) VALUES (:1, :2)", 1, "a private value")
	run("UPDATE /* X-Request-ID: 7f3a9c1e5b7d4f60a1b2c3d4e5f60718 */ orders SET name = 'x'")
	run("DELETE FROM orders WHERE id = 4711")
	run("SELECT id FROM nowhere")
	run("INSERT INTO orders (id) VALUES (:1) /* twice */", 1)
	run("BEGIN shop.place_order(:1); END;", 42)
	run("BEGIN shop.raise_it; END;")
	if name == "small" {
		query("SELECT id, name FROM large")
		query("SELECT id, name FROM items WHERE name IN (" + strings.Repeat("'value', ", 300) + "'last')")
		run("INSERT INTO orders (id, name) VALUES (:1, :2)", 1, strings.Repeat("long value ", 300))
	}
	stmt, err := c.PrepareContext(ctx, "SELECT id, name FROM items WHERE id = :1")
	if err != nil {
		return err
	}
	for i := range 3 {
		rows, err := stmt.QueryContext(ctx, i)
		if err != nil {
			return err
		}
		for rows.Next() {
		}
		rows.Close()
	}
	stmt.Close()
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "UPDATE orders SET name = :1 WHERE id = :2", "b", 2); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if tx, err = c.BeginTx(ctx, nil); err == nil {
		tx.Rollback()
	}
	if name == "break" {
		short, stop := context.WithTimeout(ctx, 200*time.Millisecond)
		_, err := c.ExecContext(short, "UPDATE slow SET a = 1")
		fmt.Println("slow ->", err)
		stop()
	}
	return nil
}
