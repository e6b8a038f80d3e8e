package api_test

import (
	"net/http"
	"testing"
)

func TestPreflight(t *testing.T) {
	s := sqliteShop(t)
	ask := []string{"Origin: https://shop.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: content-type,x-write-key"}
	methods := map[string]string{
		"/v1/events": "POST", "/v1/recommendations": "GET, POST",
		"/v1/projects/wk_test/settings": "GET", "/sourceConfig": "GET", "/sourceConfig/": "GET",
	}
	for _, paths := range trackingPaths {
		for _, path := range paths {
			methods[path] = "POST"
		}
	}
	for path, method := range methods {
		a := s.do(request{method: http.MethodOptions, path: path, headers: ask})
		a.wants(t, 204, "")
		for name, want := range map[string]string{
			"Access-Control-Allow-Origin": "https://shop.example", "Access-Control-Allow-Methods": method,
			"Access-Control-Allow-Headers": "content-type,x-write-key", "Access-Control-Max-Age": "86400",
		} {
			if got := a.Header().Get(name); got != want {
				t.Errorf("%s: %s %q, want %q", path, name, got, want)
			}
		}
	}
	for _, path := range []string{"/v1/visitors", "/v1/carts/c1", "/v1/orders", "/v1/products", "/v1/jobs"} {
		a := s.do(request{method: http.MethodOptions, path: path, headers: ask})
		a.wants(t, 405, "method_not_allowed")
		if got := a.Header().Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("%s lets in the origin %q", path, got)
		}
	}
}

// A page reads the answer also when it is a problem, and when to come again.
func TestCrossOriginAnswers(t *testing.T) {
	s := sqliteShop(t)
	for _, key := range []string{writeKey, "wk_other"} {
		a := s.do(request{method: http.MethodPost, path: "/v1/page", key: key, body: calls["page"], headers: []string{"Origin: null"}})
		if got := a.Header().Get("Access-Control-Allow-Origin"); got != "null" {
			t.Errorf("status %d lets in the origin %q", a.Code, got)
		}
		if got := a.Header().Get("Access-Control-Expose-Headers"); got != "Retry-After, Cartwright-Seq" {
			t.Errorf("status %d exposes %q", a.Code, got)
		}
		if got := a.Header().Get("Vary"); got != "Origin" {
			t.Errorf("status %d varies by %q", a.Code, got)
		}
	}
	if got := s.post("/v1/page", writeKey, calls["page"]).Header(); got.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("an answer to no origin lets one in: %v", got)
	}
}
