package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const browserAgent = "User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Firefox/132.0"

// storefront is that of the test shop.
func storefront(t testing.TB) api.Storefront {
	t.Helper()
	f, err := api.NewStorefront("https://shop.example/cart?from=mail", []string{"https://shop.example", "https://m.shop.example:8443"})
	must(t, err)
	return f
}

// mailed puts a cart, has it found abandoned, and returns the token in the mail about it.
func (s *shop) mailed(t testing.TB) (token string) {
	t.Helper()
	s.do(request{method: "PUT", path: "/v1/carts/c9", key: secretKey, body: cartBody}).receipt(t)
	_, err := cart.NewDetector(s.log, cart.RulesOf(flow.Default())).Detect(context.Background(), start.Add(time.Hour), cart.Options{History: true, Deliver: true})
	must(t, err)
	triggers, err := cart.NewStore(s.db).Triggers(context.Background(), "", 1)
	must(t, err)
	must(t, s.db.Write(context.Background(), func(tx *gorm.DB) (err error) {
		token, err = cart.NewLink(tx, triggers[0], cart.Email, sessions.MillisOf(start), 7*24*time.Hour)
		return err
	}))
	return token
}

func (s *shop) clicks(t testing.TB) int {
	t.Helper()
	var n int
	must(t, s.db.Read(context.Background()).Raw("SELECT COUNT(*) FROM clicks").Scan(&n).Error)
	return n
}

// A shopper who follows the link comes to the shop with the token, as often as they
// like, and nothing else is said.
func TestFollow(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		token := s.mailed(t)
		for range 3 {
			a := s.do(request{method: "GET", path: "/r/" + token, headers: []string{browserAgent}})
			a.wants(t, http.StatusFound, "")
			if got, want := a.Header().Get("Location"), "https://shop.example/cart?cartwright_restore="+token+"&from=mail"; got != want {
				t.Errorf("Location %s, want %s", got, want)
			}
			for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "Set-Cookie": "", "X-Robots-Tag": "noindex"} {
				if got := a.Header().Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if a.Body.Len() > 0 {
				t.Errorf("body %q", a.Body)
			}
		}
		if n := s.clicks(t); n != 1 {
			t.Errorf("%d clicks", n)
		}
		if newest := s.get("/v1/triggers?limit=1").Body.String(); !strings.Contains(newest, `"type":"recovery.clicked"`) {
			t.Errorf("the newest trigger is %s", newest)
		}
	})
}

// Whoever has no good token comes to the shop as well, and nobody learns why.
func TestFollowToNothing(t *testing.T) {
	s := sqliteShop(t)
	token := s.mailed(t)
	must(t, s.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE links SET expires_at = ?", start.UnixMilli()).Error }))
	for _, token := range []string{token, strings.Repeat("A", 22), "x", "%2e%2e", "%00", "%ff", strings.Repeat("x", 10_000), "'%20OR%201=1%20--"} {
		for _, to := range []string{"", "?to=/sale", "?to=https://m.shop.example:8443/"} {
			a := s.do(request{method: "GET", path: "/r/" + token + to, headers: []string{browserAgent}})
			a.wants(t, http.StatusFound, "")
			if got := a.Header().Get("Location"); got != "https://shop.example/cart?from=mail" {
				t.Errorf("/r/%.30s%s leads to %s", token, to, got)
			}
			s.do(request{method: "GET", path: "/v1/restore/" + token}).wants(t, http.StatusNotFound, "not_found")
		}
	}
	if n := s.clicks(t); n != 0 {
		t.Errorf("%d clicks", n)
	}
}

func TestWhoseClicksCount(t *testing.T) {
	for name, c := range map[string]struct {
		method  string
		headers []string
		counts  bool
	}{
		"a person":                 {"GET", []string{browserAgent}, true},
		"a person's navigation":    {"GET", []string{browserAgent, "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", "Sec-Fetch-User: ?1"}, true},
		"HEAD":                     {"HEAD", []string{browserAgent}, false},
		"prefetched":               {"GET", []string{browserAgent, "Sec-Purpose: prefetch"}, false},
		"prerendered":              {"GET", []string{browserAgent, "Sec-Purpose: prefetch;prerender"}, false},
		"prefetched, as it was":    {"GET", []string{browserAgent, "Purpose: prefetch"}, false},
		"previewed":                {"GET", []string{browserAgent, "X-Purpose: preview"}, false},
		"prefetched by an old Fox": {"GET", []string{browserAgent, "X-Moz: Prefetch"}, false},
		"as a picture":             {"GET", []string{browserAgent, "Sec-Fetch-Dest: image"}, false},
		"in a frame":               {"GET", []string{browserAgent, "Sec-Fetch-Dest: iframe"}, false},
		"by a script":              {"GET", []string{browserAgent, "Sec-Fetch-Dest: empty"}, false},
		"a bot":                    {"GET", []string{"User-Agent: GoogleImageProxy"}, false},
		"nobody":                   {"GET", nil, false},
		"not to be tracked":        {"GET", []string{browserAgent, "DNT: 1"}, false},
		"not to be sold":           {"GET", []string{browserAgent, "Sec-GPC: 1"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := sqliteShop(t)
			token := s.mailed(t)
			a := s.do(request{method: c.method, path: "/r/" + token, headers: c.headers})
			a.wants(t, http.StatusFound, "")
			if !strings.Contains(a.Header().Get("Location"), token) {
				t.Errorf("leads to %s", a.Header().Get("Location"))
			}
			if n := s.clicks(t); n == 1 != c.counts {
				t.Errorf("%d clicks", n)
			}
		})
	}
}

// When the log takes nothing, or nothing can be read, the shopper still comes to the
// shop.
func TestFollowDespiteTrouble(t *testing.T) {
	s := sqliteShop(t)
	token := s.mailed(t)
	s.log.Close()
	must(t, s.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE clicks RENAME TO unclicked").Error }))
	a := s.do(request{method: "GET", path: "/r/" + token, headers: []string{browserAgent}})
	a.wants(t, http.StatusFound, "")
	if got := a.Header().Get("Location"); !strings.Contains(got, token) {
		t.Errorf("leads to %s", got)
	}
	must(t, s.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("ALTER TABLE links RENAME TO lost").Error }))
	a = s.do(request{method: "GET", path: "/r/" + token, headers: []string{browserAgent}})
	a.wants(t, http.StatusFound, "")
	if got := a.Header().Get("Location"); got != "https://shop.example/cart?from=mail" {
		t.Errorf("leads to %s", got)
	}
	for _, logged := range []string{"was not counted", "was not looked up"} {
		if !strings.Contains(s.logged.String(), logged) {
			t.Errorf("not logged: %s", logged)
		}
	}
	if strings.Contains(s.logged.String(), token) {
		t.Error("the token is in the log")
	}
}

// A shop that says nothing of its pages shows one that says so, the same to all.
func TestFollowWithoutAPage(t *testing.T) {
	s := sqliteShop(t, func(c *api.Config) { c.Storefront = api.Storefront{} })
	token := s.mailed(t)
	good := s.do(request{method: "GET", path: "/r/" + token, headers: []string{browserAgent}})
	bad := s.do(request{method: "GET", path: "/r/unknown", headers: []string{browserAgent}})
	good.wants(t, http.StatusOK, "")
	if seen(good) != seen(bad) || strings.Contains(good.Body.String(), token) || strings.Contains(good.Body.String(), "http") {
		t.Errorf("answers %s and %s", good.Body, bad.Body)
	}
	if s.clicks(t) != 1 {
		t.Error("the click was not counted")
	}
	s.do(request{method: "GET", path: "/r/" + token + "?to=/cart"}).wants(t, 400, "invalid_parameter")
}

// What the shop's page reads says nothing of the shopper.
func TestRestoreTellsNothingPersonal(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: `{"products":[{"product_id":"mug","name":"A mug","url":"https://shop.example/mug","image_url":"https://shop.example/mug.jpg","price":1150,"currency":"EUR"}]}`}).receipt(t)
		token := s.mailed(t)
		a := s.do(request{method: "GET", path: "/v1/restore/" + token})
		a.wants(t, http.StatusOK, "")
		const want = `{"status":"open","currency":"EUR","lines":[{"product_id":"mug","name":"A mug","url":"https://shop.example/mug","image_url":"https://shop.example/mug.jpg","quantity":2,"unit_price":1150,"in_stock":true,"sold":true}],"value":2300,"changes":[{"product_id":"mug","what":"price_changed","before":1250,"after":1150}],"expires_at":"2026-03-08T12:00:00Z"}`
		if got := a.Body.String(); got != want {
			t.Errorf("got %s", got)
		}
		if a.Header().Get("Cache-Control") != "no-store" || a.Header().Get("Set-Cookie") != "" || a.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", a.Header())
		}
		if control := s.get("/v1/carts/c9").Body.String(); !strings.Contains(control, "ann@example.com") {
			t.Errorf("the control shows no address: %s", control)
		}
		if s.clicks(t) != 0 {
			t.Error("reading the cart counts as a click")
		}
	})
}

func TestRestoreAnswersTheShopsPages(t *testing.T) {
	s := sqliteShop(t)
	path := "/v1/restore/" + s.mailed(t)
	for origin, allowed := range map[string]bool{
		"https://shop.example": true, "https://m.shop.example:8443": true,
		"": false, "null": false, "*": false, "https://evil.example": false, "http://shop.example": false, "https://shop.example:444": false, "https://shop.example:443": false,
		"https://shop.example.": false, "https://shop.example.evil.example": false, "https://evilshop.example": false, "https://www.shop.example": false, "https://shop.example/": false,
		"https://SHOP.EXAMPLE": false, "https://m.shop.example": false, "https://shop.example https://evil.example": false,
	} {
		want := ""
		if allowed {
			want = origin
		}
		a := s.do(request{method: "GET", path: path, headers: []string{"Origin: " + origin}})
		a.wants(t, 200, "")
		if got := a.Header().Get("Access-Control-Allow-Origin"); got != want || a.Header().Get("Vary") != "Origin" || a.Header().Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("origin %q: %v", origin, a.Header())
		}
		asked := s.do(request{method: "OPTIONS", path: path, headers: []string{"Origin: " + origin, "Access-Control-Request-Method: GET"}})
		asked.wants(t, 204, "")
		if got := asked.Header().Get("Access-Control-Allow-Origin"); got != want || asked.Header().Get("Access-Control-Allow-Methods") != map[bool]string{true: "GET"}[allowed] {
			t.Errorf("asked for %q: %v", origin, asked.Header())
		}
	}
	for _, path := range []string{"/r/x", "/v1/carts"} {
		if a := s.do(request{method: "GET", path: path, headers: []string{"Origin: https://shop.example"}}); a.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s lets in the shop's pages: %v", path, a.Header())
		}
	}
}

// Addresses that ask too often are told so on links as on all else.
func TestLinksArePaced(t *testing.T) {
	s := sqliteShop(t, func(c *api.Config) { c.Limits = api.Limits{Address: 1} })
	statuses := map[int]int{}
	for n := range 30 {
		path := "/v1/restore/guess" + fmt.Sprint(n)
		if n%2 == 0 {
			path = "/r/guess" + fmt.Sprint(n)
		}
		statuses[s.do(request{method: "GET", path: path}).Code]++
	}
	if statuses[429] != 20 || statuses[302]+statuses[404] != 10 {
		t.Errorf("answers by status: %v", statuses)
	}
}
