package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// list is any answer with a page.
type list struct {
	Data []map[string]any `json:"data"`
	Next *string          `json:"next"`
}

// pages follows a list to its end and returns the field of all rows.
func (s *shop) pages(path, field string) (values []string, pages int) {
	s.t.Helper()
	for after := ""; ; pages++ {
		var l list
		a := s.get(path + after)
		a.wants(s.t, http.StatusOK, "")
		a.read(s.t, &l)
		for _, row := range l.Data {
			values = append(values, fmt.Sprint(row[field]))
		}
		if l.Next == nil {
			return values, pages + 1
		}
		after = "&after=" + *l.Next
	}
}

// browse sends a page view of each of n shoppers and waits for their sessions.
func (s *shop) browse(n int) {
	s.t.Helper()
	var items []string
	for i := range n {
		items = append(items, fmt.Sprintf(`{"type":"page","anonymousId":"a%d","name":"Home"}`, i+1))
	}
	r := s.post("/v1/batch", writeKey, `{"batch":[`+strings.Join(items, ",")+`]}`).receipt(s.t)
	s.get(fmt.Sprintf("/v1/sessions?after_seq=%d", r.Seq)).wants(s.t, http.StatusOK, "")
}

func TestPaging(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.browse(5)
		for i := range 3 {
			s.do(request{method: "PUT", path: fmt.Sprintf("/v1/carts/c%d", i), key: secretKey, body: cartBody}).receipt(t)
			s.post("/v1/orders", secretKey, fmt.Sprintf(`{"order_id":"o%d","cart_id":"c%d","visitor":{"user_id":"u1"}}`, i, i)).receipt(t)
		}
		s.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: `{"products":[{"product_id":"tea"},{"product_id":"mug"}]}`}).receipt(t)
		for _, c := range []struct {
			path, field string
			want        []string
			pages       int
		}{
			{"/v1/sessions?after_seq=11&limit=2", "id", []string{"6", "5", "4", "3", "2", "1"}, 3},
			{"/v1/visitors?limit=3", "id", []string{"6", "5", "4", "3", "2", "1"}, 2},
			{"/v1/visitors/3/sessions?limit=1", "id", []string{"3"}, 1},
			{"/v1/sessions/3/events?limit=1", "seq", []string{"3"}, 1},
			{"/v1/carts?limit=2", "cart_id", []string{"c2", "c1", "c0"}, 2},
			{"/v1/orders?limit=1", "order_id", []string{"o2", "o1", "o0"}, 3},
			{"/v1/triggers?limit=2", "type", slices.Repeat([]string{"cart.converted"}, 3), 2},
			{"/v1/products?limit=1", "product_id", []string{"mug", "tea"}, 2},
			{"/v1/carts/c0/decisions?", "reason", nil, 1},
			{"/v1/sessions/3/decisions?", "reason", nil, 1},
		} {
			values, pages := s.pages(c.path, c.field)
			if !slices.Equal(values, c.want) || pages != c.pages {
				t.Errorf("%s: %q in %d pages, want %q in %d", c.path, values, pages, c.want, c.pages)
			}
		}
	})
}

// A list that holds nothing is an empty list, not null.
func TestEmptyLists(t *testing.T) {
	s := sqliteShop(t)
	for _, path := range []string{"/v1/sessions", "/v1/visitors", "/v1/carts", "/v1/orders", "/v1/triggers", "/v1/products?after=z"} {
		a := s.get(path)
		a.wants(t, http.StatusOK, "")
		if got := a.Body.String(); got != `{"data":[],"next":null}` {
			t.Errorf("%s: %s", path, got)
		}
	}
}

func TestParameters(t *testing.T) {
	s := sqliteShop(t)
	s.browse(1)
	for _, path := range []string{
		"/v1/sessions?limit=0", "/v1/sessions?limit=501", "/v1/sessions?limit=-1", "/v1/sessions?limit=many", "/v1/sessions?limit=1e2",
		"/v1/sessions?after=last", "/v1/sessions?after=-1", "/v1/sessions?after_seq=now", "/v1/sessions?bots=yes",
		"/v1/carts?after=x", "/v1/orders?limit=0", "/v1/triggers?after=trg_none", "/v1/triggers?limit=0", "/v1/products?limit=9999",
		"/v1/recommendations?n=0", "/v1/recommendations?n=101", "/v1/recommendations?context=mail", "/v1/recommendations?context=product",
	} {
		s.get(path).wants(t, http.StatusBadRequest, "invalid_parameter")
	}
	s.get("/v1/sessions?limit=500").wants(t, http.StatusOK, "")
	s.get("/v1/recommendations?n=100&colour=red").wants(t, http.StatusOK, "")
}

// A read that passes the seq of an append sees it, and one that asks for what is
// not there is told to come again.
func TestAfterSeq(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		for i := range 10 {
			r := s.post("/v1/page", writeKey, fmt.Sprintf(`{"anonymousId":"a","name":"Page %d"}`, i)).receipt(t)
			var session sessions.Session
			a := s.get(fmt.Sprintf("/v1/sessions/1?after_seq=%d", r.Seq))
			a.wants(t, http.StatusOK, "")
			a.read(t, &session)
			if session.Events != int64(i+1) {
				t.Fatalf("after %d events the session has %d", i+1, session.Events)
			}
		}
	})
}

func TestAfterSeqNotReached(t *testing.T) {
	for _, path := range []string{"/v1/sessions", "/v1/visitors/1", "/v1/carts", "/v1/jobs/detect/runs", "/v1/webhooks/endpoints/1/deliveries"} {
		synctest.Test(t, func(t *testing.T) {
			s := sqliteShop(t)
			s.browse(1)
			asked := time.Now()
			s.get(path+"?after_seq=99").wants(t, http.StatusServiceUnavailable, "behind")
			if waited := time.Since(asked); waited != 2*time.Second {
				t.Errorf("%s waited %s", path, waited)
			}
		})
	}
}

func TestBotsAreApart(t *testing.T) {
	s := sqliteShop(t)
	s.browse(1)
	s.do(request{method: http.MethodPost, path: "/v1/page", key: writeKey, body: `{"anonymousId":"bot"}`, headers: []string{"User-Agent: Googlebot"}}).receipt(t)
	if ids, _ := s.pages("/v1/sessions?after_seq=2", "id"); !slices.Equal(ids, []string{"1"}) {
		t.Errorf("sessions without bots: %v", ids)
	}
	if ids, _ := s.pages("/v1/sessions?bots=true", "id"); !slices.Equal(ids, []string{"2", "1"}) {
		t.Errorf("sessions with bots: %v", ids)
	}
}

// An event is shown with the log's columns, its times as RFC 3339.
func TestEventShown(t *testing.T) {
	s := sqliteShop(t)
	r := s.post("/v1/track", writeKey, `{"event":"Product Viewed","anonymousId":"a","messageId":"m1","timestamp":"2026-03-01T11:59:30Z",`+
		`"properties":{"product_id":"mug","price":"12.5"}}`).receipt(t)
	a := s.get(fmt.Sprintf("/v1/sessions/1/events?after_seq=%d", r.Seq))
	a.wants(t, http.StatusOK, "")
	want := `{"data":[{"seq":1,"kind":"product_viewed","source":"browser","received_at":"2026-03-01T12:00:00Z","occurred_at":"2026-03-01T11:59:30Z",` +
		`"visitor_id":1,"original_at":"2026-03-01T11:59:30Z","message_id":"m1","name":"Product Viewed","anonymous_id":"a","currency":"EUR",` +
		`"lines":[{"product_id":"mug","quantity":1,"unit_price":1250}],"properties":{"product_id":"mug","price":"12.5"}}],"next":null}`
	if got := a.Body.String(); got != want {
		t.Errorf("event shown as\n%s\nwant\n%s", got, want)
	}
}
