package api_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"cartwright/api"
	"cartwright/sessions/wire"
)

// FuzzBatch sends any body as a batch: it is taken if it is one, with every item
// accounted for, and else refused as the sender's mistake.
func FuzzBatch(f *testing.F) {
	for _, body := range []string{
		`{"batch":[{"type":"page","anonymousId":"a"}],"sentAt":"2026-03-01T12:00:00Z"}`,
		`{"batch":[null,1,"x",[],{}]}`, `{"batch":[],"batch":[{"type":"identify","userId":7}]}`, `{"batch":[{"type":"page","anonymousId":"\u0000"}]}`,
		`{"batch":[]}x`, `null`, `[`, "\xff", `{"batch":[{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"o","products":[{"sku":"s"}]}}]}`,
	} {
		f.Add([]byte(body))
	}
	s := sqliteShop(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		s.t = t
		before := s.ingest()
		a := s.post("/v1/batch", writeKey, string(body))
		after := s.ingest()
		switch a.Code {
		case http.StatusOK:
			if !json.Valid(body) {
				t.Fatalf("taken, but no JSON: %q", body)
			}
			var r api.Receipt
			a.read(t, &r)
			if got, rejected := after.Received-before.Received, after.Rejected-before.Rejected; got > wire.MaxItems || rejected != int64(len(r.Rejected)) {
				t.Errorf("%d counted, %d of them rejected; the answer names %d", got, rejected, len(r.Rejected))
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
			if after != before {
				t.Errorf("refused, but counted: %+v, then %+v", before, after)
			}
			if isBatch(body) {
				t.Errorf("refused: %q: %s", body, a.Body)
			}
		default:
			t.Fatalf("status %d: %s", a.Code, a.Body)
		}
	})
}

// isBatch reports whether a body should be taken, as encoding/json reads it.
func isBatch(body []byte) bool {
	var members map[string]json.RawMessage
	var items []json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &members) != nil || json.Unmarshal(members["batch"], &items) != nil {
		return false
	}
	nested := bytes.Count(body, []byte("{")) + bytes.Count(body, []byte("[")) // at most
	return items != nil && len(items) <= wire.MaxItems && len(body) <= api.MaxBody && nested < 90
}

// FuzzKeys shows any text as a key, in each of the places for one. Only the keys there
// are open anything, and no text is our mistake.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{
		"Basic d2tfdGVzdDo=", "Basic c2tfdGVzdDo=", "Bearer sk_test", "bearer  wk_test ", "Basic", "Basic =", "Bearer", "Digest username=x", "wk_test", "sk_test", "sk_test:", "\x00", "wk_tes\u200bt", "Basic c2tfdGVzdA==",
	} {
		f.Add(seed)
	}
	s := sqliteShop(f)
	f.Fuzz(func(t *testing.T, text string) {
		s.t = t
		for _, place := range []string{"Authorization", "X-Write-Key", "query"} {
			asked := httptest.NewRequest(http.MethodGet, "/v1/carts", nil)
			shown := strings.TrimSpace(text)
			switch place {
			case "query":
				asked.URL.RawQuery = url.Values{"writeKey": {text}}.Encode()
				shown = text
			default:
				asked.Header.Set(place, text)
			}
			recorder := httptest.NewRecorder()
			s.server.ServeHTTP(recorder, asked)
			a := answer{recorder}
			switch a.Code {
			case http.StatusOK:
				scheme, credentials, _ := strings.Cut(shown, " ")
				user, _ := base64.StdEncoding.DecodeString(credentials)
				name, _, _ := strings.Cut(string(user), ":")
				bare, _, _ := strings.Cut(shown, ":")
				token, _, _ := strings.Cut(strings.TrimSpace(credentials), ":")
				if place == "query" || bare != secretKey && token != secretKey && !(strings.EqualFold(scheme, "Basic") && name == secretKey) {
					t.Errorf("%s %q was let in", place, text)
				}
			case http.StatusUnauthorized, http.StatusForbidden:
				if place == "X-Write-Key" && text == secretKey {
					t.Errorf("the key was refused: %s", a.Body)
				}
				if strings.Contains(a.Body.String(), secretKey) {
					t.Errorf("%s %q: the key is in the answer", place, text)
				}
			default:
				t.Fatalf("%s %q: status %d: %s", place, text, a.Code, a.Body)
			}
		}
	})
}

// FuzzParameters asks for lists with any parameters: they are answered with a page that
// keeps to its limit, or refused as the caller's mistake.
func FuzzParameters(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", ""}, {"1", "1", "1"}, {"-1", "-1", "-1"}, {"500", "9223372036854775807", "0"}, {"501", "9223372036854775808", "x"},
		{"0x10", "1e3", "+1"}, {"٣", "\x00", " 1"}, {"1", "mug", ""}, {"1", "trg_1", ""}, {"9999999999999999999999", "%", "&"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	s := sqliteShop(f)
	s.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: productBody}).receipt(f)
	s.do(request{method: "PUT", path: "/v1/carts/c1", key: secretKey, body: cartBody}).receipt(f)
	f.Fuzz(func(t *testing.T, limit, after, seq string) {
		s.t = t
		if n, err := strconv.ParseInt(seq, 10, 64); err == nil && n > 2 {
			seq = "2" // further on there is nothing but to wait for it
		}
		query := url.Values{"limit": {limit}, "after": {after}, "after_seq": {seq}}.Encode()
		for _, path := range []string{"/v1/visitors", "/v1/visitors/1/sessions", "/v1/sessions", "/v1/sessions/1/events", "/v1/carts", "/v1/orders", "/v1/products", "/v1/triggers"} {
			a := s.get(path + "?" + query)
			switch a.Code {
			case http.StatusOK:
				var l list
				a.read(t, &l)
				n, err := strconv.Atoi(limit)
				if limit != "" && (err != nil || n < 1 || len(l.Data) > n) {
					t.Errorf("%s?%s: %d rows of %q", path, query, len(l.Data), limit)
				}
			case http.StatusBadRequest, http.StatusNotFound:
			default:
				t.Fatalf("%s?%s: status %d: %s", path, query, a.Code, a.Body)
			}
		}
	})
}
