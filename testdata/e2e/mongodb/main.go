// Command mongodb is the server and the client of testdata/make/mongodb.sh:
// FerretDB with its SQLite back end, and MongoDB's driver for Go.
//
//	mongodb serve HOST            FerretDB on port 27017, with compression on port 27018
//	mongodb client HOST CASE      talks to them
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "serve":
		err = serve(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "client":
		err = client(os.Args[2], os.Args[3])
	default:
		err = fmt.Errorf("usage: mongodb serve HOST | client HOST CASE")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(host string) error {
	dir, err := os.MkdirTemp("", "ferretdb")
	if err != nil {
		return err
	}
	f, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: host + ":27017"},
		Logger:    slog.New(slog.NewTextHandler(io.Discard, nil)),
		Handler:   "sqlite",
		SQLiteURL: "file:" + dir + "/",
	})
	if err != nil {
		return err
	}
	go func() {
		if err := pack(host+":27018", host+":27017"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}()
	return f.Run(context.Background())
}
