package main

import (
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// status asks the program over a new connection, as one who was not here before; 0 is no answer.
func (p *process) status(method, path string) int {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequest(method, p.address+path, nil)
	if err != nil {
		return 0
	}
	request.SetBasicAuth(testSecretKey, "")
	answer, err := client.Do(request)
	if err != nil {
		return 0
	}
	_ = answer.Body.Close()
	return answer.StatusCode
}

// retire asks the program to end, as a load balancer would see it: no connection may be refused before
// /readyz said 503.
func (p *process) retire(t *testing.T) {
	t.Helper()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for {
		switch status := p.status(http.MethodGet, "/readyz"); status {
		case http.StatusServiceUnavailable:
			return
		case http.StatusOK: // the signal is on its way
			time.Sleep(10 * time.Millisecond)
		default:
			t.Errorf("/readyz after SIGTERM: %d before any 503\n%s", status, p.log())
			return
		}
	}
}

// A program that was asked to end says so, and serves on until the balancers have seen it.
func TestTheShutdownIsDelayed(t *testing.T) {
	t.Parallel() // it waits most of the time
	binary := build(t, "")
	p := serveBinary(t, binary, "--db", filepath.Join(t.TempDir(), "shop.db"), "--shutdown-delay", "2s")
	began := time.Now()
	p.retire(t)
	for path, want := range map[string]int{"/healthz": 200, "/v1/carts": 200, "/readyz": 503} {
		if got := p.status(http.MethodGet, path); got != want {
			t.Errorf("%s during the delay: %d, want %d", path, got, want)
		}
	}
	if err := p.gone(); err != nil || time.Since(began) < 2*time.Second {
		t.Errorf("gone after %s, %v", time.Since(began), err)
	}

	// Who cannot wait asks again.
	p = serveBinary(t, binary, "--db", filepath.Join(t.TempDir(), "shop.db"), "--shutdown-delay", "5m")
	p.retire(t)
	if err := p.end(t, syscall.SIGTERM); err != nil {
		t.Errorf("asked twice: %v", err)
	}
}

func TestTheShutdownDelayIsBounded(t *testing.T) {
	for wait, fine := range map[time.Duration]bool{-1: false, 0: true, 5 * time.Minute: true, 5*time.Minute + 1: false} {
		c := defaultConfig()
		c.ShutdownDelay = wait
		if err := c.check(); (err == nil) != fine {
			t.Errorf("shutdown-delay %s: %v", wait, err)
		}
	}
}
