package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A good item of each of Segment's calls.
var calls = map[string]string{
	"track":    `{"event":"Product Added","anonymousId":"a1","properties":{"product_id":"mug","price":"12.50"}}`,
	"identify": `{"anonymousId":"a1","userId":"u1","traits":{"email":"Ann@example.com"}}`,
	"page":     `{"anonymousId":"a1","name":"Home","context":{"page":{"path":"/"}}}`,
	"screen":   `{"anonymousId":"a1","name":"Main"}`,
	"group":    `{"anonymousId":"a1","groupId":"g1"}`,
	"alias":    `{"userId":"u1","previousId":"a1"}`,
}

func TestSegmentCalls(t *testing.T) {
	kinds := map[string]sessions.Kind{
		"track": sessions.ProductAdded, "identify": sessions.Identify, "page": sessions.Page,
		"screen": sessions.Screen, "group": sessions.Custom, "alias": sessions.Alias,
	}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for call, body := range calls {
			r := s.post("/v1/"+call, writeKey, body).receipt(t)
			events, err := s.log.Since(context.Background(), r.Seq-1, 10)
			must(t, err)
			if len(events) != 1 || events[0].Kind != kinds[call] || events[0].Source != sessions.Browser {
				t.Errorf("%s became %+v", call, events)
			}
		}
		if n := s.ingest(); n.Accepted != int64(len(calls)) {
			t.Errorf("counters %+v", n)
		}
	})
}

// The key may stand in five places, the first of which counts.
func TestKeyPlaces(t *testing.T) {
	body := calls["page"]
	withKey := strings.Replace(body, "{", `{"writeKey":"wk_test",`, 1)
	withSecret := strings.Replace(body, "{", `{"writeKey":"sk_test",`, 1)
	for name, c := range map[string]struct {
		path, body, header string
		status             int
		code               string
	}{
		"basic":                    {"/v1/page", body, "Authorization: Basic d2tfdGVzdDo=", 200, ""},
		"basic without a user":     {"/v1/page?writeKey=wk_test", body, "Authorization: Basic Og==", 200, ""},
		"bearer":                   {"/v1/page", body, "Authorization: Bearer wk_test", 200, ""},
		"bearer, secret":           {"/v1/page", body, "Authorization: bearer sk_test", 200, ""},
		"header":                   {"/v1/page", body, "X-Write-Key: wk_test", 200, ""},
		"query":                    {"/v1/page?writeKey=wk_test", body, "", 200, ""},
		"body":                     {"/v1/page", withKey, "", 200, ""},
		"body, secret":             {"/v1/page", withSecret, "", 200, ""},
		"batch":                    {"/v1/batch", `{"batch":[],"writeKey":"wk_test"}`, "", 200, ""},
		"header before query":      {"/v1/page?writeKey=wk_test", body, "X-Write-Key: wrong", 401, "key_unknown"},
		"basic before header":      {"/v1/page", body, "Authorization: Basic d3Jvbmc6\nX-Write-Key: wk_test", 401, "key_unknown"},
		"header before body":       {"/v1/page", withKey, "X-Write-Key: wrong", 401, "key_unknown"},
		"none":                     {"/v1/page", body, "", 401, "key_missing"},
		"none, batch":              {"/v1/batch", `{"batch":[]}`, "", 401, "key_missing"},
		"unknown in body":          {"/v1/batch", `{"batch":[],"writeKey":"wk_other"}`, "", 401, "key_unknown"},
		"our own has none in body": {"/v1/events", `{"events":[],"writeKey":"wk_test"}`, "", 401, "key_missing"},
		"secret in query":          {"/v1/page?writeKey=sk_test", body, "", 403, "secret_key_in_query"},
		"secret in both":           {"/v1/page?writeKey=sk_test", body, "X-Write-Key: sk_test", 403, "secret_key_in_query"},
		"secret beside another":    {"/v1/page?writeKey=sk_test", body, "X-Write-Key: wk_test", 403, "secret_key_in_query"},
		"secret after another":     {"/v1/page?writeKey=wk_test&writeKey=sk_test%3Aany", body, "", 403, "secret_key_in_query"},
		"secret, escaped":          {"/v1/page?a=b&write%4bey=%73k_test", body, "X-Write-Key: wk_test", 403, "secret_key_in_query"},
		"wrong beside another":     {"/v1/page?writeKey=wrong", body, "X-Write-Key: wk_test", 200, ""},
		"secret by another name":   {"/v1/page?item=sk_test&%zz=1&key=%73k_test", body, "X-Write-Key: wk_test", 200, ""},
		"not a scheme of ours":     {"/v1/page", body, "Authorization: Digest wk_test", 401, "key_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			var headers []string
			if c.header != "" {
				headers = strings.Split(c.header, "\n")
			}
			a := s.do(request{method: http.MethodPost, path: c.path, body: c.body, headers: headers})
			a.wants(t, c.status, c.code)
			if got := a.Header().Get("WWW-Authenticate") != ""; got != (c.status == 401) {
				t.Errorf("WWW-Authenticate %q with status %d", a.Header().Get("WWW-Authenticate"), c.status)
			}
		})
	}
}

func TestSingleRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		path, body string
		status     int
		code       string
		rejected   int64
	}{
		"nobody":        {"/v1/page", `{"name":"Home"}`, 400, "identity_missing", 1},
		"no product":    {"/v1/track", `{"event":"Product Added","anonymousId":"a"}`, 400, "product_id_missing", 1},
		"large":         {"/v1/page", `{"anonymousId":"a","name":"` + strings.Repeat("x", 32<<10) + `"}`, 413, "too_large", 1},
		"null byte":     {"/v1/page", `{"anonymousId":"a\u0000"}`, 400, "invalid_text", 1},
		"trailing data": {"/v1/page", `{"anonymousId":"a"} {}`, 400, "invalid_json", 0},
		"null":          {"/v1/page", `null`, 400, "invalid_json", 0},
		"array":         {"/v1/page", `[]`, 400, "invalid_json", 0},
		"empty":         {"/v1/page", ``, 400, "invalid_json", 0},
		"no utf-8":      {"/v1/page", "{\"anonymousId\":\"a\xff\"}", 400, "invalid_json", 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			s.post(c.path, writeKey, c.body).wants(t, c.status, c.code)
			if n := s.ingest(); n.Rejected != c.rejected || n.Received != c.rejected {
				t.Errorf("counters %+v, want %d rejected", n, c.rejected)
			}
		})
	}
}

func TestBatchKeepsTheGood(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		r := s.post("/v1/batch", writeKey, `{"sentAt":"2026-03-01T11:59:00Z","batch":[
			{"type":"page","anonymousId":"a1","messageId":"m1","timestamp":"2026-03-01T11:58:00Z"},
			{"type":"page"},
			{"type":"track","event":"Product Viewed","anonymousId":"a1","properties":{"product_id":"mug"},"messageId":"m2"},
			null,
			{"type":"page","anonymousId":"a1","messageId":"m1"}]}`).receipt(t)
		want := []struct {
			index int
			code  string
		}{{1, "identity_missing"}, {3, "invalid_json"}}
		if len(r.Rejected) != len(want) {
			t.Fatalf("rejected %+v", r.Rejected)
		}
		for i, w := range want {
			if r.Rejected[i].Index != w.index || r.Rejected[i].Code != w.code || r.Rejected[i].Reason == "" {
				t.Errorf("rejected %+v, want %+v", r.Rejected[i], w)
			}
		}
		if n := s.ingest(); n != (sessions.Ingest{Received: 5, Accepted: 2, Duplicates: 1, Rejected: 2}) {
			t.Errorf("counters %+v", n)
		}
		events, err := s.log.Since(context.Background(), 0, 1)
		must(t, err)
		if late := start.Sub(events[0].Occurred.Time()); late.Minutes() != 1 {
			t.Errorf("an item one minute before sentAt occurred %s before it was received", late)
		}
		rejected := testdb.Rows(t, db, "SELECT code, body FROM rejected ORDER BY id")
		if want := "code              body\nidentity_missing  {\"type\":\"page\"}\ninvalid_json      null\n"; rejected != want {
			t.Errorf("kept aside:\n%s", rejected)
		}
	})
}

// TestKeysAreNotKeptAside sends what is refused and shows the secret key itself: as a call, in
// a batch whose own key is another, beyond what is kept of an item, and in a form.
func TestKeysAreNotKeptAside(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for _, key := range []string{"sk_test", "sk_test:any", "wk_test"} {
			s.post("/v1/page", "", `{"writeKey":"`+key+`"}`).wants(t, 400, "identity_missing")
		}
		for _, key := range []string{secretKey, writeKey} {
			r := s.post("/v1/batch", key, `{"batch":[{"writeKey":"sk_test","x":"sk_test"},{"writeKey":"s\u006b_test"},{"type":"page","anonymousId":"a"}]}`).receipt(t)
			if len(r.Rejected) != 2 {
				t.Errorf("receipt %+v", r)
			}
		}
		s.post("/v1/batch", writeKey, `{"batch":[{"x":"`+strings.Repeat("x", 2000)+`","writeKey":"sk_`+strings.Repeat("s", 100)+`"}]}`).receipt(t)
		s.do(request{method: "PUT", path: "/v1/carts/c", key: secretKey, body: `{"writeKey":"sk_test"}`}).wants(t, 400, "unknown_field")
		rows := testdb.Rows(t, db, "SELECT body FROM rejected ORDER BY id")
		if n := strings.Count(rows, `"writeKey":"…"`); n != 9 || strings.Contains(rows, "k_") {
			t.Errorf("%d are blank; kept aside:\n%s", n, rows)
		}
	})
}

func TestBatchRefusals(t *testing.T) {
	items := func(n int) string { return strings.Repeat(`{"type":"page","anonymousId":"a"},`, n-1) }
	last := `{"type":"page","anonymousId":"a"}]}`
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"2500":          {`{"batch":[` + items(2500) + last, 200, ""},
		"2501":          {`{"batch":[` + items(2501) + last, 413, "too_large"},
		"4 MB":          {`{"batch":[],"x":"` + strings.Repeat("x", api.MaxBody) + `"}`, 413, "too_large"},
		"empty":         {`{"batch":[]}`, 200, ""},
		"no batch":      {`{"events":[]}`, 400, "invalid_json"},
		"null":          {`null`, 400, "invalid_json"},
		"null batch":    {`{"batch":null}`, 400, "invalid_json"},
		"trailing data": {`{"batch":[]}]`, 400, "invalid_json"},
		"two bodies":    {`{"batch":[]}{"batch":[]}`, 400, "invalid_json"},
		"cut off":       {`{"batch":[{"type":"page","anonymousId":"a"}`, 400, "invalid_json"},
		"no utf-8":      {"{\"batch\":[{\"type\":\"page\",\"anonymousId\":\"\xc3\"}]}", 400, "invalid_json"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			s.post("/v1/batch", writeKey, c.body).wants(t, c.status, c.code)
			if n := s.ingest(); c.status != 200 && n.Received != 0 {
				t.Errorf("counters %+v after a body that was refused whole", n)
			}
		})
	}
}

// An item over 32 KB does not take its neighbours with it.
func TestLargeItemInBatch(t *testing.T) {
	s := sqliteShop(t)
	r := s.post("/v1/events", secretKey, `{"events":[{"type":"page","userId":"u","name":"`+strings.Repeat("x", 32<<10)+
		`"},{"type":"page","userId":"u"}]}`).receipt(t)
	if len(r.Rejected) != 1 || r.Rejected[0].Code != "too_large" || r.Rejected[0].Index != 0 || r.Seq != 1 {
		t.Errorf("receipt %+v", r)
	}
}

// What a browser says of itself is its shopper's; what a backend says is not.
func TestWhoseMachine(t *testing.T) {
	headers := []string{"User-Agent: Firefox", "DNT: 1", "X-Forwarded-For: 198.51.100.7"}
	body := `{"events":[{"type":"page","userId":"u"}]}`
	proxied := func(c *api.Config) { c.TrustedProxies = []string{"192.0.2.0/24"} } // where httptest calls from
	s := sqliteShop(t, proxied)
	for _, key := range []string{writeKey, secretKey} {
		s.do(request{method: http.MethodPost, path: "/v1/events", key: key, body: body, headers: headers}).receipt(t)
	}
	s.do(request{method: http.MethodPost, path: "/v1/events", key: writeKey, body: body, headers: []string{"Sec-GPC: 1"}}).receipt(t)
	browser, backend, private := s.clients[0], s.clients[1], s.clients[2]
	if browser.UserAgent != "Firefox" || browser.Address != "198.51.100.7" || !browser.DoNotTrack {
		t.Errorf("browser's machine: %+v", browser)
	}
	if backend.UserAgent != "" || backend.Address != "" || backend.DoNotTrack {
		t.Errorf("backend's machine: %+v", backend)
	}
	if private.Address != "192.0.2.1" || !private.DoNotTrack {
		t.Errorf("private browser's machine: %+v", private)
	}
	for i, from := range []string{"198.51.100.7:50123", "203.0.113.1, 198.51.100.7:50123", "[::ffff:198.51.100.7]:443"} { // of proxies that name ports, too
		s.do(request{method: http.MethodPost, path: "/v1/events", key: writeKey, body: body, headers: []string{"X-Forwarded-For: " + from}}).receipt(t)
		if got := s.clients[3+i].Address; got != "198.51.100.7" {
			t.Errorf("forwarded %q: address %q", from, got)
		}
	}
}

// Nobody is believed about another address unless the operator says so.
func TestUntrustedProxy(t *testing.T) {
	s := sqliteShop(t)
	s.do(request{method: http.MethodPost, path: "/v1/page", key: writeKey, body: calls["page"], headers: []string{"X-Forwarded-For: 198.51.100.7"}}).receipt(t)
	if s.clients[0].Address != "192.0.2.1" {
		t.Errorf("address %q", s.clients[0].Address)
	}
	if _, err := api.New(api.Config{TrustedProxies: []string{"nowhere"}}); err == nil {
		t.Error("a trusted proxy that is no address was taken")
	}
}
