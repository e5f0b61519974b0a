package transport

import (
	"strings"
	"testing"
	"time"
)

func TestConfigValidate(t *testing.T) {
	good := Config{Endpoint: Endpoint{Protocol: GRPC, Address: "h:4317"}, Timeout: time.Second, Headers: map[string]string{"Authorization": "Bearer x"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{Headers: map[string]string{"a b": "v", "x": "topsecret\r\n", "": "v"}}
	_, err := New(bad)
	for _, want := range []string{"export.endpoint", `"a b"`, `"x"`, `""`, "timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	if err != nil && strings.Contains(err.Error(), "topsecret") {
		t.Error("the value of a header is in the error")
	}
	for name, value := range map[string]string{"grpc-timeout": "1", "x": "é"} {
		good.Headers = map[string]string{name: value}
		if good.Validate() == nil {
			t.Errorf("gRPC takes %s: %s", name, value)
		}
	}
}
