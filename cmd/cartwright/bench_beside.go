package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	besideConnections = 32
	besideRounds      = 8
	besideEvents      = 20
	besideRate        = 2_000 // events a second
)

// besideFigures are what recommendations reach over 32 connections while nothing else
// comes in, and while 2,000 events a second do.
type besideFigures struct {
	Rate   float64 `json:"requests_per_second"`
	P99    int64   `json:"p99_us"`
	Beside float64 `json:"beside_ingest"` // the part of the rate that is left beside ingest
	Ingest int64   `json:"beside_ingest_p99_us"`
}

// measureBeside asks in turn without and with events that come in.
func measureBeside(ctx context.Context, shop *benchShop) (f besideFigures, err error) {
	quiet, busy := &side{name: "cartwright", keep: true}, &side{name: "cartwright", keep: true}
	for _, s := range []*side{quiet, busy} {
		if s.clients, err = dial(trimScheme(shop.address), besideConnections); err != nil {
			return f, err
		}
		defer s.disconnect()
		s.next = questions("home")
	}
	events := &side{name: "ingest"}
	if events.clients, err = dial(trimScheme(shop.address), 1); err != nil {
		return f, err
	}
	defer events.disconnect()
	send := newTraffic(1, time.Now()).batcher(0, besideEvents).request
	for range besideRounds {
		if err := quiet.measure(ctx, answerRun); err != nil {
			return f, err
		}
		stop := every(time.Second*besideEvents/besideRate, func() error { return events.clients[0].exchange(send()) })
		err := busy.measure(ctx, answerRun)
		if failed := stop(); failed != nil {
			return f, fmt.Errorf("send events beside: %w", failed)
		}
		if err != nil {
			return f, err
		}
	}
	return besideFigures{
		Rate: round(median(quiet.rates)), P99: quantile(quiet.took, .99).Microseconds(),
		Beside: ratio(median(busy.rates), median(quiet.rates)), Ingest: quantile(busy.took, .99).Microseconds(),
	}, nil
}

// every calls f at a rate until it fails or the function that it returns is called, which
// says how f ended.
func every(d time.Duration, f func() error) (stop func() error) {
	done, failed := make(chan struct{}), error(nil)
	var working sync.WaitGroup
	working.Go(func() {
		tick := time.NewTicker(d)
		defer tick.Stop()
		for failed == nil {
			select {
			case <-tick.C:
				failed = f()
			case <-done:
				return
			}
		}
	})
	return func() error {
		close(done)
		working.Wait()
		return failed
	}
}
