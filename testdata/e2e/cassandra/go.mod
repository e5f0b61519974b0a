module github.com/wirespan/wirespan/testdata/e2e/cassandra

go 1.26.0

require (
	github.com/apache/cassandra-gocql-driver/v2 v2.1.2
	github.com/datastax/go-cassandra-native-protocol v0.0.0-20240903140133-605a850e203b
	github.com/rs/zerolog v1.34.0
)

require (
	github.com/golang/snappy v0.0.3 // indirect
	github.com/mattn/go-colorable v0.1.13 // indirect
	github.com/mattn/go-isatty v0.0.19 // indirect
	github.com/pierrec/lz4/v4 v4.1.8 // indirect
	golang.org/x/sys v0.12.0 // indirect
	gopkg.in/inf.v0 v0.9.1 // indirect
)
