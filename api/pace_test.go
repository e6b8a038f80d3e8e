package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"cartwright/api"
)

// caller is somebody who calls a shop from an address.
type caller struct {
	*shop
	address   string // with the port
	forwarded string
}

func (c caller) call(method, path, key string, body io.Reader) answer {
	r := httptest.NewRequest(method, path, body)
	r.RemoteAddr = c.address
	if c.forwarded != "" {
		r.Header.Set("X-Forwarded-For", c.forwarded)
	}
	if key != "" {
		r.SetBasicAuth(key, "")
	}
	recorder := httptest.NewRecorder()
	c.server.ServeHTTP(recorder, r)
	return answer{recorder}
}

// untilLimited calls again and again and returns how many calls were answered before
// one was refused, up to a maximum.
func (c caller) untilLimited(t *testing.T, key string, maximum int) int {
	t.Helper()
	for n := range maximum {
		a := c.call("GET", "/v1/recommendations?anonymous_id=a", key, nil)
		if a.Code == http.StatusTooManyRequests {
			a.wants(t, 429, "rate_limited")
			return n
		}
	}
	return maximum
}

// limited is a shop that takes two requests a second of an address, on a clock that
// the test moves.
func limited(t testing.TB, changes ...func(*api.Config)) (*shop, *time.Time) {
	now := start
	changes = append([]func(*api.Config){func(c *api.Config) {
		c.Limits = api.Limits{Address: 2}
		c.Now = func() time.Time { return now }
		c.TrustedProxies = []string{"10.0.0.1", "203.0.113.1", "fd00::1"}
	}}, changes...)
	return sqliteShop(t, changes...), &now
}

// Who is counted as whom.
func TestAddressesThatAreLimited(t *testing.T) {
	const all = 50
	for _, c := range []struct {
		name, address, forwarded, key string
		want                          int
	}{
		{"a public address", "192.0.2.7:1000", "", writeKey, 20},
		{"a public IPv6 address", "[2001:db8::7]:1000", "", writeKey, 20},
		{"an IPv4 address written as IPv6", "[::ffff:192.0.2.7]:1000", "", writeKey, 20},
		{"a secret key", "192.0.2.7:1000", "", secretKey, all},
		{"no key", "192.0.2.7:1000", "", "", 20},
		{"loopback", "127.0.0.1:1000", "", writeKey, all},
		{"loopback, IPv6", "[::1]:1000", "", writeKey, all},
		{"loopback, written as IPv6", "[::ffff:127.0.0.1]:1000", "", writeKey, all},
		{"RFC 1918", "172.20.1.1:1000", "", writeKey, all},
		{"RFC 1918", "192.168.1.1:1000", "", writeKey, all},
		{"unique local", "[fd12::1]:1000", "", writeKey, all},
		{"nearly private", "172.32.0.1:1000", "", writeKey, 20},
		{"shared (CGNAT)", "100.64.0.1:1000", "", writeKey, 20},
		{"link-local", "169.254.1.1:1000", "", writeKey, 20},
		{"a private client of a trusted proxy", "10.0.0.1:1000", "192.168.7.7", writeKey, 20},
		{"a public client of a trusted proxy", "10.0.0.1:1000", "192.0.2.7", writeKey, 20},
		{"a client of a trusted proxy who writes another in front", "10.0.0.1:1000", "127.0.0.1, 192.0.2.7", writeKey, 20},
		{"who writes the proxy in front", "10.0.0.1:1000", "10.0.0.1, 192.0.2.7", writeKey, 20},
		{"who writes rubbish in front", "10.0.0.1:1000", "'; DROP, 192.0.2.7", writeKey, 20},
		{"of a proxy with a public address", "203.0.113.1:1000", "192.0.2.7", writeKey, 20},
		{"of an IPv6 proxy", "[fd00::1]:1000", "2001:db8::9", writeKey, 20},
		{"of a proxy that writes ports", "10.0.0.1:1000", "192.0.2.7:50123", writeKey, 20},
		{"of a proxy that writes ports, IPv6", "10.0.0.1:1000", "[2001:db8::9]:443", writeKey, 20},
		{"of a proxy that writes brackets", "10.0.0.1:1000", "[2001:db8::9]", writeKey, 20},
		{"of two proxies that write ports", "10.0.0.1:1000", "192.0.2.7:50123, 203.0.113.1:80", writeKey, 20},
		{"who writes loopback with a port in front", "10.0.0.1:1000", "127.0.0.1:1, 192.0.2.7:50123", writeKey, 20},
		{"who writes the proxy with a port in front", "10.0.0.1:1000", "10.0.0.1:1,[2001:db8::9]:443", writeKey, 20},
		{"who is no trusted proxy and writes ports", "192.0.2.7:1000", "127.0.0.1:1000", writeKey, 20},
		{"a trusted proxy that writes rubbish", "10.0.0.1:1000", "192.0.2.7:port", writeKey, all},
		{"who is no trusted proxy", "192.0.2.7:1000", "127.0.0.1", writeKey, 20},
		{"an undeclared proxy inside", "10.9.9.9:1000", "192.0.2.7", writeKey, all},
		{"a trusted proxy that names nobody", "10.0.0.1:1000", "", writeKey, all},
		{"no address", "@", "", writeKey, all},
		{"a wrong key", "192.0.2.7:1000", "", "wk_wrong", 20},
		{"a wrong key from inside", "10.9.9.9:1000", "", "wk_wrong", all},
	} {
		s, _ := limited(t)
		if got := (caller{s, c.address, c.forwarded}).untilLimited(t, c.key, all); got != c.want {
			t.Errorf("%s (%s): %d of %d calls taken, want %d", c.name, c.address, got, all, c.want)
		}
	}
}

// Each address has an allowance of its own, an IPv6 network one for all in it.
func TestAllowancesAreApart(t *testing.T) {
	s, now := limited(t)
	first := caller{s, "192.0.2.7:1000", ""}
	if n := first.untilLimited(t, writeKey, 50); n != 20 {
		t.Fatalf("%d calls taken", n)
	}
	if n := (caller{s, "192.0.2.8:1000", ""}).untilLimited(t, writeKey, 50); n != 20 {
		t.Errorf("another address: %d calls taken", n)
	}
	if n := (caller{s, "192.0.2.7:2000", ""}).untilLimited(t, writeKey, 50); n != 0 {
		t.Errorf("another port: %d calls taken", n)
	}
	for i, want := range []int{20, 0, 0} { // neighbours in one /64
		if n := (caller{s, fmt.Sprintf("[2001:db8:0:1::%d]:1", i), ""}).untilLimited(t, writeKey, 50); n != want {
			t.Errorf("neighbour %d: %d calls taken, want %d", i, n, want)
		}
	}
	if n := (caller{s, "[2001:db8:0:2::1]:1", ""}).untilLimited(t, writeKey, 50); n != 20 {
		t.Errorf("the next /64: %d calls taken", n)
	}
	if n := first.untilLimited(t, secretKey, 50); n != 50 {
		t.Errorf("the backend at a limited address: %d calls taken", n)
	}
	*now = now.Add(3 * time.Second)
	if n := first.untilLimited(t, writeKey, 50); n != 6 {
		t.Errorf("three seconds later: %d calls taken, want 6", n)
	}
}

// A proxy's clients are told apart, whatever port they come from; what they write in front is not believed.
func TestForwardedPortsAreNotCounted(t *testing.T) {
	s, _ := limited(t)
	for _, c := range []struct {
		forwarded string
		want      int
	}{
		{"192.0.2.7:50123", 20}, {"192.0.2.7:50124", 0}, {"192.0.2.7", 0}, {"[::ffff:192.0.2.7]:1", 0}, {"198.51.100.1:9, 192.0.2.7:1", 0},
		{"192.0.2.8:50123", 20}, {"[2001:db8::1]:50123", 20}, {"2001:db8::2", 0}, {"[2001:db8:0:1::1]:50123", 20},
	} {
		if got := (caller{s, "10.0.0.1:1000", c.forwarded}).untilLimited(t, writeKey, 50); got != c.want {
			t.Errorf("%s: %d calls taken, want %d", c.forwarded, got, c.want)
		}
	}
}

// unreadable fails the test when somebody reads it.
type unreadable struct{ t *testing.T }

func (u unreadable) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestLimitedRequestsAreNotRead(t *testing.T) {
	s, _ := limited(t)
	c := caller{s, "192.0.2.7:1000", ""}
	c.untilLimited(t, writeKey, 50)
	for path, key := range map[string]string{"/v1/batch": writeKey, "/v1/track": "", "/v1/orders": writeKey, "/v1/page": "wk_wrong"} {
		a := c.call("POST", path, key, unreadable{t})
		a.wants(t, 429, "rate_limited")
		if got := a.Header().Get("Retry-After"); got != "1" {
			t.Errorf("Retry-After %q", got)
		}
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		c.call("GET", path, "", nil).wants(t, 429, "rate_limited")
	}
	if n := s.ingest(); n.Received != 0 {
		t.Errorf("counters %+v", n)
	}
}

// A page of another origin learns when it may come again.
func TestLimitedPagesCanRead(t *testing.T) {
	s, _ := limited(t)
	c := caller{s, "192.0.2.7:1000", ""}
	c.untilLimited(t, writeKey, 50)
	r := httptest.NewRequest("POST", "/v1/batch", strings.NewReader(`{}`))
	r.RemoteAddr = c.address
	r.Header.Set("Origin", "https://shop.example")
	recorder := httptest.NewRecorder()
	s.server.ServeHTTP(recorder, r)
	answer{recorder}.wants(t, 429, "rate_limited")
	if h := recorder.Header(); h.Get("Access-Control-Allow-Origin") != "https://shop.example" || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Retry-After") {
		t.Errorf("headers %v", h)
	}
}

// Guessing keys is stopped long before the address is; a key that is known to be
// right works meanwhile, and another address is not concerned.
func TestGuessing(t *testing.T) {
	s, now := limited(t, func(c *api.Config) { c.Limits.Address = 1000 })
	_, err := s.keys.Ensure(t.Context(), api.Secret, "sk_other", start)
	must(t, err)
	c := caller{s, "192.0.2.7:1000", ""}
	c.call("GET", "/v1/carts", secretKey, nil).wants(t, 200, "")
	for i := range 20 {
		c.call("GET", "/v1/carts", fmt.Sprintf("sk_guess%d", i), nil).wants(t, 401, "key_unknown")
	}
	for _, guess := range []string{"sk_guess21", "sk_other"} { // a right one is told as little about
		a := c.call("GET", "/v1/carts", guess, nil)
		a.wants(t, 429, "rate_limited")
		if got := a.Header().Get("Retry-After"); got != "5" {
			t.Errorf("Retry-After %q", got)
		}
	}
	c.call("POST", "/v1/page", "", strings.NewReader(`{"anonymousId":"a","writeKey":"wk_guess"}`)).wants(t, 429, "rate_limited")
	c.call("GET", "/v1/carts", secretKey, nil).wants(t, 200, "")
	caller{s, "192.0.2.8:1000", ""}.call("GET", "/v1/carts", "sk_other", nil).wants(t, 200, "")
	*now = now.Add(5 * time.Second)
	c.call("GET", "/v1/carts", "sk_guess22", nil).wants(t, 401, "key_unknown")
	c.call("GET", "/v1/carts", "sk_guess23", nil).wants(t, 429, "rate_limited")
}

// A key's allowance is one for all addresses.
func TestKeysThatAreLimited(t *testing.T) {
	s, now := limited(t, func(c *api.Config) { c.Limits = api.Limits{Key: 0.5} })
	for _, key := range []string{writeKey, secretKey} {
		taken := 0
		for i := range 10 {
			taken += caller{s, fmt.Sprintf("192.0.2.%d:1", i), ""}.untilLimited(t, key, 3)
		}
		if taken != 5 {
			t.Errorf("%s: %d calls taken, want 5", key, taken)
		}
	}
	a := caller{s, "127.0.0.1:1", ""}.call("GET", "/v1/carts", secretKey, nil)
	a.wants(t, 429, "rate_limited")
	if got := a.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q", got)
	}
	*now = now.Add(2 * time.Second)
	caller{s, "127.0.0.1:1", ""}.call("GET", "/v1/carts", secretKey, nil).wants(t, 200, "")
}

// Many addresses take a bounded amount of memory.
func TestAddressesAreForgotten(t *testing.T) {
	s, _ := limited(t, func(c *api.Config) { c.Limits.Address = 0.1 })
	first := caller{s, "192.0.2.7:1", ""}
	first.call("GET", "/healthz", "", nil).wants(t, 200, "")
	first.call("GET", "/healthz", "", nil).wants(t, 429, "rate_limited")
	address := netip.MustParseAddr("198.18.0.0")
	for range 1 << 16 {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.RemoteAddr = address.String() + ":1"
		s.server.ServeHTTP(httptest.NewRecorder(), r)
		address = address.Next()
	}
	// It was heard of the longest ago, so that it begins anew.
	first.call("GET", "/healthz", "", nil).wants(t, 200, "")
}

// BenchmarkPace is what the limits cost a request: the difference of the two.
func BenchmarkPace(b *testing.B) {
	for name, limits := range map[string]api.Limits{"none": {}, "both": {Address: 1e6, Key: 1e6}} {
		b.Run(name, func(b *testing.B) {
			s := sqliteShop(b, func(c *api.Config) { c.Limits = limits })
			requests := make([]*http.Request, 1000)
			for i := range requests {
				requests[i] = httptest.NewRequest("GET", "/v1/recommendations?anonymous_id=a", nil)
				requests[i].RemoteAddr = fmt.Sprintf("192.0.%d.%d:1000", i/250, i%250)
				requests[i].SetBasicAuth(writeKey, "")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s.asked = s.asked[:0]
				s.server.ServeHTTP(silent{}, requests[i%len(requests)])
			}
		})
	}
}

// silent is an answer that nobody reads.
type silent struct{}

func (silent) Header() http.Header         { return http.Header{} }
func (silent) Write(p []byte) (int, error) { return len(p), nil }
func (silent) WriteHeader(int)             {}
