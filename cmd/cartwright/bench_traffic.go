package main

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"
)

// The shop whose traffic is sent: as many visitors at a time, products, and
// connections that all of them come by.
const (
	benchVisitors    = 20_000
	benchProducts    = 2_000
	benchConnections = 64
	benchKey         = "wk_bench"
)

// benchAgents are the browsers of the connections.
var benchAgents = [...]string{
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
	"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/125.0.0.0 Mobile Safari/537.36",
}

// Traffic is what a shop's shoppers do, as their browsers send it: of a hundred
// events ninety views, eight adds and two of something else; every connection
// carries events of all visitors in turn. It is made before anything is measured;
// only the message ids are written anew for each request.
type traffic struct {
	items []benchItem
	sent  []byte // the end of every batch
	next  atomic.Uint64
}

// benchItem is one event, with the places of what is written anew.
type benchItem struct {
	text []byte
	id   int // where the last 16 characters of the message id begin
}

// newTraffic makes the events of one generation of visitors: those of another
// generation are other people.
func newTraffic(generation int, now time.Time) *traffic {
	random := rand.New(rand.NewPCG(7, uint64(generation)))
	t := &traffic{items: make([]benchItem, 2*benchVisitors)}
	t.next.Store(uint64(generation) << 40) // message ids of its own
	order := random.Perm(len(t.items))
	for i, n := range order {
		t.items[i] = newBenchItem(random, generation*benchVisitors+n%benchVisitors, now)
	}
	t.sent = fmt.Appendf(nil, `],"sentAt":%q}`, now.Add(120*time.Millisecond).UTC().Format("2006-01-02T15:04:05.000Z"))
	return t
}

// newBenchItem makes one event of a visitor.
func newBenchItem(random *rand.Rand, visitor int, now time.Time) benchItem {
	product, before := random.IntN(benchProducts), random.IntN(benchProducts)
	kind := `"track","event":"Product Viewed"`
	switch p := random.IntN(100); {
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
	referrer := fmt.Sprintf("https://shop.example/products/%d", before)
	if random.IntN(4) == 0 {
		referrer = "https://www.google.com/"
	}
	b := fmt.Appendf(nil, `{"type":%s,"messageId":"ajs-next-`, kind)
	item := benchItem{id: len(b)}
	item.text = fmt.Appendf(b, `0000000000000000","anonymousId":"3c27bf1a-77e4-4a7b-9a52-%012d","timestamp":%q,`+
		`"properties":{"product_id":"sku-%d","name":"Stoneware mug","price":12.5,"quantity":1,"category":"Kitchen"},`+
		`"context":{"library":{"name":"analytics.js","version":"next-1.70.0"},"locale":"en-GB",`+
		`"page":{"path":"/products/%d","referrer":%q,"title":"Stoneware mug","url":"https://shop.example/products/%d"}}}`,
		visitor, now.UTC().Format("2006-01-02T15:04:05.000Z"), product, product, referrer, product)
	return item
}

// A batcher makes the requests of one connection.
type batcher struct {
	*traffic
	head   []byte
	events int
	at     int // the next item
	body   []byte
	whole  []byte
}

// batcher returns what makes requests of so many events for the n-th connection.
func (t *traffic) batcher(n, events int) *batcher {
	head := fmt.Appendf(nil, "POST /v1/batch HTTP/1.1\r\nHost: shop.example\r\nAuthorization: Basic %s\r\n"+
		"User-Agent: %s\r\nContent-Type: application/json\r\nContent-Length: ",
		base64.StdEncoding.EncodeToString([]byte(benchKey+":")), benchAgents[n%len(benchAgents)])
	return &batcher{traffic: t, head: head, events: events, at: n * len(t.items) / benchConnections}
}

// request returns the next request, which is good until the one after it.
func (b *batcher) request() []byte {
	b.body = append(b.body[:0], `{"batch":[`...)
	for i := range b.events {
		if i > 0 {
			b.body = append(b.body, ',')
		}
		item := b.items[b.at]
		from := len(b.body) + item.id
		b.body = append(b.body, item.text...)
		hexadecimal(b.body[from:from+16], b.next.Add(1))
		if b.at++; b.at == len(b.items) {
			b.at = 0
		}
	}
	b.body = append(b.body, b.sent...)
	b.whole = append(b.whole[:0], b.head...)
	b.whole = strconv.AppendInt(b.whole, int64(len(b.body)), 10)
	b.whole = append(b.whole, "\r\n\r\n"...)
	b.whole = append(b.whole, b.body...)
	return b.whole
}

// hexadecimal writes n into all of b.
func hexadecimal(b []byte, n uint64) {
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = "0123456789abcdef"[n&15]
		n >>= 4
	}
}
