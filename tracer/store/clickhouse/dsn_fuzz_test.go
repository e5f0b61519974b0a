package clickhouse

import (
	"net/url"
	"strings"
	"testing"
)

// FuzzParseDSN: whatever a DSN is, what is wrong with it is told without its password.
func FuzzParseDSN(f *testing.F) {
	for _, s := range []string{
		"clickhouse://h", "clickhouse://a,b:1,[::1]/db?cluster=c&replicated=1&ddl=hosts", "https://h/?secure=1", "clickhouse://h:port/", "h:9000",
		"clickhouse://h/?replicated=perhaps", "clickhouse://h/?ddl=x", "clickhouse://h/%zz", "clickhouse://h/?dial_timeout=x", "://", "?;",
	} {
		f.Add(s, "pass word")
	}
	f.Fuzz(func(t *testing.T, dsn, secret string) {
		if at := strings.Index(dsn, "://"); at >= 0 {
			dsn = dsn[:at+3] + "user:" + url.QueryEscape("pw-"+secret+"-wp") + "@" + dsn[at+3:]
		}
		got, err := parseDSN(dsn)
		if err != nil {
			if strings.Contains(err.Error(), "pw-") {
				t.Fatalf("%q: %v", dsn, err)
			}
			return
		}
		if got.database == "" || len(got.options.Addr) == 0 || got.options.Auth.Database != "" {
			t.Fatalf("%q: %+v", dsn, got)
		}
		if got.cluster == "" && (got.perHost || got.replicated == 1) {
			t.Fatalf("%q: %+v is taken", dsn, got)
		}
	})
}
