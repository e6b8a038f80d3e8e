package main

import (
	"context"
	"fmt"
	"runtime/pprof"
	"slices"
	"sync"
	"syscall"
	"time"
)

// A side is one of two programs that are measured in turn, with the same requests
// over as many connections.
type side struct {
	name    string
	clients []*client
	next    []func() []byte                 // the next request of each connection
	settle  func(ctx context.Context) error // returns when what was sent is worked off; nil: it is

	rates []float64       // requests a second, of each run
	cpu   []float64       // microseconds of processor a request, clients included
	lags  []time.Duration // how long settle took
	took  []time.Duration // of single requests, if kept
	keep  bool
}

// measure sends for a time and adds what it saw. The rate counts until all is settled.
func (s *side) measure(ctx context.Context, d time.Duration) (err error) {
	as(ctx, s.name, func() { err = s.run(ctx, d) })
	return err
}

// as runs f, and whatever goroutines it starts, under the name of a side in profiles.
func as(ctx context.Context, side string, f func()) {
	pprof.Do(ctx, pprof.Labels("side", side), func(context.Context) { f() })
}

func (s *side) run(ctx context.Context, d time.Duration) error {
	began, cpu := time.Now(), processorTime()
	requests, err := s.send(ctx, began.Add(d))
	if err != nil {
		return fmt.Errorf("measure %s: %w", s.name, err)
	}
	sent := time.Now()
	if s.settle != nil {
		if err := s.settle(ctx); err != nil {
			return fmt.Errorf("measure %s: %w", s.name, err)
		}
	}
	s.lags = append(s.lags, time.Since(sent))
	s.rates = append(s.rates, float64(requests)/time.Since(began).Seconds())
	s.cpu = append(s.cpu, float64((processorTime()-cpu).Microseconds())/float64(max(1, requests)))
	return nil
}

// send sends on all connections until a time and returns how many requests were
// answered.
func (s *side) send(ctx context.Context, until time.Time) (requests int, err error) {
	var mu sync.Mutex
	var all sync.WaitGroup
	for i, c := range s.clients {
		all.Go(func() {
			n, took, failed := s.sendOn(ctx, c, s.next[i], until)
			mu.Lock()
			defer mu.Unlock()
			requests += n
			s.took = append(s.took, took...)
			if failed != nil {
				err = failed
			}
		})
	}
	all.Wait()
	return requests, err
}

func (s *side) sendOn(ctx context.Context, c *client, next func() []byte, until time.Time) (n int, took []time.Duration, err error) {
	for began := time.Now(); began.Before(until); {
		if err := ctx.Err(); err != nil {
			return n, took, err
		}
		if err := c.exchange(next()); err != nil {
			return n, took, err
		}
		n++
		now := time.Now()
		if s.keep {
			took = append(took, now.Sub(began))
		}
		began = now
	}
	return n, took, nil
}

// inTurn measures the sides one after the other, rounds times, so that whatever
// else the machine does strikes all of them.
func inTurn(ctx context.Context, rounds int, d time.Duration, sides ...*side) error {
	for range rounds {
		for _, s := range sides {
			if err := s.measure(ctx, d); err != nil {
				return err
			}
		}
	}
	return nil
}

// processorTime is what this process has used of the processors.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0 // there is no such system
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// median is the middle of values, of two the lower; 0 of none.
func median[T float64 | time.Duration](values []T) T { return quantile(values, 0.5) }

// mean is the sum of values over how many they are.
func mean(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

// quantile is the value that a share of values does not exceed; 0 of none.
func quantile[T float64 | time.Duration](values []T, share float64) (zero T) {
	if len(values) == 0 {
		return zero
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(float64(len(sorted)-1)*share)]
}
