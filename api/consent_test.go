package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// withPreferences keeps what a shop's preferences are.
func withPreferences(into **cart.Preferences) func(*api.Config) {
	return func(c *api.Config) { *into = c.Preferences }
}

func (s *shop) put(path, body string) answer {
	s.t.Helper()
	return s.do(request{method: http.MethodPut, path: path, key: secretKey, body: body})
}

// said is what is answered of an address.
type said struct {
	State    string
	Standing *struct {
		ToldBy string `json:"told_by"`
		Basis  string
		Source string
		Text   string `json:"text_version"`
		At     string `json:"occurred_at"`
	}
	Statements   []any
	Suppressions []struct{ Reason, Detail string }
}

func (s *shop) said(email string) (is said) {
	s.t.Helper()
	a := s.get("/v1/consents?email=" + email)
	a.wants(s.t, 200, "")
	a.read(s.t, &is)
	return is
}

// Consents arrive by every way that there is, and say what they said.
func TestConsentsFromEverywhere(t *testing.T) {
	const object = `{"state":"granted","basis":"soft_opt_in","source":"checkout","text_version":"v3","occurred_at":"2026-02-01T00:00:00Z"}`
	for name, c := range map[string]struct {
		tell func(s *shop) answer
		want string // state, teller, basis, source, version and time
	}{
		"PUT /v1/consents": {func(s *shop) answer {
			return s.put("/v1/consents", `{"consents":[{"email":" Ann@Example.com","user_id":7,`+object[1:]+`]}`)
		}, "granted backend soft_opt_in checkout v3 2026-02-01T00:00:00Z"},
		"a cart": {func(s *shop) answer {
			return s.put("/v1/carts/c", `{"visitor":{"consent":{"email":`+object+`},"email":"ann@example.com"},"lines":[]}`)
		}, "granted backend soft_opt_in checkout v3 2026-02-01T00:00:00Z"},
		"an order": {func(s *shop) answer {
			return s.post("/v1/orders", secretKey, `{"order_id":"1","visitor":{"email":"ann@example.com","consent":{"email":{"state":"denied"}}}}`)
		}, "denied backend    2026-03-01T12:00:00Z"},
		"identify, true": {func(s *shop) answer {
			return s.post("/v1/identify", secretKey, `{"userId":"7","traits":{"email":"ann@example.com","email_consent":true}}`)
		}, "granted backend consent identify  2026-03-01T12:00:00Z"},
		"identify, an object": {func(s *shop) answer {
			return s.post("/v1/identify", secretKey, `{"userId":"7","traits":{"email":"ann@example.com","email_consent":`+object+`}}`)
		}, "granted backend soft_opt_in checkout v3 2026-02-01T00:00:00Z"},
		"identify of RudderStack": {func(s *shop) answer {
			return s.post("/v1/identify", secretKey, `{"userId":"7","context":{"traits":{"email":"ann@example.com","email_consent":false}}}`)
		}, "denied backend  identify  2026-03-01T12:00:00Z"},
		"a browser's denial": {func(s *shop) answer {
			return s.post("/v1/identify", writeKey, `{"anonymousId":"a","traits":{"email":"ann@example.com","email_consent":false}}`)
		}, "denied browser  identify  2026-03-01T12:00:00Z"},
		"a browser's grant": {func(s *shop) answer {
			return s.post("/v1/identify", writeKey, `{"anonymousId":"a","traits":{"email":"ann@example.com","email_consent":true}}`)
		}, "unknown"},
		"a history": {func(s *shop) answer {
			return s.post("/v1/import", secretKey, `{"batch":[{"type":"identify","userId":"7","timestamp":"2020-01-01T00:00:00Z","traits":{"email":"ann@example.com","email_consent":true}}]}`)
		}, "granted backend consent identify  2020-01-01T00:00:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *database.DB) {
				s := newShop(t, db)
				c.tell(s).receipt(t)
				is := s.said("ann@example.com")
				got := is.State
				if st := is.Standing; st != nil {
					got = fmt.Sprint(is.State, " ", st.ToldBy, " ", st.Basis, " ", st.Source, " ", st.Text, " ", st.At)
				}
				if got != c.want || len(is.Statements) != 1 {
					t.Errorf("%q and %v, want %q", got, is.Statements, c.want)
				}
			})
		})
	}
}

// A consent that cannot be read is refused, because it may have been a denial.
func TestConsentsThatCannotBeRead(t *testing.T) {
	s := sqliteShop(t)
	for _, trait := range []string{`"no"`, `0`, `[]`, `{}`, `{"state":"maybe"}`, `{"state":"granted"}`} {
		s.post("/v1/identify", secretKey, `{"userId":"7","traits":{"email":"ann@example.com","email_consent":`+trait+`}}`).wants(t, 400, "invalid_consent")
	}
	s.post("/v1/identify", secretKey, `{"userId":"7","traits":{"email_consent":true}}`).wants(t, 400, "invalid_consent")
	s.put("/v1/carts/c", `{"visitor":{"user_id":"7","consent":{"email":{"state":"denied"}}},"lines":[]}`).wants(t, 400, "required")
	s.put("/v1/carts/c", `{"visitor":{"email":"a@b.example","consent":{"sms":{"state":"denied"}}},"lines":[]}`).wants(t, 400, "unknown_field")
	for _, nothing := range []string{`null`, `""`} {
		s.post("/v1/identify", secretKey, `{"userId":"7","traits":{"email":"ann@example.com","email_consent":`+nothing+`}}`).receipt(t)
	}
	if is := s.said("ann@example.com"); is.State != "unknown" {
		t.Errorf("%+v", is)
	}
}

// What the shop tells is answered, by list and by address, and taken back where it may be.
func TestSuppressions(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.post("/v1/suppressions", secretKey, `{"suppressions":[
			{"email":"Ann@example.com","reason":"bounce","detail":"550 <ann@example.com> unknown","occurred_at":"2026-02-01T00:00:00Z"},
			{"email":"bob@example.com","reason":"complaint"},{"email":"eve@example.com","reason":"bounce","bounce_type":"soft"},
			{"email":"joe@example.com","reason":"manual"}]}`).receipt(t)
		type row struct {
			Seq    int64
			Hash   string `json:"address_hash"`
			Reason string
			At     string `json:"occurred_at"`
		}
		var list struct {
			Data []row
			Next *string
		}
		s.get("/v1/suppressions?limit=2").read(t, &list)
		if len(list.Data) != 2 || list.Data[0].Reason != "manual" || list.Data[1].Reason != "complaint" || list.Next == nil {
			t.Fatalf("%+v", list)
		}
		s.get("/v1/suppressions?limit=2&after="+*list.Next).read(t, &list)
		if len(list.Data) != 1 || list.Data[0].At != "2026-02-01T00:00:00Z" || list.Next != nil || len([]rune(list.Data[0].Hash)) != 9 {
			t.Errorf("%+v", list)
		}
		if a := s.get("/v1/suppressions"); strings.Contains(a.Body.String(), "@") {
			t.Errorf("addresses are shown: %s", a.Body)
		}
		for email, want := range map[string]int{"ann@example.com": 1, "ANN@example.com": 1, "bob@example.com": 1, "eve@example.com": 0, "x@example.com": 0} {
			s.get("/v1/suppressions?email="+email).read(t, &list)
			if len(list.Data) != want {
				t.Errorf("%s: %+v", email, list)
			}
		}
		release := func(email string) answer {
			return s.do(request{method: http.MethodDelete, path: "/v1/suppressions?email=" + email, key: secretKey})
		}
		release("ann@example.com").receipt(t)
		release("ann@example.com").wants(t, 404, "not_found")
		release("bob@example.com").wants(t, 409, "consent_needed")
		if is := s.said("bob@example.com"); len(is.Suppressions) != 1 || is.Suppressions[0].Reason != "complaint" {
			t.Errorf("%+v", is)
		}
	})
}

// A link that is opened changes nothing; one click, with whatever body and as often as
// it likes, unsubscribes.
func TestUnsubscribe(t *testing.T) {
	for name, c := range map[string]struct{ kind, body string }{
		"one click":          {"application/x-www-form-urlencoded", "List-Unsubscribe=One-Click"},
		"one click, in MIME": {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--x--\r\n"},
		"the button":         {"application/x-www-form-urlencoded", ""},
		"nothing":            {"", ""},
		"nonsense":           {"application/json", "{"},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, db *database.DB) {
				var p *cart.Preferences
				s := newShop(t, db, withPreferences(&p))
				link := "/u/" + p.UnsubscribeToken("ann@example.com")
				for range 3 {
					for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions} {
						s.do(request{method: method, path: link, headers: []string{"User-Agent: scanner"}})
					}
				}
				if is := s.said("ann@example.com"); len(is.Suppressions) != 0 {
					t.Fatalf("opening the link unsubscribed: %+v", is)
				}
				page := s.do(request{method: http.MethodGet, path: link})
				if page.Code != 200 || !strings.Contains(page.Body.String(), `<form method="post">`) || strings.Contains(page.Body.String(), "script") {
					t.Errorf("%d %s", page.Code, page.Body)
				}
				wantPage(t, page)
				for range 2 {
					done := s.do(request{method: http.MethodPost, path: link, body: c.body, headers: []string{"Content-Type: " + c.kind}})
					if done.Code != 200 || strings.Contains(done.Body.String(), "<form") || !strings.Contains(done.Body.String(), "unsubscribed") {
						t.Errorf("%d %s", done.Code, done.Body)
					}
					wantPage(t, done)
				}
				if is := s.said("ann@example.com"); len(is.Suppressions) != 1 || is.Suppressions[0].Reason != "unsubscribe" {
					t.Errorf("%+v", is)
				}
				if head := s.log.Head(); head.Seq != 1 {
					t.Errorf("%d events for one wish", head.Seq)
				}
			})
		})
	}
}

// wantPage looks at what keeps a page from doing or telling more than it should.
func wantPage(t *testing.T, a answer) {
	t.Helper()
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "X-Robots-Tag": "noindex",
	} {
		if got := a.Header().Get(name); got != want {
			t.Errorf("%s %q, want %q", name, got, want)
		}
	}
	policy := a.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "form-action 'self'") {
		t.Errorf("policy %q", policy)
	}
	if a.Header().Get("Set-Cookie") != "" || strings.Contains(a.Body.String(), "example.com") {
		t.Errorf("the page tells of its reader: %v %s", a.Header(), a.Body)
	}
}

// A shop's name stands on the page as text.
func TestUnsubscribeNamesTheShop(t *testing.T) {
	var p *cart.Preferences
	s := sqliteShop(t, withPreferences(&p), func(c *api.Config) { c.ShopName = `Tea & <b>Cups</b>` })
	page := s.do(request{method: http.MethodGet, path: "/u/" + p.UnsubscribeToken("ann@example.com")})
	if !strings.Contains(page.Body.String(), "Tea &amp; &lt;b&gt;Cups&lt;/b&gt;") {
		t.Error(page.Body)
	}
}
