module github.com/wirespan/wirespan/testdata/e2e/zipkin

go 1.26.0

require github.com/openzipkin/zipkin-go v0.4.3

require (
	golang.org/x/sys v0.19.0 // indirect
	google.golang.org/grpc v1.63.2 // indirect
)
