package main

import (
	"context"
	"errors"
	"time"

	"cartwright/fixtures/browsing"
	"cartwright/recommend"
)

// What the index is measured with.
const (
	indexSessions = 1_000_000
	indexAsked    = 4096                   // different questions
	indexRun      = 400 * time.Millisecond // of each kind of question
	indexLive     = 20_000                 // clicks a second beside them
	indexBatch    = 500                    // clicks at once, as the follower of a busy shop takes them in
	indexBatches  = 400
)

// indexFigures are what the index alone reaches with a million sessions, asked by one
// goroutine: what its core would answer.
type indexFigures struct {
	Sessions   int     `json:"sessions"`
	Clicks     int     `json:"clicks"`
	Build      int64   `json:"build_ms"`
	Bytes      float64 `json:"bytes_per_click"` // without what is kept of answers
	Append     float64 `json:"append_us_per_click"`
	Neighbours float64 `json:"neighbours_per_second"`
	Beside     float64 `json:"neighbours_beside_clicks"` // of that, while 20,000 clicks a second come
	Blends     float64 `json:"blends_per_second"`
}

// measureIndex builds an index, adds to it as live traffic does, and asks it.
func measureIndex(ctx context.Context) (*indexFigures, error) {
	var clicks []recommend.Click
	for c := range browsing.Clicks(indexSessions) {
		clicks = append(clicks, recommend.Click{Session: recommend.SessionKey(c.Session), Item: c.Item, At: c.At, Network: c.Network})
	}
	asked := pastsOf(clicks)
	var x *recommend.Index
	f := &indexFigures{}
	for range 2 { // the first one waits for memory that the process has not touched yet
		x = recommend.NewIndex(recommend.Limits{})
		began := time.Now()
		x.Append(clicks...)
		f.Build = time.Since(began).Milliseconds()
	}
	live := liveClicks(clicks)
	began := time.Now()
	for range indexBatches {
		x.Append(live()...)
	}
	f.Append = round(float64(time.Since(began).Nanoseconds())/indexBatches/indexBatch/10) / 100
	stats := x.Stats()
	f.Sessions, f.Clicks, f.Bytes = stats.Sessions, stats.Clicks, tenth(float64(stats.Bytes)/float64(stats.Clicks))

	for _, past := range asked { // so that rows are there
		x.Blend(recommend.Query{Items: past, M: recommend.ServingM, K: recommend.BlendK, N: 20}, nil)
	}
	f.Blends = round(asked.ask(x.Blend, recommend.BlendK))
	f.Neighbours = round(asked.ask(x.Neighbours, recommend.ServingK))
	stop := every(time.Second*indexBatch/indexLive, func() error {
		x.Append(live()...)
		return nil
	})
	f.Beside = ratio(asked.ask(x.Neighbours, recommend.ServingK), f.Neighbours)
	return f, errors.Join(stop(), ctx.Err())
}

// pasts are what shoppers looked at in the middle of their sessions.
type pasts [][]string

// pastsOf returns the pasts of the first sessions in the later half of clicks.
func pastsOf(clicks []recommend.Click) (list pasts) {
	session, past := recommend.SessionKey(0), []string(nil)
	for _, c := range clicks[len(clicks)/2:] {
		if c.Session != session {
			session, past = c.Session, nil
		}
		past = append(past, c.Item)
		if list = append(list, past[:len(past):len(past)]); len(list) == indexAsked {
			break
		}
	}
	return list
}

// ask asks for a time and returns how many questions were answered a second.
func (p pasts) ask(answer func(recommend.Query, []recommend.Scored) []recommend.Scored, k int) float64 {
	var list []recommend.Scored
	began, n := time.Now(), 0
	for time.Since(began) < indexRun {
		for range 64 {
			list = answer(recommend.Query{Items: p[n%len(p)], M: recommend.ServingM, K: k, N: 20}, list[:0])
			n++
		}
	}
	return float64(n) / time.Since(began).Seconds()
}

// liveClicks returns the next clicks of shoppers of whom thirty are in the shop at a time.
func liveClicks(like []recommend.Click) func() []recommend.Click {
	last := like[len(like)-1]
	batch, n := make([]recommend.Click, indexBatch), 0
	return func() []recommend.Click {
		for i := range batch {
			n++
			as := &like[n*7919%len(like)]
			batch[i] = recommend.Click{
				Session: last.Session + 1 + recommend.SessionKey(n/120*30+n%30), Item: as.Item, At: last.At + int64(50*n), Network: as.Network,
			}
		}
		return batch
	}
}
