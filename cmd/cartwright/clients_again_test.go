package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"testing"
)

// A gate stands between a client and the program. The first request it lets through
// when the key's allowance is used up; to the second it answers itself.
type gate struct {
	program string
	second  int // status
	proxy   *httputil.ReverseProxy

	mu      sync.Mutex
	answers []int // statuses, in order
}

// newGate returns a gate before a program.
func newGate(t *testing.T, program string, second int) *gate {
	t.Helper()
	target, err := url.Parse(program)
	if err != nil {
		t.Fatal(err)
	}
	return &gate{program: program, second: second, proxy: httputil.NewSingleHostReverseProxy(target)}
}

// ServeHTTP answers one request of the client at a time.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	recorder := httptest.NewRecorder()
	switch len(g.answers) {
	case 0:
		if err := g.useUp(r); err != nil {
			http.Error(w, err.Error(), http.StatusTeapot) // which no client sends again
			return
		}
		g.proxy.ServeHTTP(recorder, r)
	case 1:
		recorder.Header().Set("Retry-After", "1")
		recorder.Header().Set("Content-Type", "application/problem+json")
		recorder.WriteHeader(g.second)
		_, _ = fmt.Fprintf(recorder, `{"type":"about:blank","status":%d,"code":"overloaded","detail":"send this one again"}`, g.second)
	default:
		g.proxy.ServeHTTP(recorder, r)
	}
	g.answers = append(g.answers, recorder.Code)
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// useUp asks the program with the client's key until it has had enough.
func (g *gate) useUp(r *http.Request) error {
	for range 1000 {
		request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, g.program+"/sourceConfig/", nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", r.Header.Get("Authorization"))
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if response.StatusCode == http.StatusTooManyRequests {
			return nil
		}
	}
	return fmt.Errorf("the key was never refused")
}

// SDKs send again what we could not take, and it counts once. What they are told is
// wrong they throw away, which shows that this test can fail. Jitsu's client sends
// nothing again, whatever the answer.
func TestClientsComeAgain(t *testing.T) {
	binary := build(t, "")
	for name, c := range map[string]struct {
		sdk    string
		second int
		orders int
		again  []int // the first answers it hears
	}{
		"segment":          {"segment", http.StatusServiceUnavailable, 1, []int{429, 503, 200}},
		"rudder":           {"rudder", http.StatusServiceUnavailable, 1, []int{429, 503, 200}},
		"control, segment": {"segment", http.StatusBadRequest, 0, []int{429, 400}},
	} {
		t.Run(name, func(t *testing.T) {
			db := filepath.Join(t.TempDir(), "shop.db")
			p := serveBinary(t, binary, "--db", db, "--rate-limit-key", "0.5")
			g := newGate(t, p.address, c.second)
			before := httptest.NewServer(g)
			defer before.Close()
			script := node(t, c.sdk+".mjs", "CARTWRIGHT_URL="+before.URL, "CARTWRIGHT_KEY="+testWriteKey, "CARTWRIGHT_RUN=again")
			out, err := script.CombinedOutput()
			if (err == nil) != (c.orders > 0) {
				t.Errorf("the client ended with %v\n%s", err, out)
			}
			g.mu.Lock()
			defer g.mu.Unlock()
			if len(g.answers) < len(c.again) || !slices.Equal(g.answers[:len(c.again)], c.again) {
				t.Errorf("the client heard %v, want %v and more", g.answers, c.again)
			}
			type counts struct {
				Events map[string]int
				Orders int
			}
			got := invoke[counts](t, "stats", "--json", "--db", db)
			if got.Orders != c.orders || got.Events["product_added"] != 2*c.orders || got.Events["page"] != 2*c.orders || got.Events["identify"] != c.orders {
				t.Errorf("stored: %+v", got)
			}
		})
	}
}
