package webhook

import (
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestProbe(t *testing.T) {
	var requests atomic.Int64
	handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests.Add(1) })
	secure, plain := httptest.NewTLSServer(handler), httptest.NewServer(handler)
	defer secure.Close()
	defer plain.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.Addr().String()
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(secure.Certificate())
	all := Options{AllowPrivate: true, AllowPlain: true, roots: roots}
	for _, c := range []struct {
		name, url string
		options   Options
		want      string // in the error; empty for none
	}{
		{"TLS", secure.URL, all, ""},
		{"plain", plain.URL, all, ""},
		{"unknown certificate", secure.URL, Options{AllowPrivate: true}, "certificate"},
		{"no TLS where it is expected", "https://" + plain.Listener.Addr().String(), all, "TLS"},
		{"private address", secure.URL, Options{}, "prohibited"},
		{"nobody listens", "http://" + nobody, all, "refused"},
		{"no such name", "https://nowhere.invalid", all, "nowhere.invalid"},
		{"not allowed as configured", plain.URL, Options{AllowPrivate: true}, "unencrypted"},
	} {
		r, err := c.options.Probe(t.Context(), c.url)
		switch {
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want something of %q", c.name, err, c.want)
		case c.want == "" && (err != nil || r.Address == "" || r.Took <= 0 || r.Expires.IsZero() == (c.url == secure.URL)):
			t.Errorf("%s: %+v, %v", c.name, r, err)
		}
	}
	if n := requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
