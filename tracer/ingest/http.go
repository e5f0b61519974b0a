package ingest

import (
	"errors"
	"fmt"
	"mime"
	"net/http"

	"github.com/wirespan/wirespan/tracer/ingest/batch"
	"github.com/wirespan/wirespan/tracer/ingest/otlp"
	"github.com/wirespan/wirespan/tracer/ingest/skywalking"
	"github.com/wirespan/wirespan/tracer/ingest/zipkin"
)

// Content types of requests and answers.
const (
	typeProtobuf = "application/x-protobuf"
	typeJSON     = "application/json"
)

// Paths at which the handlers are expected.
const (
	PathOTLP               = "/v1/traces"
	PathZipkin             = "/api/v2/spans"
	PathSkyWalking         = "/v3/segment"
	PathSkyWalkingList     = "/v3/segments"
	PathSkyWalkingInstance = "/v3/management/reportProperties"
	PathSkyWalkingAlive    = "/v3/management/keepAlive"
)

// Routes registers every handler at its path, and tells SDKs that send metrics and
// logs to the same address that these are not taken here.
func (r *Receiver) Routes(mux *http.ServeMux) {
	mux.Handle(PathOTLP, r.OTLP())
	mux.Handle(PathZipkin, r.Zipkin())
	for _, p := range []string{PathSkyWalking, PathSkyWalkingList, PathSkyWalkingInstance, PathSkyWalkingAlive} {
		mux.Handle(p, r.SkyWalking())
	}
	for _, s := range []string{"metrics", "logs"} {
		mux.HandleFunc("/v1/"+s, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, tracesOnly(s), http.StatusNotFound) })
	}
}

// tracesOnly says what to do about exporters of other signals.
func tracesOnly(signal string) string {
	return fmt.Sprintf("wirespan takes traces only; OTEL_%s_EXPORTER=none switches this exporter off", map[string]string{"metrics": "METRICS", "logs": "LOGS"}[signal])
}

// OTLP takes OTLP/HTTP, protobuf and JSON.
func (r *Receiver) OTLP() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f, isJSON := OTLPProtobuf, false
		kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
		switch {
		case err == nil && kind == typeJSON:
			f, isJSON = OTLPJSON, true
		case err == nil && (kind == typeProtobuf || kind == "application/protobuf"):
		default:
			r.otlpFault(w, isJSON, r.unsupported(f, typeProtobuf+" and "+typeJSON))
			return
		}
		decode := otlp.Decode
		if isJSON {
			decode = otlp.DecodeJSON
		}
		if !post(w, req) {
			return
		}
		res, ft := r.serve(req, f, decode)
		if ft != nil {
			r.otlpFault(w, isJSON, ft)
			return
		}
		if isJSON {
			answer(w, typeJSON, http.StatusOK, res.partialJSON())
		} else {
			answer(w, typeProtobuf, http.StatusOK, res.partial())
		}
	})
}

func (r *Receiver) otlpFault(w http.ResponseWriter, isJSON bool, ft *fault) {
	ft.retryHeader(w.Header())
	if isJSON {
		answer(w, typeJSON, ft.status(), statusJSON(ft.code(), ft.Error()))
	} else {
		answer(w, typeProtobuf, ft.status(), statusProto(ft.code(), ft.Error()))
	}
}

// Zipkin takes Zipkin's v2 JSON. As Zipkin does, it answers 202, or 400 if no span of a
// request can be taken.
func (r *Receiver) Zipkin() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !post(w, req) {
			return
		}
		var ft *fault
		var res result
		kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
		if err == nil && kind != typeJSON && kind != "text/plain" {
			ft = r.unsupported(Zipkin, typeJSON)
		} else {
			taken := 0
			res, ft = r.serve(req, Zipkin, func(b *batch.Batch, body string) error {
				err := zipkin.Decode(b, body)
				taken = len(b.Spans)
				return err
			})
			if ft == nil && taken == 0 && res.refused.Sum() > 0 {
				ft = &fault{Fault: Malformed, err: errors.New(res.refused.String())}
			}
		}
		if ft != nil {
			textFault(w, ft)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
}

// SkyWalking takes the JSON of its HTTP protocol at any of its paths.
func (r *Receiver) SkyWalking() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !post(w, req) {
			return
		}
		_, ft := r.serve(req, SkyWalkingHTTP, func(b *batch.Batch, body string) error {
			switch req.URL.Path {
			case PathSkyWalkingAlive:
				return nil
			case PathSkyWalkingInstance:
				return r.instances.ReportJSON(body)
			}
			return skywalking.DecodeJSON(b, body, r.instances)
		})
		if ft != nil {
			textFault(w, ft)
			return
		}
		answer(w, typeJSON, http.StatusOK, []byte("{}")) // Commands, none
	})
}

// serve reads, decodes and writes one request.
func (r *Receiver) serve(req *http.Request, f Format, decode func(*batch.Batch, string) error) (result, *fault) {
	r.tallies[f].requests.Add(1)
	if ft := r.enter(req.Context(), f, r.c.Wait); ft != nil {
		return result{}, ft
	}
	defer r.leave()
	body, err := r.unpackers.body(req.Body, req.Header.Get("Content-Encoding"), req.ContentLength, r.c.MaxBody)
	if err != nil {
		return result{}, r.unread(f, err)
	}
	return r.take(req.Context(), f, len(body), func(b *batch.Batch) error { return decode(b, body) })
}

// unread is the fault of a body that could not be read.
func (r *Receiver) unread(f Format, err error) *fault {
	switch {
	case errors.Is(err, errTooLarge):
		return r.refuse(f, TooLarge, fmt.Errorf("a request may have %d bytes", r.c.MaxBody))
	case errors.Is(err, errUnsupported):
		return r.refuse(f, Unsupported, err)
	case errors.Is(err, errPacked):
		return r.refuse(f, Malformed, err)
	}
	return r.refuse(f, Broken, errors.New("the body did not come to its end"))
}

// unsupported is the fault of a content type.
func (r *Receiver) unsupported(f Format, types string) *fault {
	r.tallies[f].requests.Add(1)
	return r.refuse(f, Unsupported, errors.New("unsupported content type; "+types+" are taken"))
}

// post demands the method and answers otherwise.
func post(w http.ResponseWriter, req *http.Request) bool {
	if req.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	http.Error(w, "spans are sent with POST", http.StatusMethodNotAllowed)
	return false
}

// answer writes an answer; a sender that has gone does not hear it.
func answer(w http.ResponseWriter, kind string, status int, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func textFault(w http.ResponseWriter, ft *fault) {
	ft.retryHeader(w.Header())
	http.Error(w, ft.Error(), ft.status())
}
