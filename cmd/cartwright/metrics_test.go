package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"gorm.io/gorm"

	"cartwright/jobs"
	"cartwright/sessions"
)

// ask sends a request to a shop from an address.
func ask(shop *Shop, r *http.Request, from string) *httptest.ResponseRecorder {
	r.RemoteAddr = from
	answer := httptest.NewRecorder()
	shop.Handler().ServeHTTP(answer, r)
	return answer
}

// gathered returns the values of a shop's metrics by name and labels, of histograms
// how often they observed something.
func gathered(t *testing.T, shop *Shop) map[string]float64 {
	t.Helper()
	families, err := shop.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			values[family.GetName()+labelsOf(m)] = m.GetGauge().GetValue() + m.GetCounter().GetValue() +
				float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

func labelsOf(m *dto.Metric) string {
	var pairs []string
	for _, l := range m.GetLabel() {
		pairs = append(pairs, l.GetName()+"="+l.GetValue())
	}
	if len(pairs) == 0 {
		return ""
	}
	return "{" + strings.Join(pairs, ",") + "}"
}

// metricsShop is a shop whose endpoint is down and whose carts wait an hour.
func metricsShop(t *testing.T) *Shop {
	t.Helper()
	config := defaultConfig()
	config.Database = filepath.Join(t.TempDir(), "shop.db")
	config.WriteKey, config.SecretKey = testWriteKey, testSecretKey
	config.Webhooks = []string{"https://shop.example/hooks"}
	config.DetectSchedule = "@every 2h"
	shop, err := OpenShop(t.Context(), config, ShopOptions{Transport: &line{down: true}})
	if err != nil {
		t.Fatal(err)
	}
	return shop
}

func TestMetrics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := metricsShop(t)
		event := func(id, name string) string {
			return `{"messageId":"` + id + `","type":"track","event":"` + name + `","anonymousId":"anna-1","properties":{"product_id":"cup"}}`
		}
		batch := `{"batch":[` + strings.Join([]string{
			event("m1", "Product Viewed"), event("m2", "Product Viewed"), event("m1", "Product Viewed"), event("m3", ""),
		}, ",") + `]}`
		r := httptest.NewRequest("POST", "/v1/batch", strings.NewReader(batch))
		r.SetBasicAuth(testWriteKey, "")
		if answer := ask(shop, r, "127.0.0.1:1"); answer.Code != http.StatusOK {
			t.Fatal(answer.Body)
		}
		put(t, shop, "/v1/carts/left", cartOf("anna"))
		post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o1", "cart_id", "paid", "total", 500))
		put(t, shop, "/v1/carts/paid", cartOf("ben"))
		ask(shop, httptest.NewRequest("GET", "/v1/visitors/7719", nil), "127.0.0.1:1")
		ask(shop, httptest.NewRequest("BREW", "/teapot/7719", nil), "127.0.0.1:1")
		time.Sleep(90 * time.Minute) // until the cart is due for half an hour, and nothing looked

		values := gathered(t, shop)
		stored, err := sessions.ReadIngest(shop.db.Read(t.Context()))
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]float64{
			"cartwright_items_received_total":                                               float64(stored.Received),
			"cartwright_items_total{outcome=accepted}":                                      float64(stored.Accepted),
			"cartwright_items_total{outcome=duplicate}":                                     1,
			"cartwright_items_total{outcome=rejected}":                                      1,
			"cartwright_follower_lag_events{follower=sessions}":                             0,
			"cartwright_follower_lag_events{follower=recommend}":                            0,
			"cartwright_index_age_seconds":                                                  0,
			"cartwright_database_up":                                                        1,
			"cartwright_oldest_due_cart_seconds":                                            1800,
			"cartwright_job_runs_total{job=detection,outcome=ok}":                           1,
			"cartwright_http_request_seconds{method=GET,route=/v1/visitors/:id,status=401}": 1,
			"cartwright_http_request_seconds{method=any,route=none,status=404}":             1,
			"cartwright_http_request_seconds{method=POST,route=/v1/batch,status=200}":       1,
			"cartwright_log_seq":                                                            float64(shop.log.Head().Seq),
		} {
			if got, found := values[name]; !found || got != want {
				t.Errorf("%s is %v (%v), want %v", name, got, found, want)
			}
		}
		if stored.Received != 7 || stored.Accepted != 5 {
			t.Errorf("the database counts %+v", stored)
		}
		for _, name := range []string{"cartwright_commit_seconds", "cartwright_fsync_seconds", "cartwright_commit_items"} {
			if values[name] < 4 {
				t.Errorf("%s observed %v commits", name, values[name])
			}
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// outboxOf is how many deliveries wait, and for how many seconds the oldest does.
func outboxOf(t *testing.T, shop *Shop) (n, age float64) {
	t.Helper()
	values := gathered(t, shop)
	return values["cartwright_outbox_deliveries"], values["cartwright_outbox_age_seconds"]
}

// What waits in the outbox is seen, and for how long.
func TestMetricsOfTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := metricsShop(t)
		put(t, shop, "/v1/carts/paid", cartOf("ben"))
		post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o1", "cart_id", "paid", "total", 500))
		time.Sleep(time.Minute)
		if n, age := outboxOf(t, shop); n != 1 || age < 50 || age > 60 {
			t.Errorf("%v deliveries wait, the oldest for %v s, want 1 for about a minute", n, age)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// What the paused jobs will send is seen before they make anything of it, unless nobody wants it.
func TestMetricsOfWhatIsPaused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := metricsShop(t)
		pause := jobs.Order{Job: jobs.DeliveryJob, Who: "ops", Reason: "look first"}
		if err := shop.db.Write(t.Context(), func(tx *gorm.DB) error { return jobs.PauseIn(tx, pause, time.Now()) }); err != nil {
			t.Fatal(err)
		}
		put(t, shop, "/v1/carts/paid", cartOf("ben"))
		post(t, shop, "/v1/orders", with(cartOf("ben"), "order_id", "o1", "cart_id", "paid", "total", 500))
		time.Sleep(time.Minute)
		if n, age := outboxOf(t, shop); n != 1 || age < 50 || age > 60 {
			t.Errorf("%v deliveries wait, the oldest for %v s, want 1 for about a minute", n, age)
		}
		err := shop.db.Write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("UPDATE endpoints SET topics = 'recovery.sent'").Error })
		if err != nil {
			t.Fatal(err)
		}
		if n, age := outboxOf(t, shop); n != 0 || age != 0 {
			t.Errorf("%v deliveries wait, the oldest for %v s, though nobody wants them", n, age)
		}
		closeShop(t, shop)
	})
}

// Counts of a shop's business are not for everybody.
func TestWhoReadsMetrics(t *testing.T) {
	shop := metricsShop(t)
	defer shop.Close(t.Context())
	for _, c := range []struct {
		from, key, header string
		status            int
	}{
		{"127.0.0.1:1", "", "", 200},
		{"[::1]:1", "", "", 200},
		{"10.2.3.4:1", "", "", 200},
		{"[::ffff:192.168.1.1]:1", "", "", 200},
		{"203.0.113.9:1", "", "", 401},
		{"203.0.113.9:1", testWriteKey, "", 403},
		{"203.0.113.9:1", testSecretKey, "", 200},
		{"127.0.0.1:1", "", "X-Forwarded-For", 401},
		{"127.0.0.1:1", testSecretKey, "X-Forwarded-For", 200},
		{"127.0.0.1:1", "", "Forwarded", 401},
		{"nonsense", "", "", 401},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		if c.key != "" {
			r.SetBasicAuth(c.key, "")
		}
		if c.header != "" {
			r.Header.Set(c.header, "127.0.0.1")
		}
		answer := ask(shop, r, c.from)
		if answer.Code != c.status {
			t.Errorf("%+v is answered %d", c, answer.Code)
		}
		if told := bytes.Contains(answer.Body.Bytes(), []byte("cartwright_items_total")); told != (c.status == 200) {
			t.Errorf("%+v: told: %v", c, told)
		}
	}
}

// The names and texts are as Prometheus wants them.
func TestMetricsLint(t *testing.T) {
	shop := metricsShop(t)
	defer shop.Close(t.Context())
	problems, err := testutil.GatherAndLint(shop.metrics.registry)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}
