package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/crowd"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// How long the parts of the short bench take, all together under a minute.
const (
	ingestRounds = 3
	answerRounds = 15
	answerRun    = 150 * time.Millisecond
	aloneRun     = 500 * time.Millisecond
	warmUp       = 300 * time.Millisecond

	taughtSessions = 20_000
)

// ingestFigures are what appending reaches with requests of one size. Times of the
// processor include the clients'.
type ingestFigures struct {
	Events     int     `json:"events_per_request"`
	Rate       float64 `json:"events_per_second"`
	Ceiling    float64 `json:"ceiling_events_per_second"`
	Ratio      float64 `json:"ratio"`
	Lag        int64   `json:"follower_lag_ms"` // until the followers had caught up with the last answer
	CPU        float64 `json:"cpu_us_per_event"`
	CeilingCPU float64 `json:"ceiling_cpu_us_per_event"`
}

// measureIngest sends to a shop and to the ceiling, which may store items unread, in turn.
func measureIngest(ctx context.Context, below string, events int, run time.Duration, unread bool) (f ingestFigures, err error) {
	var shop *benchShop
	as(ctx, "cartwright", func() { shop, err = openBenchShop(ctx, below) })
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, shop.close(ctx)) }()
	var bare *bareShop
	as(ctx, "ceiling", func() { bare, err = openBareShop(ctx, below, unread) })
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, bare.close()) }()
	measured, limit := &side{name: "cartwright", settle: shop.settle}, &side{name: "ceiling"}
	if err := measured.connect(shop.address, newTraffic(0, time.Now()), events); err != nil {
		return f, err
	}
	defer measured.disconnect()
	if err := limit.connect(bare.address, newTraffic(0, time.Now()), events); err != nil {
		return f, err
	}
	defer limit.disconnect()
	if err := inTurn(ctx, 1, warmUp, measured, limit); err != nil {
		return f, err
	}
	measured.forget()
	limit.forget()
	if err := inTurn(ctx, ingestRounds, run, measured, limit); err != nil {
		return f, err
	}
	n := float64(events)
	return ingestFigures{
		Events: events, Rate: round(n * median(measured.rates)), Ceiling: round(n * median(limit.rates)),
		Ratio: ratio(median(measured.rates), median(limit.rates)), Lag: median(measured.lags).Milliseconds(),
		CPU: tenth(median(measured.cpu) / n), CeilingCPU: tenth(median(limit.cpu) / n),
	}, nil
}

// connect makes the connections of a side and what they send.
func (s *side) connect(address string, t *traffic, events int) (err error) {
	if s.clients, err = dial(trimScheme(address), benchConnections); err != nil {
		return err
	}
	s.next = nil
	for i := range s.clients {
		s.next = append(s.next, t.batcher(i, events).request)
	}
	return nil
}

func (s *side) disconnect() { hangUp(s.clients) }

// forget drops what was seen while all was warming up.
func (s *side) forget() { s.rates, s.cpu, s.lags, s.took = nil, nil, nil, nil }

// answerFigures are what GET /v1/recommendations reaches with nearest neighbours
// alone, and with the blend that comes first by default. The times are those of
// requests while all connections ask at once, and when one asks alone.
type answerFigures struct {
	Rate       float64 `json:"requests_per_second"`
	P50        int64   `json:"p50_us"`
	P99        int64   `json:"p99_us"`
	Ceiling    float64 `json:"ceiling_requests_per_second"`
	Ratio      float64 `json:"ratio"`
	AloneP50   int64   `json:"alone_p50_us"`
	AloneP99   int64   `json:"alone_p99_us"`
	CPU        float64 `json:"cpu_us_per_request"`
	CeilingCPU float64 `json:"ceiling_cpu_us_per_request"`
	Blend      float64 `json:"blend_requests_per_second"`
	BlendRatio float64 `json:"blend_ratio"`
	Sessions   int     `json:"sessions"` // in the index

	Beside besideFigures `json:"over_32_connections"`
}

// measureAnswers asks a shop for recommendations, and an empty handler for
// nothing, in turn.
func measureAnswers(ctx context.Context, below string) (f answerFigures, err error) {
	var shop *benchShop
	as(ctx, "cartwright", func() { shop, err = openBenchShop(ctx, below) })
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, shop.close(ctx)) }()
	if err := shop.teach(ctx, taughtSessions); err != nil {
		return f, err
	}
	empty, address, err := listenLocally(emptyHandler())
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, empty.Close()) }()
	measured, limit, alone := &side{name: "cartwright", keep: true}, &side{name: "ceiling"}, &side{name: "cartwright", keep: true}
	blended := &side{name: "blend"}
	for s, to := range map[*side]string{measured: shop.address, limit: address, alone: shop.address, blended: shop.address} {
		if s.clients, err = dial(trimScheme(to), benchConnections); err != nil {
			return f, err
		}
		defer s.disconnect()
		s.next = questions("home")
	}
	blended.next = questions("search")
	alone.clients = alone.clients[:1]
	if err := inTurn(ctx, 1, warmUp, measured, limit, blended); err != nil {
		return f, err
	}
	for _, s := range []*side{measured, limit, blended} {
		s.forget()
	}
	if err := inTurn(ctx, answerRounds, answerRun, measured, limit, blended); err != nil {
		return f, err
	}
	if err := inTurn(ctx, 1, aloneRun, alone); err != nil {
		return f, err
	}
	beside, err := measureBeside(ctx, shop)
	if err != nil {
		return f, err
	}
	return answerFigures{
		Beside: beside,
		Rate:   round(median(measured.rates)), Ceiling: round(median(limit.rates)), Ratio: ratio(median(measured.rates), median(limit.rates)),
		P50: median(measured.took).Microseconds(), P99: quantile(measured.took, 0.99).Microseconds(),
		AloneP50: median(alone.took).Microseconds(), AloneP99: quantile(alone.took, 0.99).Microseconds(),
		CPU: tenth(median(measured.cpu)), CeilingCPU: tenth(median(limit.cpu)),
		Blend: round(median(blended.rates)), BlendRatio: ratio(median(blended.rates), median(limit.rates)), Sessions: taughtSessions,
	}, nil
}

// questions are what the connections ask: half on the page of a product, the
// others in another context, each for a shopper that the shop knows.
func questions(context string) []func() []byte {
	key := base64.StdEncoding.EncodeToString([]byte(benchKey + ":"))
	all := make([]func() []byte, benchConnections)
	for i := range all {
		var requests [][]byte
		for n := i; n < taughtSessions; n += benchConnections {
			query := fmt.Sprintf("context=%s&anonymous_id=%s", context, benchShopper(n))
			if n%128 < 64 {
				query = fmt.Sprintf("context=product&item=%s&anonymous_id=%s", benchProduct(n%benchProducts), benchShopper(n))
			}
			requests = append(requests, fmt.Appendf(nil, "GET /v1/recommendations?%s HTTP/1.1\r\nHost: shop.example\r\n"+
				"Authorization: Basic %s\r\nUser-Agent: %s\r\n\r\n", query, key, benchAgents[i%len(benchAgents)]))
		}
		at := 0
		all[i] = func() []byte {
			at = (at + 1) % len(requests)
			return requests[at]
		}
	}
	return all
}

// detectFigures are what one detection took: due carts among all, each decided and
// written.
type detectFigures struct {
	Due   int   `json:"due"`
	Carts int   `json:"carts"`
	Took  int64 `json:"ms"`
}

// measureDetection fills a database with carts and lets the detector decide.
func measureDetection(ctx context.Context, below string, carts int) (f detectFigures, err error) {
	dir, err := os.MkdirTemp(below, "cartwright-bench-")
	if err != nil {
		return f, fmt.Errorf("make a folder for the database: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path, now := filepath.Join(dir, "shop.db"), time.Now()
	if err := fillShop(ctx, path, carts, now); err != nil {
		return f, err
	}
	db, err := database.Open(ctx, path, database.Options{})
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: projections(db)})
	if err != nil {
		return f, err
	}
	defer log.Close()
	if err := enableRecovery(ctx, log); err != nil {
		return f, err
	}
	began := time.Now()
	report, err := cart.NewDetector(log, cart.RulesOf(flow.Default())).Detect(ctx, now, cart.Options{Deliver: true})
	if err != nil {
		return f, err
	}
	return detectFigures{report.Triggers, carts, time.Since(began).Milliseconds()}, nil
}

// fillShop makes the carts of a detection, without waiting for the disk.
func fillShop(ctx context.Context, path string, carts int, now time.Time) error {
	db, err := database.Open(ctx, path, database.Options{Durability: database.Off})
	if err != nil {
		return err
	}
	return errors.Join(crowd.FillCarts(ctx, db, carts, now), db.Close())
}
