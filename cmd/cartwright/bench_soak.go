package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
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
	Told         int     `json:"webhooks"`         // triggers of which one arrived
	ToldTwice    int     `json:"webhooks_twice"`   // under another id than the first time
	Untold       int     `json:"webhooks_missing"` // triggers of which none arrived
	Differences  int     `json:"verify_differences"`

	Errors     int           `json:"errors"`               // that no kill explains
	Unexpected []string      `json:"unexpected,omitempty"` // the first few of them
	Lives      []soakLife    `json:"lives"`
	Growth     *soakResource `json:"growth,omitempty"`         // from the second life, the first that found a log, to the last, as a ratio
	Hourly     *soakResource `json:"growth_an_hour,omitempty"` // from life to life, by the line that fits best
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
	address  string
	turns    atomic.Int64 // odd from each kill until the next life is ready; that explains what clients see
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
	s.turns.Store(1)
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

// run lives one life after the other, all of the same length, under load until the
// time is over. Every life serves at the same address.
func (s *soak) run(ctx context.Context, o longOptions, progress func(string)) error {
	port, err := quietPort()
	if err != nil {
		return err
	}
	s.flags = append(s.flags, "--port", port)
	loading, stop := context.WithCancel(ctx)
	defer stop()
	var load sync.WaitGroup
	began, lives := time.Now(), max(1, int(o.soak/o.killEvery))
	for n := range lives {
		c, err := startChild(ctx, s.db, s.flags...)
		if err != nil {
			return err
		}
		if n == 0 {
			s.address = c.address
			for _, shopper := range s.shoppers {
				load.Go(func() { shopper.shop(loading) })
			}
		}
		life, err := s.live(ctx, c, o.soak/time.Duration(lives))
		if err != nil {
			return errors.Join(err, c.kill())
		}
		s.figures.Lives = append(s.figures.Lives, life)
		progress(fmt.Sprintf("life %d of %d: %s", n+1, lives, life))
		if n == lives-1 {
			stop()
			s.figures.Seconds = round(time.Since(began).Seconds())
			return errors.Join(s.rest(ctx, c, &load), c.end())
		}
		s.turns.Add(1)
		if err := c.kill(); err != nil {
			return err
		}
		s.figures.Kills++
	}
	return nil
}

// quietPort is a port that is free, and stays so while nobody listens: systems give
// the higher ones to clients.
func quietPort() (string, error) {
	for range 100 {
		port := strconv.Itoa(10_000 + rand.IntN(20_000))
		if listener, err := net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			return port, listener.Close()
		}
	}
	return "", errors.New("find a free port between 10000 and 30000: there is none")
}

// rest waits until every shopper has finished what it began, and until what was told
// to the program has led to what follows from it.
func (s *soak) rest(ctx context.Context, c *child, load *sync.WaitGroup) error {
	finished := make(chan struct{})
	go func() {
		load.Wait()
		close(finished)
	}()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	select {
	case <-finished:
	case err := <-c.ended:
		return errors.Join(errors.New("it ended by itself"), err)
	case <-ctx.Done():
		return errors.New("its clients still wait for answers")
	}
	for quiet := 0; quiet < 5; time.Sleep(time.Second) {
		m, err := c.metrics(ctx)
		if err != nil {
			return err
		}
		if quiet++; m["cartwright_outbox_deliveries"] > 0 || m["cartwright_oldest_due_cart_seconds"] > 0 {
			quiet = 0
		}
	}
	return nil
}

// verified returns how many differences “verify” finds.
func (s *soak) verified(ctx context.Context, program string) (int, error) {
	out, err := exec.CommandContext(ctx, program, "verify", "--json", "--db", s.db).Output()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		return 0, fmt.Errorf("verify the log: %w", err)
	}
	return differencesIn(out)
}
