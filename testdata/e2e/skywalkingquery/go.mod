module github.com/wirespan/wirespan/testdata/e2e/skywalkingquery

go 1.26.0

require (
	github.com/vektah/gqlparser/v2 v2.5.64
	skywalking.apache.org/repo/goapi v0.0.0-20240104145220-ba7202308dd4
)

require github.com/agnivade/levenshtein v1.2.2 // indirect
