package main

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"cartwright/jobs/webhook"
)

// soakFigures are what a time of mixed load with kills came to.
type soakFigures struct {
	Seconds      float64 `json:"seconds"`
	Kills        int     `json:"kills"`
	Acknowledged int     `json:"acknowledged"`
	Lost         int     `json:"lost"`    // acknowledged and not in the log
	Doubled      int     `json:"doubled"` // in the log more than once
	Again        int     `json:"sent_again"`
	Reads        int     `json:"reads"`
	Triggers     int     `json:"triggers"`
	Twice        int     `json:"triggers_twice"`
	Told         int     `json:"webhooks"`       // that arrived, each id once
	ToldTwice    int     `json:"webhooks_twice"` // under another id than the first time
	Differences  int     `json:"verify_differences"`

	Unexpected []string     `json:"unexpected,omitempty"` // what clients met that no kill explains, the first few
	Lives      []soakLife   `json:"lives"`
	Growth     soakResource `json:"growth"` // from the second life's end to the last's, as a ratio
}

// soakLife is a program from its start to its kill; what it used is the median of
// the last third of that time.
type soakLife struct {
	Seconds float64 `json:"seconds"`
	Events  int     `json:"events_in_log"`
	soakResource
}

// soakResource is what a program uses; the index is a part of what is held.
type soakResource struct {
	RSS        float64 `json:"rss_megabytes"`
	Heap       float64 `json:"heap_megabytes"`
	Index      float64 `json:"index_megabytes"`
	FDs        float64 `json:"descriptors"`
	Goroutines float64 `json:"goroutines"`
}

// soakFlags make carts, sessions and message ids come to their ends within minutes,
// so that what a shop meets in days happens here.
var soakFlags = []string{
	"--cart-wait", "20s", "--detect-schedule", "@every 2s", "--close-schedule", "@every 10s", "--session-timeout", "1m",
	"--upkeep-schedule", "* * * * *", "--duplicate-window", "5m", "--webhook-allow-private", "--webhook-allow-insecure",
}

// soakShoppers is how many clients send at a time.
const soakShoppers = 8

// A soak is a program under load that is killed now and then.
type soak struct {
	db       string
	flags    []string
	shoppers []*soakShopper
	address  atomic.Pointer[string]
	dying    atomic.Bool // a kill explains what clients see
	hooks    *receiver
	figures  soakFigures
}

// measureSoak loads a program for a time and kills it every so often.
func measureSoak(ctx context.Context, dir string, o longOptions, progress func(string)) (*soakFigures, error) {
	secret := webhook.NewSecret().Reveal()
	hooks, err := newReceiver(secret)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(hooks)
	defer server.Close()
	s := &soak{db: filepath.Join(dir, "shop.db"), hooks: hooks}
	s.flags = append(slices.Clone(soakFlags), "--webhooks", server.URL+"/hooks "+secret)
	for i := range soakShoppers {
		s.shoppers = append(s.shoppers, newSoakShopper(s, i, float64(o.rate)/soakShoppers))
	}
	if err := s.run(ctx, o, progress); err != nil {
		return nil, err
	}
	progress("the load is over; the log is compared with what was acknowledged")
	return &s.figures, s.check(ctx)
}

// run lives one life after the other, under load until the time is over.
func (s *soak) run(ctx context.Context, o longOptions, progress func(string)) error {
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var load sync.WaitGroup
	began := time.Now()
	for end := began.Add(o.soak); time.Until(end) > 0; {
		c, err := startChild(ctx, s.db, s.flags...)
		if err != nil {
			return err
		}
		if _, err := c.ready(ctx); err != nil {
			return errors.Join(err, c.kill())
		}
		first := s.address.Swap(&c.address) == nil
		s.dying.Store(false)
		if first {
			for _, shopper := range s.shoppers {
				load.Go(func() { shopper.shop(loading) })
			}
		}
		life, err := s.live(ctx, c, min(o.killEvery, time.Until(end)))
		if err != nil {
			return errors.Join(err, c.kill())
		}
		s.figures.Lives = append(s.figures.Lives, life)
		progress(fmt.Sprintf("life %d: %+v", len(s.figures.Lives), life))
		if time.Until(end) <= 0 {
			stop() // every shopper still finishes what it began
			load.Wait()
			return errors.Join(s.rest(ctx, c, began), c.end())
		}
		s.dying.Store(true)
		if err := c.kill(); err != nil {
			return err
		}
		s.figures.Kills++
	}
	return nil
}

// rest waits until what was told to the program has led to what follows from it.
func (s *soak) rest(ctx context.Context, c *child, began time.Time) error {
	s.figures.Seconds = round(time.Since(began).Seconds())
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for quiet := 0; quiet < 5 && ctx.Err() == nil; time.Sleep(time.Second) {
		m, err := c.metrics(ctx)
		if err != nil {
			return err
		}
		if quiet++; m["cartwright_outbox_deliveries"] > 0 || m["cartwright_oldest_due_cart_seconds"] > 0 {
			quiet = 0
		}
	}
	return ctx.Err()
}

// live samples what a program uses while it lives.
func (s *soak) live(ctx context.Context, c *child, d time.Duration) (l soakLife, err error) {
	var samples []soakResource
	for tick := max(d/30, 50*time.Millisecond); time.Since(c.started) < d; time.Sleep(tick) {
		m, err := c.metrics(ctx)
		if err != nil {
			return l, err
		}
		l.Events = int(m["cartwright_log_seq"])
		samples = append(samples, soakResource{
			RSS: megabytes(m["process_resident_memory_bytes"]), Heap: megabytes(m["go_memstats_heap_inuse_bytes"]),
			Index: megabytes(m["cartwright_index_bytes"]), FDs: m["process_open_fds"], Goroutines: m["go_goroutines"],
		})
	}
	l.Seconds = round(time.Since(c.started).Seconds())
	l.soakResource = middleOf(samples[len(samples)*2/3:])
	return l, nil
}

// middleOf is the median of each resource.
func middleOf(samples []soakResource) soakResource {
	of := func(f func(soakResource) float64) float64 {
		var values []float64
		for _, s := range samples {
			values = append(values, f(s))
		}
		return median(values)
	}
	return soakResource{
		RSS:        of(func(r soakResource) float64 { return r.RSS }),
		Heap:       of(func(r soakResource) float64 { return r.Heap }),
		Index:      of(func(r soakResource) float64 { return r.Index }),
		FDs:        of(func(r soakResource) float64 { return r.FDs }),
		Goroutines: of(func(r soakResource) float64 { return r.Goroutines }),
	}
}

// verified returns how many differences “verify” finds.
func (s *soak) verified(ctx context.Context, program string) (int, error) {
	out, err := exec.CommandContext(ctx, program, "verify", "--json", "--db", s.db).Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return 0, fmt.Errorf("verify the log: %w", err)
	}
	return differencesIn(out)
}
