package main

import (
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What the program listens with waits for nobody for ever, and reads no endless head.
func TestAcceptor(t *testing.T) {
	taken := 0
	accepting := acceptor(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { taken++ }), slog.New(slog.DiscardHandler))
	for name, limit := range map[string]time.Duration{
		"head": accepting.ReadHeaderTimeout, "body": accepting.ReadTimeout, "answer": accepting.WriteTimeout, "idle": accepting.IdleTimeout,
	} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("%s: waits for %s", name, limit)
		}
	}
	server := httptest.NewUnstartedServer(nil)
	server.Config = accepting
	server.Start()
	defer server.Close()
	for length, want := range map[int]int{10 << 10: 200, 100 << 10: 431} {
		request, err := http.NewRequest(http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Long", strings.Repeat("x", length))
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("a header of %d bytes is answered %d, want %d", length, answer.StatusCode, want)
		}
	}
	if taken != 1 {
		t.Errorf("%d requests were handled", taken)
	}
}

func TestRates(t *testing.T) {
	for rate, fine := range map[float64]bool{0: true, 0.1: true, 50: true, 1e6: true, -1: false, 1e7: false, math.Inf(1): false, math.NaN(): false} {
		if err := checkRate(rate); (err == nil) != fine {
			t.Errorf("%v: %v", rate, err)
		}
	}
	c := defaultConfig()
	c.RateLimitAddress, c.RateLimitKey = -1, math.NaN()
	err := c.check()
	if err == nil || !strings.Contains(err.Error(), "rate-limit-address: -1") || !strings.Contains(err.Error(), "rate-limit-key: NaN") {
		t.Errorf("told: %v", err)
	}
}
