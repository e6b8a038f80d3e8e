package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
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
