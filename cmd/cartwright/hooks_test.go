package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// hookServer is a shop's server on this machine that takes messages, or answers another status.
type hookServer struct {
	*httptest.Server
	status atomic.Int32

	mu  sync.Mutex
	got []string // the kinds of the messages
}

func newHookServer(t *testing.T) *hookServer {
	h := &hookServer{}
	h.status.Store(http.StatusOK)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct {
			Type string `json:"type"`
		}
		body, _ := io.ReadAll(r.Body)
		_ = json.Unmarshal(body, &m)
		h.mu.Lock()
		h.got = append(h.got, m.Type)
		h.mu.Unlock()
		w.WriteHeader(int(h.status.Load()))
		io.WriteString(w, "said the server")
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *hookServer) kinds() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.got, " ")
}

// asked makes a request with the secret key, and returns what is answered.
func asked(t *testing.T, shop *Shop, method, path, body string, status int) map[string]any {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.SetBasicAuth(testSecretKey, "")
	answer := ask(shop, r, "127.0.0.1:1")
	if answer.Code != status {
		t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	got := map[string]any{}
	if answer.Body.Len() > 0 {
		if err := json.Unmarshal(answer.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
	}
	return got
}

// soon waits for what the shop's jobs do.
func soon(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

// In the whole program an endpoint that is made over HTTP is told what happens, and how it takes that shows in
// the answers, in the metrics, in the command and to the doctor.
func TestAnEndpointMadeOverHTTPIsTold(t *testing.T) {
	for _, dialect := range bothDialects {
		t.Run(string(dialect), func(t *testing.T) {
			server := newHookServer(t)
			config := defaultConfig()
			config.Database, config.Durability = freshURL(t, dialect), database.Off
			config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
			config.WebhookAllowPrivate, config.WebhookAllowInsecure = true, true
			shop, err := OpenShop(t.Context(), config, ShopOptions{})
			if err != nil {
				t.Fatal(err)
			}
			defer shop.Close(t.Context())
			asked(t, shop, "POST", "/v1/webhooks/endpoints", fmt.Sprintf(`{"url":%q,"topics":["cart.converted"]}`, server.URL), 201)
			if trial := asked(t, shop, "POST", "/v1/webhooks/endpoints/1/test", "", 200); trial["delivered"] != true {
				t.Errorf("trial %v", trial)
			}
			sell := func(n int) {
				put(t, shop, fmt.Sprint("/v1/carts/c", n), cartOf("ben"))
				post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", fmt.Sprint("o", n), "cart_id", fmt.Sprint("c", n), "total", 500))
			}
			sell(1)
			deliveries := func(status string) []any {
				return asked(t, shop, "GET", "/v1/webhooks/endpoints/1/deliveries?status="+status, "", 200)["data"].([]any)
			}
			soon(t, "the order is told", func() bool { return len(deliveries("delivered")) == 1 })
			if got := server.kinds(); got != "cartwright.test cart.converted" {
				t.Errorf("told %q", got)
			}
			server.status.Store(http.StatusServiceUnavailable)
			sell(2)
			soon(t, "the next is refused", func() bool { return gathered(t, shop)["cartwright_webhook_endpoints_failing"] == 1 })
			failed := deliveries("pending")[0].(map[string]any)
			server.status.Store(http.StatusOK)
			path := fmt.Sprintf("/v1/webhooks/deliveries/%s/1", failed["trigger_id"])
			soon(t, "it is sent again", func() bool { return asked(t, shop, "GET", path, "", 200)["status"] == "delivered" })
			asked(t, shop, "POST", path+"/resend", "", 202)
			soon(t, "it is sent once more", func() bool { return strings.Count(server.kinds(), "cart.converted") >= 4 })
			log := asked(t, shop, "GET", path, "", 200)["attempt_log"].([]any)
			if first := log[0].(map[string]any); first["result"] != "retry" || first["status_code"] != 503.0 || first["answer"] != "said the server" {
				t.Errorf("the first attempt %v", first)
			}
			asked(t, shop, "PATCH", "/v1/webhooks/endpoints/1", `{"enabled":false}`, 200)
			values := gathered(t, shop)
			if values["cartwright_webhook_endpoints_disabled{reason=switched_off}"] != 1 || values["cartwright_webhook_endpoints_failing"] != 0 || values["cartwright_webhook_endpoints_disabled{reason=failing}"] != 0 {
				t.Errorf("metrics %v", values)
			}
		})
	}
}

// By default nobody makes an endpoint inside, over HTTP or by the command.
func TestNoEndpointInside(t *testing.T) {
	config := defaultConfig()
	config.Database, config.Durability = freshURL(t, database.SQLite), database.Off
	config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
	shop, err := OpenShop(t.Context(), config, ShopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer shop.Close(t.Context())
	for _, url := range []string{"https://127.0.0.1/hook", "https://169.254.169.254/latest/meta-data", "https://[::ffff:10.0.0.1]/", "http://shop.example/", "https://localhost/"} {
		if p := asked(t, shop, "POST", "/v1/webhooks/endpoints", fmt.Sprintf(`{"url":%q}`, url), 400); p["code"] != "url_refused" {
			t.Errorf("%s: %v", url, p)
		}
		told(t, nil, exitUsage, "webhooks", "add", url, "--db", config.Database)
	}
	if list := asked(t, shop, "GET", "/v1/webhooks/endpoints", "", 200); len(list["data"].([]any)) != 0 {
		t.Errorf("made %v", list)
	}
}

// The command does what HTTP does.
func TestWebhooksCommand(t *testing.T) {
	server := newHookServer(t)
	path := testdb.SQLiteURL(t)
	hooks := func(args ...string) string {
		t.Helper()
		return printed(t, nil, append([]string{"webhooks", "--db", path, "--webhook-allow-private", "--webhook-allow-insecure"}, args...)...)
	}
	says := func(got string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("printed %q, which lacks %q", got, want)
			}
		}
	}
	says(hooks(), "nobody is told")
	says(hooks("add", server.URL, "--topics", "cart.recovered,cart.converted", "--description", "mine"), "endpoint 1, "+server.URL, "whsec_")
	says(hooks(), server.URL, "api", "cart.converted, cart.recovered", "enabled")
	says(hooks("test", "1"), "answered 200", "said the server")
	var made struct {
		Secret  string `json:"secret"`
		Secrets int    `json:"secrets"`
	}
	if err := json.Unmarshal([]byte(hooks("rotate", "1", "--json")), &made); err != nil || made.Secrets != 2 || !strings.HasPrefix(made.Secret, "whsec_") {
		t.Errorf("rotated %+v, %v", made, err)
	}
	says(hooks("retire", "1", "--json"), `"secrets":1`)
	says(hooks("disable", "1"), "disabled since", "switched off")
	says(hooks("enable", "1"), "enabled")
	says(hooks("deliveries", "1"), "There are none")
	spoil(t, path, "INSERT INTO deliveries (trigger_id, endpoint_id, trigger_seq, status, attempts, next_attempt_at, last_status_code, last_error, created_at, started_at, ended_at) "+
		"VALUES ('trg_7', 1, 7, 'failed', 10, 0, 500, 'out of order', 5, 6, 7)")
	says(hooks("deliveries", "1", "--status", "failed"), "trg_7", "failed", "out of order")

	found, _ := doctored(t, path, "--webhook-allow-private", "--webhook-allow-insecure")
	if len(found["ok endpoints"]) != 1 {
		t.Errorf("the doctor does not reach it: %+v", found)
	}
	spoil(t, path, "UPDATE endpoints SET failing_since = 5, last_error = 'no luck'")
	says(hooks(), "FAILING since 1970-01-01 00:00:00: no luck")
	if found, _ := doctored(t, path, "--webhook-allow-private", "--webhook-allow-insecure"); len(found["warning endpoints"]) != 1 {
		t.Errorf("the doctor says nothing of it: %+v", found)
	}
	spoil(t, path, "UPDATE endpoints SET disabled_at = 9, disabled_reason = 'failing'")
	says(hooks(), "DISABLED since", "every attempt failed since 1970-01-01 00:00:00: no luck")
	if found, _ := doctored(t, path, "--webhooks", server.URL, "--webhook-allow-private", "--webhook-allow-insecure"); len(found["warning endpoints"]) != 1 {
		t.Errorf("the doctor says nothing of it: %+v", found)
	}

	server.status.Store(http.StatusInternalServerError)
	var out, errs strings.Builder
	args := []string{"webhooks", "test", "1", "--db", path, "--webhook-allow-private", "--webhook-allow-insecure"}
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs, nil}); code != exitFailed || !strings.Contains(errs.String(), "500") {
		t.Errorf("exit %d, %s", code, errs.String())
	}
	if got := hooks("remove", "1"); got != "" {
		t.Errorf("printed %q", got)
	}
	told(t, nil, exitFailed, "webhooks", "enable", "1", "--db", path)
	for _, args := range [][]string{{"test"}, {"test", "x"}, {"enable", "0"}, {"add"}, {"rotate", "1", "2"}, {"nosuch"}} {
		told(t, nil, exitUsage, append(append([]string{"webhooks"}, args...), "--db", path)...)
	}
}
