package recommend

import (
	"slices"
	"testing"

	"cartwright/fixtures/browsing"
)

// madeUp are so many sessions of a large shop as clicks in the order of their times.
func madeUp(sessions int) []Click {
	var clicks []Click
	for c := range browsing.Clicks(sessions) {
		clicks = append(clicks, Click{Session: SessionKey(c.Session), Item: c.Item, At: c.At, Network: c.Network})
	}
	return clicks
}

// BenchmarkMillion is what the index does with a million sessions on one core: what
// it takes to build, what a click occupies, what an answer takes.
func BenchmarkMillion(b *testing.B) {
	clicks := madeUp(1_000_000)
	x := NewIndex(Limits{})
	// The newest clicks come as they do live, so that there are as many parts as there are live.
	before := len(clicks) - 500_000
	x.Append(clicks[:before]...)
	for batch := range slices.Chunk(clicks[before:], 100) {
		x.Append(batch...)
	}
	b.Run("build", func(b *testing.B) { build(b, clicks) })
	past := pasts(clicks, 8192)
	for _, items := range past {
		x.Blend(Query{Items: items, M: ServingM, K: BlendK, N: 20}, nil) // rows are made before
	}
	b.Run("sessions", func(b *testing.B) { ask(b, x.Neighbours, ServingK, past) })
	b.Run("blend", func(b *testing.B) { ask(b, x.Blend, BlendK, past) })
}
