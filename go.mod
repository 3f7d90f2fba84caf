module github.com/yuncert/yuncert

go 1.26.0

require (
	github.com/emmansun/gmsm v0.44.1 // indirect
	github.com/google/go-cmp v0.7.0 // indirect
	github.com/tjfoc/gmsm v1.4.1 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
