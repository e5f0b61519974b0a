package clickhouse

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// target is what a DSN says.
type target struct {
	options    *ch.Options
	database   string
	cluster    string
	replicated int  // -1: as the server's macros say
	perHost    bool // tables are made on each host, without distributed DDL
}

// parseDSN takes our own parameters out of a DSN and leaves the others to the driver.
// Errors do not hold the DSN, in which there may be a password.
func parseDSN(dsn string) (*target, error) {
	t := &target{replicated: -1}
	head, query, _ := strings.Cut(dsn, "?")
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, fmt.Errorf("parse dsn: bad parameters")
	}
	t.cluster = params.Get("cluster")
	if v := params.Get("replicated"); v != "" {
		yes, err := strconv.ParseBool(v)
		if err != nil {
			return nil, fmt.Errorf("parse dsn: replicated: want 0 or 1, not %q", v)
		}
		t.replicated = 0
		if yes {
			t.replicated = 1
		}
	}
	switch v := params.Get("ddl"); v {
	case "", "cluster":
	case "hosts":
		t.perHost = true
	default:
		return nil, fmt.Errorf("parse dsn: ddl: want cluster or hosts, not %q", v)
	}
	if t.cluster == "" && (t.perHost || t.replicated == 1) {
		return nil, fmt.Errorf("parse dsn: ddl and replicated need cluster")
	}
	for _, own := range []string{"cluster", "replicated", "ddl"} {
		params.Del(own)
	}
	if rest := params.Encode(); rest != "" {
		head += "?" + rest
	}
	if t.options, err = ch.ParseDSN(head); err != nil {
		return nil, fmt.Errorf("parse dsn: %w", err)
	}
	t.finish()
	return t, nil
}

// finish fills in ports and the database. Connections name no database: it may not
// be there yet, and all statements name it.
func (t *target) finish() {
	t.database, t.options.Auth.Database = t.options.Auth.Database, ""
	if t.database == "" {
		t.database = "wirespan"
	}
	port := "9000"
	switch {
	case t.options.Protocol == ch.HTTP && t.options.TLS != nil:
		port = "8443"
	case t.options.Protocol == ch.HTTP:
		port = "8123"
	case t.options.TLS != nil:
		port = "9440"
	}
	for i, a := range t.options.Addr {
		if strings.LastIndexByte(a, ':') <= strings.LastIndexByte(a, ']') {
			t.options.Addr[i] = a + ":" + port
		}
	}
	t.options.ClientInfo.Products = append(t.options.ClientInfo.Products, struct{ Name, Version string }{"wirespan", ""})
	if t.options.Compression == nil && t.options.Protocol == ch.Native {
		t.options.Compression = &ch.Compression{Method: ch.CompressionLZ4}
	}
	if t.options.MaxOpenConns == 0 {
		t.options.MaxOpenConns = 16
	}
	if t.options.DialTimeout == 0 {
		t.options.DialTimeout = dialTimeout
	}
}
