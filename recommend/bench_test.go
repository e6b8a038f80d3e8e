package recommend

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// synthetic makes sessions of three to eight clicks whose items follow Zipf's law
// within themes, at the scale and the rates of a mid-sized shop.
func synthetic(sessions int) []Click {
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 8, 399)
	names := make([]string, 20_000)
	for i := range names {
		names[i] = fmt.Sprintf("product-%d", i)
	}
	var clicks []Click
	for s := range sessions {
		theme := random.IntN(50) * 400
		at := int64(s) * 5000
		for range 3 + random.IntN(6) {
			at += 1000 + random.Int64N(60_000)
			clicks = append(clicks, Click{Session: SessionKey(s + 1), Item: names[theme+int(zipf.Uint64())], Action: Viewed, At: at})
		}
	}
	byTime(clicks)
	return clicks
}

// pasts returns the items of some sessions up to each of their clicks.
func pasts(clicks []Click, n int) [][]string {
	bySession := map[SessionKey][]string{}
	var list [][]string
	for _, c := range clicks[len(clicks)/2:] {
		bySession[c.Session] = append(bySession[c.Session], c.Item)
		past := bySession[c.Session]
		if list = append(list, past[:len(past):len(past)]); len(list) == n {
			break
		}
	}
	return list
}

func BenchmarkNeighbours(b *testing.B) {
	for _, size := range []int{20_000, 200_000} {
		b.Run(fmt.Sprintf("sessions=%d", size), func(b *testing.B) {
			clicks := synthetic(size)
			x := NewIndex(Limits{})
			x.Append(clicks...)
			past := pasts(clicks, 4096)
			b.Run("sessions", func(b *testing.B) { ask(b, x.Neighbours, ServingK, past) })
			b.Run("blend", func(b *testing.B) { ask(b, x.Blend, BlendK, past) })
		})
	}
}

// BenchmarkNeighboursOfRealSessions asks with the test sessions of the sample.
func BenchmarkNeighboursOfRealSessions(b *testing.B) {
	train := rsc15(b, "yoochoose-clicks-100k_train_full.txt.gz")
	x := NewIndex(Limits{})
	x.Append(train...)
	var past [][]string
	for _, items := range bySession(rsc15(b, "yoochoose-clicks-100k_test.txt.gz"), train) {
		for i := 1; i < len(items); i++ {
			past = append(past, items[max(0, i-10):i])
		}
	}
	b.Run("sessions", func(b *testing.B) { ask(b, x.Neighbours, ServingK, past) })
	b.Run("blend", func(b *testing.B) { ask(b, x.Blend, BlendK, past) })
}

func ask(b *testing.B, answer func(Query, []Scored) []Scored, k int, past [][]string) {
	b.ReportAllocs()
	var list []Scored
	i := 0
	for b.Loop() {
		list = answer(Query{Items: past[i%len(past)], M: ServingM, K: k, N: 20}, list[:0])
		i++
	}
}

func BenchmarkPopular(b *testing.B) {
	x := NewIndex(Limits{})
	x.Append(synthetic(200_000)...)
	b.ReportAllocs()
	var list []Scored
	for b.Loop() {
		list = x.Popular(20, nil, list[:0])
	}
}

// BenchmarkViewedTogether asks when all pairings are kept, and when each is counted
// anew, as after a click.
func BenchmarkViewedTogether(b *testing.B) {
	clicks := synthetic(200_000)
	x := NewIndex(Limits{})
	x.Append(clicks...)
	for _, kept := range []int64{keptPairs, 0} {
		b.Run(fmt.Sprintf("kept=%t", kept > 0), func(b *testing.B) {
			x.kept = newKept(kept)
			x.Append(clicks[0])
			b.ReportAllocs()
			var list []Scored
			i := 0
			for b.Loop() {
				list = x.ViewedTogether(clicks[i%len(clicks)].Item, 20, nil, list[:0])
				i++
			}
		})
	}
}

// BenchmarkAppend takes live clicks in time order into a full window, so that
// the price includes what leaves, in calls of one click and of as many as the follower
// of a busy shop takes in at once.
func BenchmarkAppend(b *testing.B) {
	clicks := synthetic(100_000)
	span := clicks[len(clicks)-1].At + 1000
	for _, batch := range []int{1, 50, followBatch} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			x := NewIndex(Limits{Clicks: len(clicks)})
			x.Append(clicks...)
			b.ReportAllocs()
			i, round := 0, int64(1)
			next := make([]Click, batch)
			for b.Loop() {
				for at := range next {
					c := clicks[i]
					c.At += round * span
					c.Session += SessionKey(round * 100_000)
					next[at] = c
					if i++; i == len(clicks) {
						i, round = 0, round+1
					}
				}
				x.Append(next...)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*batch), "ns/click")
		})
	}
}

// BenchmarkBuild is the pass over a log, in clicks; it reports the memory too.
func BenchmarkBuild(b *testing.B) {
	b.Run("synthetic", func(b *testing.B) { build(b, synthetic(100_000)) })
	b.Run("real", func(b *testing.B) {
		clicks := rsc15(b, "yoochoose-clicks-100k_train_full.txt.gz")
		byTime(clicks)
		build(b, clicks)
	})
}

func build(b *testing.B, clicks []Click) {
	var x *Index
	for b.Loop() {
		x = NewIndex(Limits{})
		x.Append(clicks...)
	}
	n := float64(len(clicks))
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/click")
	b.ReportMetric(float64(x.Stats().Bytes)/n, "bytes/click")
}

func byTime(clicks []Click) {
	slices.SortStableFunc(clicks, func(a, b Click) int { return cmp.Compare(a.At, b.At) })
}

// BenchmarkRemove takes sessions out and puts them back at their old times, which
// is the dearest kind of click.
func BenchmarkRemove(b *testing.B) {
	clicks := synthetic(100_000)
	x := NewIndex(Limits{})
	x.Append(clicks...)
	whole := map[SessionKey][]Click{}
	for _, c := range clicks {
		whole[c.Session] = append(whole[c.Session], c)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for b.Loop() {
		s := SessionKey(1 + random.IntN(100_000))
		if !x.Remove(s) {
			b.Fatalf("session %d was not there", s)
		}
		x.Append(whole[s]...)
	}
}
