// Program kafka is a broker (kfake) and a client (franz-go) for recordings, and
// writes messages of all versions for a test of the schemas.
//
//	kafka vectors
//	kafka broker HOST [sasl]
//	kafka client HOST CASE
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "vectors":
		vectors(os.Stdout)
	case len(os.Args) >= 3 && os.Args[1] == "broker":
		broker(os.Args[2], len(os.Args) > 3)
	case len(os.Args) == 4 && os.Args[1] == "client":
		client(os.Args[2], os.Args[3])
	default:
		fmt.Fprintln(os.Stderr, "usage: kafka vectors | broker HOST [sasl] | client HOST CASE")
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
