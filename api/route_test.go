package api_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

const (
	cartBody    = `{"visitor":{"user_id":"u1","email":"ann@example.com"},"currency":"EUR","lines":[{"product_id":"mug","quantity":2,"unit_price":1250}]}`
	orderBody   = `{"order_id":"o1","cart_id":"c/1","visitor":{"user_id":"u1"},"total":2500,"lines":[{"product_id":"mug","quantity":2,"unit_price":1250}]}`
	productBody = `{"products":[{"product_id":"mug","name":"A mug","price":1250}]}`
)

// access is what a route answers without a key, with a write key and with a secret key.
type access struct {
	method, path, body   string
	keyless, write, full int
}

func accessToRecommendations() []access {
	const ok, none, may = 200, 401, 403
	return []access{
		{"GET", "/v1/recommendations?anonymous_id=a", "", none, ok, ok},
		{"GET", "/v1/recommendations?user_id=u1", "", none, may, ok},
		{"GET", "/v1/recommendations?category=x&per_category=1", "", none, ok, ok},
		{"POST", "/v1/recommendations", `{"anonymous_id":"a","items":["mug"]}`, none, ok, ok},
		{"POST", "/v1/recommendations", `{"user_id":"u1"}`, none, may, ok},
		{"POST", "/v1/recommendations/batch", `{"requests":[{"user_id":"u1"},{"n":0}]}`, none, may, ok},
	}
}

func accessToOperation() []access {
	const ok, accepted, none, may, not = 200, 202, 401, 403, 404
	return []access{
		{"GET", "/v1/jobs", "", none, may, ok},
		{"GET", "/v1/jobs/detection/runs?after=9&limit=1", "", none, may, ok},
		{"GET", "/v1/jobs/unknown/runs", "", none, may, not},
		{"POST", "/v1/jobs/detection/run", "", none, may, accepted},
		{"POST", "/v1/jobs/detection/run", `{"reason":"to see"}`, none, may, accepted},
		{"POST", "/v1/jobs/unknown/run", "", none, may, not},
		{"POST", "/v1/jobs/detection/pause", `{"reason":"holidays"}`, none, may, ok},
		{"POST", "/v1/jobs/unknown/pause", `{"reason":"holidays"}`, none, may, not},
		{"POST", "/v1/jobs/detection/resume", "", none, may, ok},
		{"POST", "/v1/jobs/unknown/resume", "", none, may, not},
	}
}

// What each route answers without a key, with a write key and with a secret key, on a
// shop in which u1 ordered a cart.
func accessToConsents() []access {
	const ok, none, may, not = 200, 401, 403, 404
	return []access{
		{"PUT", "/v1/consents", `{"consents":[{"email":"a@b.example","state":"denied"}]}`, none, may, ok},
		{"PUT", "/v1/consents", `{"consents":[]}`, none, may, ok},
		{"GET", "/v1/consents?email=a@b.example", "", none, may, ok},
		{"POST", "/v1/suppressions", `{"suppressions":[]}`, none, may, ok},
		{"GET", "/v1/suppressions", "", none, may, ok},
		{"DELETE", "/v1/suppressions?email=a@b.example", "", none, may, not},
		{"GET", "/v1/coupons", "", none, may, ok},
		{"POST", "/v1/coupons", `{"codes":["A","B"],"expires_at":null}`, none, may, ok},
		{"GET", "/v1/reports/recovery", "", none, may, ok},
		{"GET", "/v1/reports/recovery?from=2026-01-01&to=2026-02-01T12:00:00Z", "", none, may, ok},
	}
}

func TestRoutes(t *testing.T) {
	const ok, accepted, none, may, not = 200, 202, 401, 403, 404
	table := []access{
		{"GET", "/healthz", "", ok, ok, ok},
		{"GET", "/readyz", "", ok, ok, ok},
		{"POST", "/v1/track", calls["track"], none, ok, ok},
		{"POST", "/v1/identify", calls["identify"], none, ok, ok},
		{"POST", "/v1/page", calls["page"], none, ok, ok},
		{"POST", "/v1/screen", calls["screen"], none, ok, ok},
		{"POST", "/v1/group", calls["group"], none, ok, ok},
		{"POST", "/v1/alias", calls["alias"], none, ok, ok},
		{"POST", "/v1/batch", `{"batch":[{"type":"page","anonymousId":"a"}]}`, none, ok, ok},
		{"POST", "/v1/events", `{"events":[{"type":"page","anonymousId":"a"}]}`, none, ok, ok},
		{"POST", "/v1/import", `{"batch":[{"type":"page","anonymousId":"a"}]}`, none, ok, ok},
		{"GET", "/v1/projects/wk_test/settings", "", ok, ok, ok},
		{"GET", "/sourceConfig/", "", none, ok, ok},
		{"GET", "/sourceConfig", "", none, ok, ok},
		{"PUT", "/v1/carts/c2", cartBody, none, may, ok},
		{"POST", "/v1/orders", orderBody, none, may, ok},
		{"PUT", "/v1/products", productBody, none, may, ok},
		{"PUT", "/v1/products", `{"products":[]}`, none, may, ok},
		{"GET", "/v1/visitors", "", none, may, ok},
		{"GET", "/v1/visitors/1", "", none, may, ok},
		{"GET", "/v1/visitors/999", "", none, may, not},
		{"GET", "/v1/visitors/ann", "", none, may, not},
		{"GET", "/v1/visitors/1/sessions", "", none, may, ok},
		{"GET", "/v1/visitors/999/sessions", "", none, may, not},
		{"GET", "/v1/sessions", "", none, may, ok},
		{"GET", "/v1/sessions/1", "", none, may, ok},
		{"GET", "/v1/sessions/999", "", none, may, not},
		{"GET", "/v1/sessions/1/events", "", none, may, ok},
		{"GET", "/v1/sessions/999/events", "", none, may, not},
		{"GET", "/v1/sessions/1/decisions", "", none, may, ok},
		{"GET", "/v1/sessions/999/decisions", "", none, may, not},
		{"GET", "/v1/carts", "", none, may, ok},
		{"GET", "/v1/carts/c%2F1", "", none, may, ok},
		{"GET", "/v1/carts/1", "", none, may, ok},
		{"GET", "/v1/carts/unknown", "", none, may, not},
		{"GET", "/v1/carts/c%2F1/decisions", "", none, may, ok},
		{"GET", "/v1/carts/unknown/decisions", "", none, may, not},
		{"GET", "/v1/orders", "", none, may, ok},
		{"GET", "/v1/orders/o1", "", none, may, ok},
		{"GET", "/v1/orders/unknown", "", none, may, not},
		{"GET", "/v1/products", "", none, may, ok},
		{"GET", "/v1/products/mug", "", none, may, ok},
		{"GET", "/v1/products/unknown", "", none, may, not},
		{"GET", "/v1/triggers", "", none, may, ok},
	}
	table = slices.Concat(table, accessToRecommendations(), accessToConsents(), accessToOperation())
	codes := map[int]string{none: "key_missing", may: "scope_insufficient", not: "not_found"}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.do(request{method: "PUT", path: "/v1/carts/c%2F1", key: secretKey, body: cartBody}).receipt(t)
		s.post("/v1/orders", secretKey, orderBody).receipt(t)
		s.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: productBody}).receipt(t)
		s.get("/v1/sessions?after_seq=3").wants(t, ok, "")
		for _, c := range table {
			for key, status := range map[string]int{"": c.keyless, writeKey: c.write, secretKey: c.full} {
				a := s.do(request{method: c.method, path: c.path, key: key, body: c.body})
				if a.Code != status {
					t.Errorf("%s %s with key %q: status %d, want %d: %s", c.method, c.path, key, a.Code, status, a.Body)
					continue
				}
				a.wants(t, status, codes[status])
			}
		}
	})
}

func TestUnknownRoutes(t *testing.T) {
	s := sqliteShop(t)
	s.get("/v2/track").wants(t, 404, "route_unknown")
	s.get("/v1/track/").wants(t, 404, "route_unknown")
	a := s.do(request{method: http.MethodDelete, path: "/v1/carts/c1", key: secretKey})
	a.wants(t, 405, "method_not_allowed")
	if allow := a.Header().Get("Allow"); !strings.Contains(allow, "PUT") || !strings.Contains(allow, "GET") {
		t.Errorf("Allow %q", allow)
	}
}

// HEAD is answered as GET is, without a body, on every route that has GET.
func TestHead(t *testing.T) {
	s := sqliteShop(t)
	server := httptest.NewServer(s.server)
	defer server.Close()
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(method, path string) (status int, kind string, body []byte) {
		r, err := http.NewRequest(method, server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(secretKey, "")
		a, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		if body, err = io.ReadAll(a.Body); err != nil {
			t.Fatal(err)
		}
		return a.StatusCode, a.Header.Get("Content-Type"), body
	}
	for _, route := range s.server.Table() {
		if route.Method != http.MethodGet {
			continue
		}
		path := concrete(route.Path)
		status, kind, _ := ask(http.MethodGet, path)
		if got, as, body := ask(http.MethodHead, path); got != status || as != kind || len(body) > 0 {
			t.Errorf("HEAD %s: status %d, %s, %q; GET: %d, %s", path, got, as, body, status, kind)
		}
	}
	for _, path := range []string{"/healthz", "/readyz", "/docs", "/v1/carts"} {
		if got, _, _ := ask(http.MethodHead, path); got != http.StatusOK {
			t.Errorf("HEAD %s: status %d", path, got)
		}
	}
	if got, _, _ := ask(http.MethodHead, "/v1/track"); got != http.StatusMethodNotAllowed {
		t.Errorf("HEAD of what is only posted: status %d", got)
	}
}

func TestReadiness(t *testing.T) {
	s := sqliteShop(t)
	s.ready = errors.New("no route to the database")
	s.get("/readyz").wants(t, 503, "database_unavailable")
	s.ready = nil
	s.get("/readyz").wants(t, 200, "")
	s.server.Unready()
	s.get("/readyz").wants(t, 503, "draining")
	s.get("/healthz").wants(t, 200, "")
	// Whoever did not hear of it yet is still served.
	s.post("/v1/page", writeKey, calls["page"]).receipt(t)
}

func TestPanicIsAProblem(t *testing.T) {
	s := sqliteShop(t, func(c *api.Config) { c.Jobs.List = func(context.Context) (any, error) { panic("planted") } })
	s.get("/v1/jobs").wants(t, 500, "internal")
	if !strings.Contains(s.logged.String(), "planted") {
		t.Errorf("the panic is not in the log: %s", s.logged)
	}
	s.get("/v1/carts").wants(t, 200, "")
}
