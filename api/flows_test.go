package api_test

import (
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

func TestFlowsAreReadAndReplaced(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db, func(c *api.Config) { c.Rules = cart.RulesOf(flow.Default()) })
		put := func(ifMatch, body string) answer {
			r := request{method: "PUT", path: "/v1/flows", key: secretKey, body: body}
			if ifMatch != "" {
				r.headers = []string{"If-Match: " + ifMatch}
			}
			return s.do(r)
		}
		read := func() answer { return s.do(request{path: "/v1/flows", key: secretKey}) }
		first := read()
		if first.Code != 200 || first.Header().Get("ETag") != `"0"` || !strings.Contains(first.Body.String(), `"origin":"default"`) {
			t.Fatalf("at first: %d %s %s", first.Code, first.Header().Get("ETag"), first.Body)
		}
		for name, tt := range map[string]struct {
			ifMatch, body string
			status        int
			code, pointer string
		}{
			"no If-Match":        {"", `{"flows":[]}`, 428, "if_match_missing", ""},
			"a weak one":         {`W/"0"`, `{"flows":[]}`, 400, "invalid_parameter", ""},
			"no number":          {`"abc"`, `{"flows":[]}`, 400, "invalid_parameter", ""},
			"an older version":   {`"7"`, `{"flows":[]}`, 412, "flows_changed", ""},
			"no JSON":            {"*", `flows: []`, 400, "invalid_json", ""},
			"null":               {"*", `null`, 400, "invalid_json", ""},
			"a list":             {"*", `[]`, 400, "invalid_json", ""},
			"no list":            {"*", `{}`, 400, "required", "/flows"},
			"flows null":         {"*", `{"flows":null}`, 400, "invalid_flow", "/flows"},
			"another field":      {"*", `{"flows":[],"flow":1}`, 400, "unknown_field", "/flow"},
			"a mistake":          {"*", `{"flows":[{"name":"a","kind":"cart","steps":[{"offset":"soon"}]}]}`, 400, "invalid_flow", "/flows/0/steps/0/offset"},
			"a key that is none": {"*", `{"flows":[{"name":"a","kind":"cart","holdouts":"1%"}]}`, 400, "invalid_flow", "/flows/0/holdouts"},
			"the same key twice": {"*", `{"flows":[{"name":"a","kind":"cart","kind":"browse"}]}`, 400, "invalid_flow", "/flows/0/kind"},
		} {
			a := put(tt.ifMatch, tt.body)
			var p api.Problem
			a.read(t, &p)
			if a.Code != tt.status || p.Code != tt.code || tt.pointer != "" && p.Errors[0].Pointer != tt.pointer {
				t.Errorf("%s: %d %s", name, a.Code, a.Body)
			}
		}
		if again := read(); again.Body.String() != first.Body.String() {
			t.Errorf("what was refused changed the flows: %s", again.Body)
		}
		body := `{"flows":[{"name":"carts","kind":"cart","conditions":{"categories":["M\u00fctzen \ud83e\udde2","a\/b"]},"quiet_hours":"21:00-08:00","holdout":"10%"}]}`
		a := put(`"0"`, body)
		if a.Code != 200 || !strings.Contains(a.Body.String(), `"categories":["Mützen 🧢","a/b"]`) || !strings.Contains(a.Body.String(), `"offset":"2d23h"`) {
			t.Fatalf("replaced: %d %s", a.Code, a.Body)
		}
		etag := a.Header().Get("ETag")
		if now := read(); now.Header().Get("ETag") != etag || now.Body.String() != a.Body.String() || etag == `"0"` {
			t.Errorf("read again %s %s", now.Header().Get("ETag"), now.Body)
		}
		if lost := put(`"0"`, `{"flows":[]}`); lost.Code != 412 {
			t.Errorf("by the version before: %d %s", lost.Code, lost.Body)
		}
		if none := put(etag, `{"flows":[]}`); none.Code != 200 || !strings.Contains(none.Body.String(), `"flows":[]`) {
			t.Errorf("none: %d %s", none.Code, none.Body)
		}
		if public := s.do(request{path: "/v1/flows", key: writeKey}); public.Code != 403 {
			t.Errorf("with the public key: %d", public.Code)
		}
	})
}
