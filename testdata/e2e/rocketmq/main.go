// Program rocketmq is a client (Apache's for Go) and a small broker with a name
// server for recordings. There is no RocketMQ for Debian: the broker keeps
// messages in memory, and answers what the client asks.
//
//	rocketmq serve HOST [binary]
//	rocketmq client HOST CASE
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) >= 3 && os.Args[1] == "serve":
		serve(os.Args[2], len(os.Args) > 3)
	case len(os.Args) == 4 && os.Args[1] == "client":
		client(os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: rocketmq serve HOST [binary] | client HOST CASE")
		os.Exit(2)
	}
}

// must ends the program on an error: recordings are whole or not at all.
func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
