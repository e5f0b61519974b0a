// Command cassandra is the server and the clients of testdata/make/cassandra.sh:
// DataStax' implementation of the protocol serves, Apache's driver and DataStax'
// client ask.
//
//	cassandra serve HOST [USER PASSWORD]
//	cassandra client HOST VERSION none|snappy|lz4 [USER PASSWORD]    Apache's driver
//	cassandra raw HOST VERSION none|snappy|lz4                       DataStax' client
package main

import (
	"fmt"
	"os"
	"strconv"

	"github.com/datastax/go-cassandra-native-protocol/client"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	var who *client.AuthCredentials
	at := 4
	if len(args) > 0 && args[0] == "serve" {
		at = 2
	}
	if len(args) == at+2 {
		who = &client.AuthCredentials{Username: args[at], Password: args[at+1]}
	}
	switch {
	case len(args) >= 2 && args[0] == "serve":
		return serve(args[1]+":9042", who)
	case len(args) >= 4 && (args[0] == "client" || args[0] == "raw"):
		version, err := strconv.Atoi(args[2])
		if err != nil {
			return err
		}
		if args[0] == "raw" {
			return raw(args[1]+":9042", version, args[3])
		}
		return ask(args[1], version, args[3], who)
	}
	return fmt.Errorf("usage: cassandra serve HOST | client|raw HOST VERSION COMPRESSION")
}
