package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/enrich"
	"cartwright/sessions/wire"
)

// BenchmarkAppend sends a shop's traffic through the real handlers to a real
// log: every commit on disk, duplicates dropped, visitors resolved, carts written,
// sessions and recommendations following. Beside it runs the bare minimum on the same
// requests; ratio is how much of its rate is left.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			b.StopTimer()
			ceiling := rate(b, bareHandler(b, openFull(b)), n)
			server, followers, log := benchServer(b)
			b.StartTimer()
			real := rate(b, server, n)
			b.StopTimer()
			behind := time.Now()
			for _, f := range followers {
				must(b, f.WaitFor(context.Background(), log.Head().Seq))
			}
			b.ReportMetric(real, "events/s")
			b.ReportMetric(ceiling, "bare-events/s")
			b.ReportMetric(real/ceiling, "ratio")
			b.ReportMetric(float64(time.Since(behind).Milliseconds()), "lag-ms")
		})
	}
}

// openFull opens a fresh database whose commits wait for the disk.
func openFull(b *testing.B) *database.DB {
	db, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "shop.db"), database.Options{})
	must(b, err)
	b.Cleanup(func() { must(b, db.Close()) })
	return db
}

func benchServer(b *testing.B) (*api.Server, []api.Follower, *sessions.Log) {
	ctx, db := context.Background(), openFull(b)
	carts, catalog := cart.NewStore(db), recommend.NewCatalog(db)
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{Projections: []sessions.Projection{carts, catalog}})
	must(b, err)
	follower := sessions.NewFollower(db, log, nil)
	must(b, follower.Start(ctx))
	recommender := recommend.NewRecommender(log, recommend.Options{})
	recommender.Start(ctx)
	b.Cleanup(func() {
		recommender.Close()
		follower.Close()
		log.Close()
	})
	keys := api.NewKeys(db)
	_, err = keys.Adopt(ctx, api.Write, writeKey, start)
	must(b, err)
	agents, err := enrich.NewUserAgents()
	must(b, err)
	server, err := api.New(api.Config{
		Log: log, Follower: follower, Histories: sessions.NewHistories(db), Carts: carts, Products: catalog, Keys: keys,
		Decoder: &wire.Decoder{Currency: "EUR", Enrich: func(e *sessions.Event, c wire.Client) {
			client := agents.Client(c.UserAgent)
			e.Device, e.Payload.Browser, e.OS, e.Bot = client.Device, client.Browser, client.OS, client.Bot
			e.Address = enrich.TruncateAddress(c.Address)
			e.Channel = enrich.ChannelOf(e.Page.Referrer, e.Page.URL)
		}},
	})
	must(b, err)
	return server, []api.Follower{follower, recommender}, log
}

// rate sends b.N batches of n events from 64 clients and returns events a second.
func rate(b *testing.B, h http.Handler, n int) float64 {
	var clients atomic.Uint64
	b.SetParallelism((64 + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0))
	began := time.Now()
	b.RunParallel(func(pb *testing.PB) {
		t := traffic{random: rand.New(rand.NewPCG(7, clients.Add(1)))}
		for pb.Next() {
			if status := t.send(h, n); status != http.StatusOK {
				b.Errorf("status %d", status)
				return
			}
		}
	})
	return float64(b.N*n) / time.Since(began).Seconds()
}

// traffic is what one client sends: of 20,000 visitors, in a hundred events
// ninety views, eight adds and two of something else.
type traffic struct {
	random *rand.Rand
	body   []byte
	reader bytes.Reader
	sink   sink
}

// send posts one batch and returns the status of the answer.
func (t *traffic) send(h http.Handler, n int) int {
	t.body = append(t.body[:0], `{"batch":[`...)
	for i := range n {
		if i > 0 {
			t.body = append(t.body, ',')
		}
		t.event()
	}
	t.body = append(t.body, `],"sentAt":"2026-03-01T12:00:00.000Z"}`...)
	t.reader.Reset(t.body)
	t.sink.reset()
	h.ServeHTTP(&t.sink, &http.Request{
		Method: http.MethodPost, URL: &url.URL{Path: "/v1/batch"}, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{
			"Authorization": {"Basic d2tfdGVzdDo="}, "Content-Type": {"application/json"},
			"User-Agent": {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"},
		},
		Body: io.NopCloser(&t.reader), ContentLength: int64(len(t.body)), RemoteAddr: "192.0.2.1:1234",
	})
	return t.sink.status
}

// event appends one item to the body.
func (t *traffic) event() {
	visitor, product := t.random.Uint64N(20_000), t.random.Uint64N(2_000)
	kind := `"track","event":"Product Viewed"`
	switch p := t.random.Uint64N(100); {
	case p < 40:
		kind = `"page","name":"Catalog"`
	case p < 90:
	case p < 98:
		kind = `"track","event":"Product Added"`
	case p < 99:
		kind = `"track","event":"Products Searched"`
	default:
		kind = `"track","event":"Checkout Started"`
	}
	b := append(t.body, `{"type":`...)
	b = append(b, kind...)
	b = append(b, `,"messageId":"ajs-next-`...)
	b = strconv.AppendUint(b, t.random.Uint64(), 36)
	b = strconv.AppendUint(b, t.random.Uint64(), 36)
	b = append(b, `","anonymousId":"3c27bf1a-77e4-4a7b-9a52-`...)
	b = strconv.AppendUint(b, visitor, 10)
	b = append(b, `","timestamp":"2026-03-01T11:59:58.120Z","properties":{"product_id":"sku-`...)
	b = strconv.AppendUint(b, product, 10)
	b = append(b, `","name":"Stoneware mug","price":12.5,"quantity":1,"category":"Kitchen"},"context":{"library":{"name":"analytics.js","version":"next-1.70.0"},"locale":"en-GB","page":{"path":"/products/`...)
	b = strconv.AppendUint(b, product, 10)
	b = append(b, `","referrer":"https://www.google.com/","title":"Stoneware mug","url":"https://shop.example/products/`...)
	b = strconv.AppendUint(b, product, 10)
	t.body = append(b, `"}}}`...)
}

// sink takes an answer and keeps its status.
type sink struct {
	header http.Header
	status int
}

func (s *sink) reset()                      { s.header, s.status = http.Header{}, http.StatusOK }
func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }
