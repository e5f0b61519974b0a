// The peers of testdata/make/oracle.sh: a server that answers real clients of
// Oracle (go-ora here, node-oracledb in testdata/make/oracle.js), for Oracle's
// own cannot be had. The clients refuse what is not right; what the server
// writes follows their sources.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: oracle serve ADDRESS | client ADDRESS CASE")
		os.Exit(2)
	}
	var err error
	if os.Args[1] == "serve" {
		err = serve(os.Args[2])
	} else {
		err = client(os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
