package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A cart is put, put again, and ended by its order, which is sent twice.
func TestCartAndOrder(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		put := func(body string) {
			s.do(request{method: http.MethodPut, path: "/v1/carts/c%2F1", key: secretKey, body: body}).receipt(t)
		}
		put(cartBody)
		put(`{"visitor":{"user_id":"u1"},"currency":"EUR","lines":[{"product_id":"tea","quantity":1,"unit_price":400}]}`)
		var c struct {
			ID     int64
			Status cart.Status
			Lines  []sessions.Line
		}
		s.get("/v1/carts/c%2F1").read(t, &c)
		if c.Status != cart.Open || len(c.Lines) != 1 || c.Lines[0].Product != "tea" {
			t.Errorf("cart %+v", c)
		}
		for range 2 {
			s.post("/v1/orders", secretKey, orderBody).receipt(t)
		}
		s.get("/v1/carts/c%2F1").read(t, &c)
		if c.Status != cart.Ordered {
			t.Errorf("after its order the cart is %q", c.Status)
		}
		if n := s.ingest(); n != (sessions.Ingest{Received: 4, Accepted: 3, Duplicates: 1}) {
			t.Errorf("counters %+v", n)
		}
		if kinds, _ := s.pages("/v1/triggers?", "type"); !slices.Equal(kinds, []string{"cart.converted"}) {
			t.Errorf("triggers %q", kinds)
		}
	})
}

// All mistakes are told at once, at their places; the form is kept as one rejected
// item if it could be read.
func TestFormMistakes(t *testing.T) {
	for name, c := range map[string]struct {
		method, path, body string
		status             int
		code               string
		pointers           []string
		rejected           int64
	}{
		"cart": {"PUT", "/v1/carts/c1", `{"visitor":{},"lines":[{"product_id":"mug","quantity":-1},{"quantity":1}],"colour":"red"}`,
			400, "", []string{"/colour", "/lines/0/quantity", "/lines/1/product_id", "/visitor"}, 1},
		"order":           {"POST", "/v1/orders", `{"visitor":{"user_id":"u1"}}`, 400, "required", []string{"/order_id"}, 1},
		"products":        {"PUT", "/v1/products", `{"products":[{"name":"A mug"},{"product_id":"tea","price":1.5}]}`, 400, "", []string{"/products/0/product_id", "/products/1/price"}, 1},
		"no products":     {"PUT", "/v1/products", `{}`, 400, "required", []string{"/products"}, 1},
		"no json":         {"PUT", "/v1/carts/c1", `{"lines":`, 400, "invalid_json", []string{""}, 0},
		"trailing data":   {"POST", "/v1/orders", orderBody + `x`, 400, "invalid_json", []string{""}, 0},
		"null":            {"PUT", "/v1/products", `null`, 400, "invalid_json", []string{""}, 0},
		"no utf-8":        {"PUT", "/v1/products", "{\"products\":[{\"product_id\":\"\xff\"}]}", 400, "invalid_json", nil, 0},
		"2501 products":   {"PUT", "/v1/products", `{"products":[` + repeated(`{"product_id":"p"}`, 2501) + `]}`, 413, "too_large", []string{"/products"}, 0},
		"id of 256 bytes": {"PUT", "/v1/carts/" + strings.Repeat("c", 256), cartBody, 400, "too_long", []string{""}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			a := s.do(request{method: c.method, path: c.path, key: secretKey, body: c.body})
			var p api.Problem
			a.read(t, &p)
			if c.code == "" {
				c.code = p.Errors[0].Code
			}
			a.wants(t, c.status, c.code)
			var pointers []string
			for _, e := range p.Errors {
				pointers = append(pointers, e.Pointer)
				if e.Code == "" || e.Detail == "" {
					t.Errorf("mistake %+v says too little", e)
				}
			}
			if len(p.Errors) == 1 && p.Detail != p.Errors[0].String() {
				t.Errorf("the one mistake %+v is told as %q", p.Errors[0], p.Detail)
			}
			slices.Sort(pointers)
			if !slices.Equal(pointers, c.pointers) {
				t.Errorf("pointers %q, want %q", pointers, c.pointers)
			}
			if n := s.ingest(); n.Rejected != c.rejected || n.Accepted != 0 {
				t.Errorf("counters %+v", n)
			}
		})
	}
}
