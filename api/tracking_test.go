package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// trackingPaths are the paths of each call, as the clients of shops know them.
var trackingPaths = map[string][]string{
	"track":    {"/v1/track", "/v1/t", "/api/s/track", "/api/s/s2s/track"},
	"identify": {"/v1/identify", "/v1/i", "/api/s/identify", "/api/s/s2s/identify"},
	"page":     {"/v1/page", "/v1/p", "/api/s/page", "/api/s/s2s/page"},
	"screen":   {"/v1/screen", "/v1/s", "/api/s/screen", "/api/s/s2s/screen"},
	"group":    {"/v1/group", "/v1/g", "/api/s/group", "/api/s/s2s/group"},
	"alias":    {"/v1/alias", "/v1/a", "/api/s/alias", "/api/s/s2s/alias"},
	"batch":    {"/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch", "/api/s/batch", "/api/s/s2s/batch"},
}

// trackingBody is a good body of a call.
func trackingBody(call string) string {
	if call != "batch" {
		return calls[call]
	}
	return `{"batch":[{"type":"track","event":"Product Added","anonymousId":"a1","properties":{"product_id":"mug"}}],"sentAt":"2026-03-01T12:00:00Z"}`
}

// The same call becomes the same event, wherever it was sent.
func TestTrackingPaths(t *testing.T) {
	kinds := map[string]sessions.Kind{
		"track": sessions.ProductAdded, "identify": sessions.Identify, "page": sessions.Page, "screen": sessions.Screen,
		"group": sessions.Custom, "alias": sessions.Alias, "batch": sessions.ProductAdded,
	}
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for call, paths := range trackingPaths {
			for _, path := range paths {
				for key, source := range map[string]sessions.Source{writeKey: sessions.Browser, secretKey: sessions.Backend} {
					if path == "/v1/import" && key == secretKey {
						source = sessions.Imported
					}
					r := s.post(path, key, trackingBody(call)).receipt(t)
					events, err := s.log.Since(context.Background(), r.Seq-1, 10)
					must(t, err)
					if len(events) != 1 || events[0].Kind != kinds[call] || events[0].Source != source {
						t.Errorf("%s with %s became %+v", path, key, events)
					}
				}
				s.post(path, "", trackingBody(call)).wants(t, 401, "key_missing")
				s.post(path, "", strings.Replace(trackingBody(call), "{", `{"writeKey":"wk_test",`, 1)).receipt(t)
				s.post(path+"?writeKey=wk_test", "", trackingBody(call)).receipt(t)
				s.post(path, writeKey, `{`).wants(t, 400, "invalid_json")
				s.do(request{method: http.MethodGet, path: path, key: writeKey}).wants(t, 405, "method_not_allowed")
			}
		}
	})
}

// There are no other paths to track by than those the test above tries.
func TestTrackingPathsAreAll(t *testing.T) {
	var tried []string
	for _, paths := range trackingPaths {
		tried = append(tried, paths...)
	}
	for _, name := range sqliteShop(t).server.Routes() {
		path, posted := strings.CutPrefix(name, "POST ")
		ours := []string{"/v1/coupons", "/v1/events", "/v1/orders", "/v1/recommendations", "/v1/suppressions"}
		segment := strings.HasPrefix(path, "/v1/") && strings.Count(path, "/") == 2 && !slices.Contains(ours, path)
		if posted && (segment || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/beacon/")) && !slices.Contains(tried, path) {
			t.Errorf("%s is not tried", path)
		}
	}
}

// What clients say of a body does not matter, only what it is.
func TestContentTypes(t *testing.T) {
	s := sqliteShop(t)
	for _, kind := range []string{
		"", "application/json", "application/json;charset=UTF-8", "text/plain", "text/plain;charset=UTF-8",
		"application/x-www-form-urlencoded", "application/octet-stream", "multipart/form-data; boundary=x", "nonsense;;",
	} {
		for call, path := range map[string]string{"page": "/v1/p", "batch": "/beacon/v1/batch"} {
			for encoding, body := range map[string]string{"": trackingBody(call), "gzip": zipped(t, trackingBody(call))} {
				headers := []string{"Content-Type: " + kind}
				if encoding != "" {
					headers = append(headers, "Content-Encoding: "+encoding)
				}
				if kind == "" {
					headers = headers[1:]
				}
				s.do(request{method: http.MethodPost, path: path, key: writeKey, body: body, headers: headers}).receipt(t)
			}
		}
	}
}

// Jitsu's clients show a key in two parts.
func TestKeyOfTwoParts(t *testing.T) {
	for name, c := range map[string]struct {
		path, header string
		status       int
		code         string
	}{
		"header":                {"/api/s/page", "X-Write-Key: wk_test:any", 200, ""},
		"header, secret":        {"/api/s/s2s/page", "X-Write-Key: sk_test:any", 200, ""},
		"header, second empty":  {"/api/s/page", "X-Write-Key: wk_test:", 200, ""},
		"header, first empty":   {"/api/s/page", "X-Write-Key: :wk_test", 401, "key_missing"},
		"header, second right":  {"/api/s/page", "X-Write-Key: any:wk_test", 401, "key_unknown"},
		"header, three parts":   {"/api/s/page", "X-Write-Key: wk_test:sk_test:x", 200, ""},
		"bearer":                {"/api/s/page", "Authorization: Bearer wk_test:any", 200, ""},
		"query":                 {"/api/s/page?writeKey=wk_test:any", "", 200, ""},
		"query, secret":         {"/api/s/page?writeKey=sk_test:any", "", 403, "secret_key_in_query"},
		"query, secret as well": {"/api/s/page?writeKey=sk_test:any", "X-Write-Key: sk_test", 403, "secret_key_in_query"},
	} {
		t.Run(name, func(t *testing.T) {
			var headers []string
			if c.header != "" {
				headers = []string{c.header}
			}
			s := sqliteShop(t)
			s.do(request{method: http.MethodPost, path: c.path, body: calls["page"], headers: headers}).wants(t, c.status, c.code)
		})
	}
	s := sqliteShop(t)
	// Beside the header, Jitsu's clients send the key with its second part masked.
	s.do(request{method: http.MethodPost, path: "/api/s/page", body: strings.Replace(calls["page"], "{", `{"writeKey":"wk_test:***",`, 1)}).receipt(t)
}

// What a backend sends as history has its own time; with a write key it came today.
func TestHistoryByHTTP(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		body := `{"batch":[{"type":"track","event":"Product Added","userId":"u","timestamp":"2020-01-01T00:00:00Z","properties":{"product_id":"mug"}}]}`
		for key, received := range map[string]string{writeKey: "2026-03-01", secretKey: "2020-01-01"} {
			r := s.post("/v1/import", key, body).receipt(t)
			events, err := s.log.Since(context.Background(), r.Seq-1, 1)
			must(t, err)
			e := events[0]
			if day := e.Received.Time().UTC().Format("2006-01-02"); day != received || e.Occurred.Time().Year() != 2020 {
				t.Errorf("%s: received %s, occurred %v", key, day, e.Occurred.Time())
			}
		}
	})
}

// A wrong clock is put right by the sentAt of the item or of its batch.
func TestWrongClocks(t *testing.T) {
	s := sqliteShop(t)
	item := func(times string) string { return `{"type":"page","anonymousId":"a",` + times + `}` }
	for name, c := range map[string]struct{ path, body, original, sent string }{
		"an item's": {"/v1/p", item(`"timestamp":"2026-03-01T14:58:00Z","sentAt":"2026-03-01T15:00:00Z"`), "14:58", "15:00"},
		"a batch's": {"/v1/b", `{"sentAt":"2026-03-01T15:00:00Z","batch":[` + item(`"timestamp":"2026-03-01T14:58:00Z"`) + `]}`, "14:58", "15:00"},
		"an item's in a batch": {
			"/beacon/v1/batch", `{"sentAt":"2026-03-01T20:00:00Z","batch":[` + item(`"originalTimestamp":"2026-03-01T09:58:00Z","sentAt":"2026-03-01T10:00:00Z"`) + `]}`,
			"09:58", "10:00",
		},
	} {
		r := s.post(c.path, writeKey, c.body).receipt(t)
		events, err := s.log.Since(context.Background(), r.Seq-1, 1)
		must(t, err)
		clock := func(m sessions.Millis) string { return m.Time().UTC().Format("15:04") }
		got := fmt.Sprint(clock(events[0].Occurred), clock(events[0].Original), clock(events[0].Sent), clock(events[0].Received))
		if want := fmt.Sprint("11:58", c.original, c.sent, "12:00"); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
