package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// fullFigures compare appending to a long log with appending to a new one.
type fullFigures struct {
	Events   int     `json:"events"`
	Rate     float64 `json:"events_per_second"`
	Empty    float64 `json:"empty_events_per_second"`
	Ratio    float64 `json:"ratio"`
	Filling  float64 `json:"filling_events_per_second"`
	Database float64 `json:"database_megabytes"`
	RSS      float64 `json:"rss_megabytes"` // when it was filled, of the whole process, clients included
}

// fullEvents is how many events a request carries, fullRounds how often each is
// measured: often, because a run during which much of the memory is looked through
// or many sessions are written takes twice as long, on either side.
const (
	fullEvents = 20
	fullRounds = 15
)

// measureFull fills a shop, and appends to it and to a new one in turn. The visitors
// who come then are new to both. The rates are of all rounds together.
func measureFull(ctx context.Context, below string, events int, run time.Duration, progress func(string)) (f *fullFigures, err error) {
	var full, empty *benchShop
	as(ctx, "full", func() { full, err = openBenchShop(ctx, below) })
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, full.close(ctx)) }()
	filling, began := &filler{progress: progress}, time.Now()
	sent, err := filling.fill(ctx, full.address, events)
	if err != nil {
		return nil, err
	}
	if err := full.settle(ctx); err != nil {
		return nil, err
	}
	filled := time.Since(began)
	resident, _ := residentOf(os.Getpid())
	as(ctx, "empty", func() { empty, err = openBenchShop(ctx, below) })
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, empty.close(ctx)) }()
	sides := []*side{{name: "full", settle: full.settle}, {name: "empty", settle: empty.settle}}
	for i, shop := range []*benchShop{full, empty} {
		if err := sides[i].connect(shop.address, newTraffic(filling.generation+1, time.Now()), fullEvents); err != nil {
			return nil, err
		}
		defer sides[i].disconnect()
	}
	if err := inTurn(ctx, 1, run, sides...); err != nil { // all visitors come for the first time
		return nil, fmt.Errorf("warm up: %w", err)
	}
	for _, s := range sides {
		s.forget()
	}
	if err := inTurn(ctx, fullRounds, run, sides...); err != nil {
		return nil, err
	}
	rate, limit := fullEvents*mean(sides[0].rates), fullEvents*mean(sides[1].rates)
	return &fullFigures{
		Events: sent, Rate: round(rate), Empty: round(limit), Ratio: ratio(rate, limit),
		Filling: round(float64(sent) / filled.Seconds()), Database: megabytes(float64(sizeOf(full.path()))), RSS: megabytes(resident),
	}, nil
}
