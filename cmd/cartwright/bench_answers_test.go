package main

import (
	"bufio"
	"bytes"
	"net/http"
	"testing"
)

// BenchmarkRecommendations is what one answer to GET /v1/recommendations costs in the
// whole handler of a shop, without a socket.
func BenchmarkRecommendations(b *testing.B) {
	shop, err := openBenchShop(b.Context(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := shop.close(b.Context()); err != nil {
			b.Error(err)
		}
	})
	if err := shop.teach(b.Context(), taughtSessions); err != nil {
		b.Fatal(err)
	}
	var requests []*http.Request
	for _, ask := range questions("home") {
		for range taughtSessions / benchConnections {
			requests = append(requests, readRequest(b, ask()))
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var answer discard
		shop.Handler().ServeHTTP(&answer, requests[i%len(requests)])
		if answer.status != http.StatusOK || answer.bytes < 1000 {
			b.Fatalf("status %d with %d bytes", answer.status, answer.bytes)
		}
	}
}

func readRequest(b *testing.B, text []byte) *http.Request {
	b.Helper()
	request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(text)))
	if err != nil {
		b.Fatal(err)
	}
	request.RemoteAddr = "127.0.0.1:40000"
	return request
}

// A discard is an answer that nobody reads.
type discard struct {
	header http.Header
	status int
	bytes  int
}

// Header is what is sent before the body.
func (d *discard) Header() http.Header {
	if d.header == nil {
		d.header = http.Header{}
	}
	return d.header
}

// WriteHeader takes the status.
func (d *discard) WriteHeader(status int) { d.status = status }

// Write counts the body.
func (d *discard) Write(body []byte) (int, error) {
	d.bytes += len(body)
	return len(body), nil
}
