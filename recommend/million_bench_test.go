package recommend

import (
	"slices"
	"strconv"
	"testing"

	"cartwright/fixtures/browsing"
)

// million is a million sessions of a large shop as clicks in the order of their
// times, the sessions one after another, and the pasts of the last of them.
func million() (clicks []Click, pasts [][]string) {
	names := make([]string, browsing.Items)
	for i := range names {
		names[i] = strconv.Itoa(i)
	}
	const n = 1_000_000
	clicks = make([]Click, 0, 4*n+n/10)
	key, at := SessionKey(0), int64(1_700_000_000_000)
	for items := range browsing.Sessions(n) {
		key++
		from := len(clicks)
		for _, item := range items {
			at += 1500
			clicks = append(clicks, Click{Session: key, Item: names[item], At: at})
		}
		if key > n-20_000 {
			past := make([]string, 0, len(items))
			for _, c := range clicks[from:] {
				past = append(past, c.Item)
				pasts = append(pasts, past[:len(past):len(past)])
			}
		}
	}
	return clicks, pasts
}

// BenchmarkMillion is what the index does with a million sessions on one core: what
// it takes to build, what a click occupies, what an answer takes.
func BenchmarkMillion(b *testing.B) {
	clicks, pasts := million()
	x := NewIndex(Limits{})
	// The newest clicks come as they do live, so that there are as many parts as there are live.
	for batch := range slices.Chunk(clicks[len(clicks)-500_000:], 100) {
		if x.live == 0 {
			x.Append(clicks[:len(clicks)-500_000]...)
		}
		x.Append(batch...)
	}
	b.Run("build", func(b *testing.B) { build(b, clicks) })
	pasts = pasts[len(pasts)-8192:]
	for _, past := range pasts {
		x.Blend(Query{Items: past, M: ServingM, K: BlendK, N: 20}, nil) // rows are made before
	}
	b.Run("sessions", func(b *testing.B) { ask(b, x.Neighbours, ServingK, pasts) })
	b.Run("blend", func(b *testing.B) { ask(b, x.Blend, BlendK, pasts) })
	b.Run("append", func(b *testing.B) { appendLive(b, x, clicks) })
}

// appendLive adds clicks by five hundred, of thirty shoppers at a time.
func appendLive(b *testing.B, x *Index, like []Click) {
	last, n := like[len(like)-1], 0
	batch := make([]Click, followBatch)
	for b.Loop() {
		for i := range batch {
			n++
			batch[i] = Click{Session: last.Session + 1 + SessionKey(n/120*30+n%30), Item: like[n*7919%len(like)].Item, At: last.At + int64(50*n)}
		}
		x.Append(batch...)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(batch)), "ns/click")
}
