package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/wirespan/wirespan/l7/all"
	"github.com/wirespan/wirespan/tracer/api"
	access "github.com/wirespan/wirespan/tracer/gate"
)

const packetsToken = "packets-a1b2c3d4e5f60718"

// newHouse is the house of serve, in memory, with tokens.
func newHouse(t *testing.T) *house {
	t.Helper()
	var o serveOptions
	f := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	o.add(f)
	tokens := writeFile(t, "tokens", []byte("read people "+viewerToken+"\ningest agents "+senderToken+"\nread,packets ops "+packetsToken+"\n"))
	if err := f.Parse([]string{"--ui", "127.0.0.1:0", "--otlp-grpc", "127.0.0.1:0", "--otlp-http", "127.0.0.1:0", "--tokens", tokens}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	h, err := openDoors(&o.house, newKeys(all.Protos(), nil), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.closeDoors)
	st, err := o.store.open(t.Context(), log)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.furnish(st, true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.drain(t.Context()) })
	return h
}

// rightOfRoute is what each route takes. A new route has to come here, too.
var rightOfRoute = map[string]string{
	"/":        "ingest", // of --otlp-http
	"GET /{$}": "read", "GET /status": "read", "GET /metrics": "read", "GET /healthz": "", "GET /readyz": "",
	"/api/v1/": "read", "/api/v1/complete": "read", "/tempo/": "read",
	"/api/services": "read", "/api/services/{service}/operations": "read", "/api/operations": "read", "/api/traces": "read", "/api/traces/{id}": "read", "/api/dependencies": "read", "/api/v3/": "read",
	"/v1/stats/querier/tracing-completion-by-external-app-spans": "read", "/v1/stats/querier/L7FlowTracing": "read", "/v1/stats/querier/TracingAlgoParams": "read",
	"/v1/traces": "ingest", "/v1/metrics": "ingest", "/v1/logs": "ingest", "/api/v2/spans": "ingest", "/v3/segment": "ingest", "/v3/segments": "ingest",
	"/v3/management/reportProperties": "ingest", "/v3/management/keepAlive": "ingest",
}

var placeOf = regexp.MustCompile(`\{[^}]*\}`)

// TestRoutesTakeRights asks every route without a token, with a wrong one, and with
// those of each right. Nothing but the probes answers those who have not the right.
func TestRoutesTakeRights(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	lists := map[string][]routed{"--ui": h.uiRoutes(), "--otlp-http": h.receiverRoutes()}
	got := map[string]string{}
	for door, list := range lists {
		handler := h.behindGate(list)
		for _, s := range list {
			got[s.pattern] = s.right.String()
			method, path, ok := strings.Cut(s.pattern, " ")
			if !ok {
				method, path = "", s.pattern
			}
			paths := []string{placeOf.ReplaceAllString(path, "1234567890123456")}
			if s.pattern == "GET /{$}" {
				paths = []string{"/"}
			}
			if s.pattern == api.Prefix {
				paths = append(paths, documentedPaths(t)...)
			}
			methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions}
			if method != "" {
				methods = []string{method}
			}
			for _, p := range paths {
				for _, m := range methods {
					askWithTokens(t, handler, door+" "+m+" "+p, m, p, s)
				}
			}
		}
	}
	if diff := cmp.Diff(rightOfRoute, got); diff != "" {
		t.Errorf("routes and the rights that they take (-want +got):\n%s", diff)
	}
}

func askWithTokens(t *testing.T, handler http.Handler, name, method, path string, s routed) {
	t.Helper()
	rights := map[string]access.Right{
		"": access.None, "nobody-has-this-one": access.None, viewerToken: access.Read, senderToken: access.Ingest, packetsToken: access.Read | access.Packets,
	}
	for token, has := range rights {
		r := httptest.NewRequestWithContext(t.Context(), method, path, http.NoBody)
		if s.right == access.Read && has&access.Read != 0 && path == api.Prefix+"live" {
			continue // has no end
		}
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		want := 0
		switch {
		case s.open || has&s.right == s.right:
		case has == access.None:
			want = http.StatusUnauthorized
		default:
			want = http.StatusForbidden
		}
		letIn := w.Code != http.StatusUnauthorized && (w.Code != http.StatusForbidden || strings.HasSuffix(path, "/packets"))
		if want == 0 && !letIn || want != 0 && w.Code != want {
			t.Errorf("%s with %q: %d, want %d", name, token, w.Code, want)
		}
		if b := w.Body.String(); token != "" && strings.Contains(b, token) {
			t.Errorf("%s: the token is in the answer", name)
		}
		if v := w.Header()["Access-Control-Allow-Origin"]; v != nil {
			t.Errorf("%s: CORS is open: %v", name, v)
		}
	}
}

// documentedPaths are those of our API, with something in the place of their names.
func documentedPaths(t *testing.T) (list []string) {
	t.Helper()
	var doc struct{ Paths map[string]any }
	if err := json.Unmarshal(api.OpenAPI(), &doc); err != nil || len(doc.Paths) < 10 {
		t.Fatalf("%v: %d paths", err, len(doc.Paths))
	}
	for _, p := range slices.Sorted(maps.Keys(doc.Paths)) {
		list = append(list, placeOf.ReplaceAllString(p, "1234567890123456"))
	}
	return list
}

// TestCallsTakeRights is the same for every method over gRPC.
func TestCallsTakeRights(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.newGRPC(nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	c, err := grpc.NewClient(l.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	n := 0
	for service, info := range s.GetServiceInfo() {
		for _, m := range info.Methods {
			n++
			for token, want := range map[string]codes.Code{"": codes.Unauthenticated, "nobody-has-this-one": codes.Unauthenticated, viewerToken: codes.PermissionDenied, senderToken: codes.OK} {
				got := callOnce(t, c, "/"+service+"/"+m.Name, m.IsClientStream, token)
				if want == codes.OK && (got == codes.Unauthenticated || got == codes.PermissionDenied) || want != codes.OK && got != want {
					t.Errorf("%s/%s with %q: %v, want %v", service, m.Name, token, got, want)
				}
			}
		}
	}
	if n < 4 {
		t.Errorf("%d methods are served", n)
	}
}

func callOnce(t *testing.T, c *grpc.ClientConn, method string, stream bool, token string) codes.Code {
	t.Helper()
	ctx := t.Context()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	if !stream {
		return status.Code(c.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{}))
	}
	st, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true}, method)
	if err != nil {
		return status.Code(err)
	}
	_ = st.CloseSend()
	if err = st.RecvMsg(&emptypb.Empty{}); err == io.EOF {
		return codes.OK
	}
	return status.Code(err)
}
