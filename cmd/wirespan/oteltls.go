package main

import "crypto/tls"

// otelTLS names the files of OTEL_EXPORTER_OTLP_CERTIFICATE, CLIENT_KEY and
// CLIENT_CERTIFICATE.
type otelTLS struct{ roots, key, cert string }

func readOTelTLS() otelTLS {
	var t otelTLS
	t.roots, _ = otelVar("CERTIFICATE")
	t.key, _ = otelVar("CLIENT_KEY")
	t.cert, _ = otelVar("CLIENT_CERTIFICATE")
	return t
}

// config reads the files; nil if none is named.
func (t otelTLS) config() (*tls.Config, error) {
	return readTLS(pemFile{"OTEL_EXPORTER_OTLP_CERTIFICATE", t.roots},
		pemFile{"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", t.cert}, pemFile{"OTEL_EXPORTER_OTLP_CLIENT_KEY", t.key})
}
