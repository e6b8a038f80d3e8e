package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// shoppers are clients that keep to the contract: what is not answered, or answered with 429 or 503, they
// send again with the same ids, to another replica.
type shoppers struct {
	fleet   *fleet
	client  *http.Client
	stopped chan struct{}
	group   sync.WaitGroup

	mu     sync.Mutex
	acked  []string
	again  int // batches that were acknowledged and sent again
	tries  int // that had to be repeated
	broken []string
}

// visit lets shoppers begin to send, at a bounded rate.
func (f *fleet) visit(n int) *shoppers {
	c := &shoppers{fleet: f, client: &http.Client{Timeout: 5 * time.Second}, stopped: make(chan struct{})}
	for i := range n {
		c.group.Go(func() { c.shop(i) })
	}
	return c
}

// leave ends the sending, and returns what was acknowledged.
func (c *shoppers) leave() []string {
	close(c.stopped)
	c.group.Wait()
	return c.acked
}

func (c *shoppers) gone() bool {
	select {
	case <-c.stopped:
		return true
	default:
		return false
	}
}

// shop sends one batch after another, every tenth twice.
func (c *shoppers) shop(i int) {
	s := &sender{name: i}
	for n := i; !c.gone(); n++ {
		s.batch()
		if !c.deliver(s, n) {
			return
		}
		c.mu.Lock()
		c.acked = append(c.acked, s.pendingIDs...)
		c.mu.Unlock()
		if n%10 == 0 && c.deliver(s, n+1) {
			c.mu.Lock()
			c.again++
			c.mu.Unlock()
		}
		time.Sleep(60 * time.Millisecond) // the rate is bounded
	}
}

// deliver sends a batch until it is acknowledged, beginning with the nth replica.
func (c *shoppers) deliver(s *sender, n int) bool {
	for try := 0; try < 200; try++ {
		address, _ := c.fleet.replicas[(n+try)%len(c.fleet.replicas)].now()
		status, wait := c.post(address, s.pending)
		c.mu.Lock()
		switch {
		case status == http.StatusOK:
			c.mu.Unlock()
			return true
		case status != 0 && status != http.StatusServiceUnavailable && status != http.StatusTooManyRequests:
			c.broken = append(c.broken, fmt.Sprintf("status %d", status))
		case status != 0 && wait < time.Second:
			c.broken = append(c.broken, fmt.Sprintf("status %d without Retry-After", status))
		}
		c.tries++
		c.mu.Unlock()
		time.Sleep(min(max(wait, 50*time.Millisecond), 2*time.Second))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken = append(c.broken, "a batch was never taken")
	return false
}

// post sends one request; the status is 0 when there is no answer.
func (c *shoppers) post(address string, body []byte) (status int, wait time.Duration) {
	request, err := http.NewRequest(http.MethodPost, address+"/v1/batch", bytes.NewReader(body))
	if err != nil {
		return 0, 0
	}
	request.SetBasicAuth(testWriteKey, "")
	response, err := c.client.Do(request)
	if err != nil {
		return 0, 0
	}
	_ = response.Body.Close()
	seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
	return response.StatusCode, time.Duration(seconds) * time.Second
}

// A probe measures how long after an acknowledgement at one replica another one recommends by it.
type probe struct {
	shoppers *shoppers
	mu       sync.Mutex
	lags     map[string][]time.Duration // by the replica that was asked
}

// watch probes pairs of replicas that are well, until the shoppers leave.
func (c *shoppers) watch() *probe {
	p := &probe{shoppers: c, lags: map[string][]time.Duration{}}
	c.group.Go(func() {
		for n := 0; !c.gone(); n++ {
			p.once(n)
			time.Sleep(100 * time.Millisecond)
		}
	})
	return p
}

// once lets a shopper of the nth replica look at two products that nobody else does, and asks the next
// replica what goes with the first.
func (p *probe) once(n int) {
	replicas := p.shoppers.fleet.replicas
	here, well := replicas[n%len(replicas)].now()
	there, too := replicas[(n+1)%len(replicas)].now()
	if !well || !too {
		return
	}
	one, other := fmt.Sprintf("probe-%d-a", n), fmt.Sprintf("probe-%d-b", n)
	var items []map[string]any
	for _, product := range []string{one, other} {
		items = append(items, map[string]any{"type": "track", "event": "Product Viewed", "messageId": "look " + product,
			"anonymousId": "prober-" + strconv.Itoa(n), "properties": map[string]any{"product_id": product}})
	}
	body, _ := json.Marshal(map[string]any{"batch": items})
	if status, _ := p.shoppers.post(here, body); status != http.StatusOK {
		return
	}
	began := time.Now()
	for lag := time.Duration(0); lag < 20*time.Second; time.Sleep(10 * time.Millisecond) {
		found := p.asks(there, one, other)
		if lag = time.Since(began); found {
			p.took(replicas[(n+1)%len(replicas)], lag)
			return
		}
		_, well := replicas[n%len(replicas)].now()
		if _, too := replicas[(n+1)%len(replicas)].now(); !well || !too {
			return // it was disturbed
		}
	}
	p.took(replicas[(n+1)%len(replicas)], time.Since(began))
}

func (p *probe) took(r *replica, lag time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lags[r.name] = append(p.lags[r.name], lag)
}

// asks reports whether a replica recommends one product with another.
func (p *probe) asks(address, with, want string) bool {
	request, err := http.NewRequest(http.MethodGet, address+"/v1/recommendations?context=product&n=5&anonymous_id=asker&item="+with, nil)
	if err != nil {
		return false
	}
	request.SetBasicAuth(testWriteKey, "")
	response, err := p.shoppers.client.Do(request)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	var answer struct{ Items []recommendation }
	if json.NewDecoder(response.Body).Decode(&answer) != nil {
		return false
	}
	for _, item := range answer.Items {
		if item.Product == want {
			return true
		}
	}
	return false
}

// check fails if the index of any replica was not, as a rule, within a second of the log, or ever far behind.
func (p *probe) check(t *testing.T) {
	t.Helper()
	for _, r := range p.shoppers.fleet.replicas {
		lags := slices.Sorted(slices.Values(p.lags[r.name]))
		if len(lags) < 5 {
			t.Errorf("only %d probes of the index of %s", len(lags), r.name)
			continue
		}
		within, _ := slices.BinarySearch(lags, time.Second)
		t.Logf("%d probes of the index of %s, %d within a second, the median %s, the longest %s",
			len(lags), r.name, within, lags[len(lags)/2], lags[len(lags)-1])
		if late := len(lags) - within; late > 1+len(lags)/10 || lags[len(lags)-1] > 10*time.Second {
			t.Errorf("lags of %s: %v", r.name, lags)
		}
	}
}
