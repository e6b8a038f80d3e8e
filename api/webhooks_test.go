package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"cartwright/fixtures/testdb"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// call makes a request with the secret key and returns what is answered, which must be of a status.
func (s *shop) call(t testing.TB, method, path, body string, status int, code string) map[string]any {
	t.Helper()
	a := s.do(request{method: method, path: path, key: secretKey, body: body})
	a.wants(t, status, code)
	got := map[string]any{}
	if a.Body.Len() > 0 {
		must(t, json.Unmarshal(a.Body.Bytes(), &got))
	}
	return got
}

// An endpoint from its making to its end.
func TestEndpointsOverHTTP(t *testing.T) {
	const all, one = "/v1/webhooks/endpoints", "/v1/webhooks/endpoints/1"
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		made := s.call(t, "POST", all, `{"url":"https://shop.example/hooks","topics":["cart.recovered","cart.abandoned","cart.recovered"],"description":"mailer"}`, 201, "")
		if fmt.Sprint(made["topics"]) != "[cart.abandoned cart.recovered]" || made["managed_by"] != "api" || made["enabled"] != true || made["description"] != "mailer" {
			t.Errorf("made %v", made)
		}
		s.call(t, "POST", all, `{"url":"HTTPS://Shop.example:443/hooks"}`, 409, "endpoint_exists")
		s.call(t, "POST", all, `{"description":"x"}`, 400, "url_missing")
		if list := s.call(t, "GET", all, "", 200, ""); len(list["data"].([]any)) != 1 || strings.Contains(fmt.Sprint(list), "whsec_") {
			t.Errorf("list %v", list)
		}
		if got := s.call(t, "GET", one, "", 200, ""); got["secret"] != nil || got["secrets"] != 1.0 {
			t.Errorf("found %v", got)
		}

		rotated := s.call(t, "POST", one+"/rotate", "", 200, "")
		if rotated["secrets"] != 2.0 || rotated["secret"] == made["secret"] || rotated["secret_retires_at"] != "2026-03-02T12:00:00Z" {
			t.Errorf("rotated %v", rotated)
		}
		trial := s.call(t, "POST", one+"/test", "", 200, "")
		if trial["delivered"] != true || trial["status_code"] != 200.0 || trial["answer"] != "said \uFFFD the server" || trial["body"] != s.hooked.text() {
			t.Errorf("trial %v", trial)
		}
		for _, secret := range []any{made["secret"], rotated["secret"]} {
			library, err := standardwebhooks.NewWebhook(secret.(string))
			must(t, err)
			must(t, library.VerifyIgnoringTimestamp(s.hooked.last()))
		}
		if again := s.call(t, "POST", one+"/rotate", `{"overlap_hours":0}`, 200, ""); again["secrets"] != 1.0 || again["secret_retires_at"] != nil {
			t.Errorf("rotated again %v", again)
		}
		s.call(t, "POST", one+"/rotate", `{"overlap_hours":721}`, 400, "overlap_refused")
		s.hooked.answers(0)
		if trial := s.call(t, "POST", one+"/test", "", 200, ""); trial["delivered"] != false || trial["status_code"] != nil || !strings.Contains(trial["error"].(string), "reset") {
			t.Errorf("trial %v", trial)
		}

		if hosts := insideHosts(); len(hosts) < 40 {
			t.Errorf("%d hosts", len(hosts))
		}
		for _, host := range insideHosts() {
			s.call(t, "PATCH", one, `{"url":"https://`+host+`/hook"}`, 400, "url_refused")
		}

		off := s.call(t, "PATCH", one, `{"enabled":false,"url":"https://shop.example/other"}`, 200, "")
		if off["disabled_reason"] != "switched_off" || off["url"] != "https://shop.example/other" || fmt.Sprint(off["topics"]) != "[cart.abandoned cart.recovered]" {
			t.Errorf("switched off %v", off)
		}
		if on := s.call(t, "PATCH", one, `{"enabled":true,"topics":[]}`, 200, ""); on["enabled"] != true || on["disabled_reason"] != nil || fmt.Sprint(on["topics"]) != "[]" {
			t.Errorf("switched on %v", on)
		}
		s.call(t, "DELETE", one, "", 204, "")
		s.call(t, "GET", one, "", 404, "not_found")
		if again := s.call(t, "POST", all, `{"url":"https://shop.example/other"}`, 201, ""); again["id"] != 2.0 {
			t.Errorf("made again %v", again)
		}
	})
}

// What was delivered is told, attempt by attempt, and sent again while it is right.
func TestDeliveriesOverHTTP(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		s.call(t, "POST", "/v1/webhooks/endpoints", `{"url":"https://shop.example/hooks"}`, 201, "")
		s.hooked.answers(500)
		for i := range 3 {
			s.do(request{method: "PUT", path: fmt.Sprint("/v1/carts/c", i), key: secretKey, body: cartBody}).receipt(t)
			s.post("/v1/orders", secretKey, fmt.Sprintf(`{"order_id":"o%d","cart_id":"c%d","visitor":{"user_id":"u"},"total":100,"lines":[]}`, i, i)).receipt(t)
		}
		s.deliver(t)
		first := s.call(t, "GET", "/v1/webhooks/endpoints/1/deliveries?limit=2&status=pending", "", 200, "")
		rest := s.call(t, "GET", "/v1/webhooks/endpoints/1/deliveries?limit=2&after="+url.QueryEscape(first["next"].(string)), "", 200, "")
		if len(first["data"].([]any)) != 2 || len(rest["data"].([]any)) != 1 || rest["next"] != nil {
			t.Fatalf("pages %v and %v", first, rest)
		}
		oldest := rest["data"].([]any)[0].(map[string]any)
		path := fmt.Sprintf("/v1/webhooks/deliveries/%s/1", oldest["trigger_id"])
		s.hooked.answers(200)
		if again := s.call(t, "POST", path+"/resend", "", 202, ""); again["status"] != "pending" || again["next_attempt_at"] != "2026-03-01T12:00:00Z" {
			t.Errorf("resent %v", again)
		}
		s.deliver(t)
		got := s.call(t, "GET", path, "", 200, "")
		log := got["attempt_log"].([]any)
		if len(log) != 2 || got["status"] != "delivered" || got["attempts"] != 2.0 {
			t.Fatalf("delivery %v", got)
		}
		failed, arrived := log[0].(map[string]any), log[1].(map[string]any)
		if failed["result"] != "retry" || failed["status_code"] != 500.0 || failed["answer"] != "said \uFFFD the server" || arrived["result"] != "delivered" || arrived["body"] != s.hooked.text() {
			t.Errorf("attempts %v", log)
		}
		if s.hooked.id() != oldest["trigger_id"] {
			t.Errorf("sent under %s", s.hooked.id())
		}

		s.call(t, "PATCH", "/v1/webhooks/endpoints/1", `{"enabled":false}`, 200, "")
		s.call(t, "POST", path+"/resend", "", 409, "endpoint_disabled")
		s.call(t, "GET", "/v1/webhooks/deliveries/trg_none/1", "", 404, "not_found")
		s.call(t, "GET", "/v1/webhooks/deliveries/%00/1", "", 404, "not_found")
		s.call(t, "GET", "/v1/webhooks/endpoints/1/deliveries?status=lost", "", 400, "invalid_parameter")
	})
}

// deliver runs the deliveries once, until all that is due was tried.
func (s *shop) deliver(t testing.TB) {
	t.Helper()
	_, err := s.delivery.Run(t.Context(), start, database.Lease{})
	must(t, err)
	for range 1000 { // a run waits half a second for its attempts, which take none here
		var sending int64
		must(t, s.db.Read(t.Context()).Raw("SELECT count(*) FROM deliveries WHERE status = 'sending' OR next_attempt_at > 0 AND next_attempt_at <= ?", int64(sessions.MillisOf(start))).Scan(&sending).Error)
		if sending == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("something is still due")
}

// What the configuration says is changed there, and the answer says so.
func TestConfiguredEndpointsOverHTTP(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		const kept, mine, one = "https://kept.example/", "https://mine.example/", "/v1/webhooks/endpoints/1"
		configure := func(wanted ...jobs.Endpoint) {
			t.Helper()
			_, err := jobs.Configure(t.Context(), db, start, webhook.Options{}, wanted)
			must(t, err)
		}
		configure(jobs.Endpoint{URL: kept})
		s.call(t, "POST", "/v1/webhooks/endpoints", `{"url":"`+mine+`"}`, 201, "")
		s.call(t, "PATCH", one, `{"url":"https://else.example/"}`, 409, "endpoint_configured")
		s.call(t, "DELETE", one, "", 409, "endpoint_configured")
		s.call(t, "PATCH", one, `{"topics":["cart.abandoned"],"enabled":false}`, 200, "")
		s.call(t, "POST", one+"/rotate", "", 200, "")
		secret := webhook.NewSecret()
		configure(jobs.Endpoint{URL: kept, Secrets: []webhook.Secret{secret}})
		s.call(t, "POST", one+"/rotate", "", 409, "endpoint_configured")
		s.call(t, "POST", one+"/retire", "", 409, "endpoint_configured")
		if got := s.call(t, "GET", one, "", 200, ""); got["disabled_reason"] != "switched_off" || got["managed_by"] != "configuration" {
			t.Errorf("after a restart %v", got)
		}
		configure()
		if got := s.call(t, "GET", one, "", 200, ""); got["disabled_reason"] != "not_configured" {
			t.Errorf("taken out %v", got)
		}
		if got := s.call(t, "GET", "/v1/webhooks/endpoints/2", "", 200, ""); got["enabled"] != true || got["managed_by"] != "api" {
			t.Errorf("not the configuration's %v", got)
		}
		s.call(t, "PATCH", one, `{"enabled":true}`, 409, "endpoint_not_configured")
		if got := s.call(t, "POST", "/v1/webhooks/endpoints", `{"url":"`+kept+`"}`, 201, ""); got["id"] != 1.0 || got["managed_by"] != "api" || got["enabled"] != true {
			t.Errorf("taken over %v", got)
		}
		configure(jobs.Endpoint{URL: mine})
		if got := s.call(t, "GET", "/v1/webhooks/endpoints/2", "", 200, ""); got["managed_by"] != "configuration" || got["enabled"] != true {
			t.Errorf("taken over by the configuration %v", got)
		}
	})
}

// attacksOnEndpoints try to make, change and ask for what should not be.
func attacksOnEndpoints() (all []attack) {
	post := request{method: "POST", path: "/v1/webhooks/endpoints", key: secretKey}
	for _, body := range []string{`[]`, `"x"`, `{`, `{"url":7}`, `{"url":["https://a.example/"]}`, `{"url":"https://a.example/","secret":"whsec_x"}`, `{"url":"https://a.example/"}{}`, `{"id":1,"url":"https://a.example/"}`,
		`{"url":"https://a.example/","topics":"cart.abandoned"}`, `{"url":"https://a.example/","enabled":"no"}`, `{"url":"https://a.example/","managed_by":"configuration"}`, "{\"url\":\"\xff\"}", strings.Repeat("[", 100_000)} {
		all = append(all, as(post, attack{name: "a bad body " + body[:min(len(body), 40)], request: request{body: body}, status: 400, code: "invalid_json"})...)
	}
	for _, url := range []string{"", " ", "https://", "http://a.example/", "ftp://a.example/", "javascript:alert(1)", "https://me:pw@a.example/", "https://a.example/#x", `https://a.example/\u0000`, "https://a.example/" + strings.Repeat("x", 3000)} {
		all = append(all, as(post, attack{name: "a bad URL " + url[:min(len(url), 40)], request: request{body: `{"url":"` + url + `"}`}, status: 400, code: "url_refused"})...)
	}
	for _, host := range insideHosts() {
		all = append(all, as(post, attack{name: "a host inside " + host, request: request{body: `{"url":"https://` + host + `/hook"}`}, status: 400, code: "url_refused"})...)
	}
	for _, topic := range []string{"", "cart", "CART.ABANDONED", "cart.abandoned cart.recovered", `a\u0000`, "cartwright.test", strings.Repeat("x", 5000)} {
		all = append(all, as(post, attack{name: "a bad topic " + topic[:min(len(topic), 30)], request: request{body: `{"url":"https://a.example/","topics":["` + topic + `"]}`}, status: 400, code: "topic_unknown"})...)
	}
	for _, text := range []string{`\u0000`, strings.Repeat("x", 501)} {
		all = append(all, as(post, attack{name: "a bad description " + text[:min(len(text), 10)], request: request{body: `{"url":"https://a.example/","description":"` + text + `"}`}, status: 400, code: "description_refused"})...)
	}
	all = append(all, as(post, attack{name: "5 MB", request: request{body: strings.Repeat(" ", 5<<20)}, status: 413, code: "too_large"})...)
	for _, id := range []string{"0", "-1", "1.5", "nosuch", "%00", "%ff", "..%2F1", "9999999999999999999", "1%20OR%201=1"} {
		for _, r := range []request{
			{method: "GET"}, {method: "PATCH", body: `{"url":"https://a.example/"}`}, {method: "DELETE"}, {method: "POST", path: "/rotate"}, {method: "POST", path: "/retire"},
			{method: "POST", path: "/test"}, {method: "GET", path: "/deliveries"},
		} {
			all = append(all, attack{name: "what is no endpoint " + id, request: request{method: r.method, path: "/v1/webhooks/endpoints/" + id + r.path, key: secretKey, body: r.body}, status: 404, code: "not_found"})
		}
		all = append(all, attack{name: "what is no delivery " + id, request: request{method: "GET", path: "/v1/webhooks/deliveries/" + id + "/1", key: secretKey}, status: 404, code: "not_found"},
			attack{name: "what is no delivery to send again " + id, request: request{method: "POST", path: "/v1/webhooks/deliveries/trg_1/" + id + "/resend", key: secretKey}, status: 404, code: "not_found"})
	}
	for _, body := range []string{`{"overlap_hours":-1}`, `{"overlap_hours":99999999999}`} {
		all = append(all, attack{name: body, request: request{method: "POST", path: "/v1/webhooks/endpoints/1/rotate", key: secretKey, body: body}, status: 400, code: "invalid_parameter"})
	}
	for _, query := range []string{"limit=0", "limit=501", "limit=x", "after=%00", "status=%ff"} {
		all = append(all, attack{name: query, request: request{method: "GET", path: "/v1/webhooks/endpoints/1/deliveries?" + query, key: secretKey}, status: 400, code: "invalid_parameter"})
	}
	return all
}

// insideHosts are forms of addresses that lead inside, and of names of this machine.
func insideHosts() []string {
	return strings.Fields(`127.0.0.1 127.255.255.254 0.0.0.0 10.0.0.1 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 169.254.170.2 100.64.0.1 100.100.100.200
		192.0.0.192 192.0.2.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 2130706433 017700000001 0x7f000001 127.1 0177.0.0.1 0x7f.0.0.1 127.0.0.01 127.0.0.1. 0
		１２７.0.0.1 127。0。0。1 ①②⑦.0.0.1 ｌｏｃａｌｈｏｓｔ [::] [::1] [0:0:0:0:0:0:0:1] [fe80::1] [fd00::1] [fd00:ec2::254] [ff02::1] [::ffff:127.0.0.1] [::ffff:7f00:1]
		[::ffff:169.254.169.254] [::127.0.0.1] [64:ff9b::127.0.0.1] [2002:7f00:1::] [2001:0:7f00:1::] [2001:db8::1] localhost LOCALHOST localhost. a.b.localhost`)
}
