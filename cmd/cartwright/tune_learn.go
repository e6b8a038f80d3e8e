package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cartwright/recommend"
	"cartwright/recommend/evaluate"
)

// usualLast is what a shop learns from and tests on that has a longer past.
const usualLast = 14 * 24 * time.Hour

// lately is what suits the log: two weeks, or less if those were more than the newest
// quarter of all sessions, so that there is something to know.
func (h shopHistory) lately() time.Duration { return min(usualLast, h.newestPart(4)) }

// newestPart is how long ago the newest of so many equal parts of all sessions began, in
// whole hours or minutes if it is as long.
func (h shopHistory) newestPart(parts int) time.Duration {
	if len(h.sessions) == 0 {
		return 0
	}
	began := lastClick(h.sessions[len(h.sessions)*(parts-1)/parts])
	last := time.Duration(h.newest()-began) * time.Millisecond
	for _, unit := range []time.Duration{time.Hour, time.Minute} {
		if last >= unit {
			return last.Truncate(unit)
		}
	}
	return last
}

// before returns how many sessions had ended so long before the newest one.
func (h shopHistory) before(last time.Duration) int { return h.until(h.newest() - last.Milliseconds()) }

// thirds splits the sessions: those before from are known, those before test teach, and
// the others, the last third of the time, test.
func (h shopHistory) thirds(last time.Duration) (from, test int) {
	return h.before(last), h.before(last / 3)
}

// lessons are what the sessions of a time teach.
func (h shopHistory) lessons(last time.Duration) []recommend.Lesson {
	from, test := h.thirds(last)
	return recommend.Lessons(itemsOf(h.sessions[from:test]))
}

// learn tunes on two thirds of a time, knowing what was before, and compares on the
// last third.
func (h shopHistory) learn(ctx context.Context, last time.Duration) (r tuneResult, err error) {
	if r.Reason = h.hindrance(last); r.Reason != "" {
		return r, nil
	}
	from, test := h.thirds(last)
	index := recommend.NewIndex(h.window)
	index.Append(slices.Concat(h.sessions[:from]...)...)
	tuned, learned, err := index.Tune(ctx, recommend.DefaultWeights(), h.lessons(last))
	if err != nil {
		return r, err
	}
	if learned == 0 {
		r.Reason = "Nothing can be learned: what came next was never among what the sessions before would have recommended."
		return r, nil
	}
	r.Weights, r.Lessons = tuned.Named(), learned
	e, err := h.evaluation(test, evaluate.Options{})
	if errors.Is(err, evaluate.ErrNothing) {
		r.Reason = fmt.Sprintf("Nothing can be tested: %v.", err)
		return r, nil
	}
	if err != nil {
		return r, err
	}
	return h.compare(ctx, e, tuned, r)
}

// compare measures the weights in use and those that were learned.
func (h shopHistory) compare(ctx context.Context, e *evaluate.Evaluation, tuned recommend.Weights, r tuneResult) (tuneResult, error) {
	for _, side := range []struct {
		weights recommend.Weights
		figures **recommend.Figures
	}{{h.weights, &r.Before}, {tuned, &r.After}} {
		m, err := e.Measure(ctx, evaluate.BlendWith(side.weights), func() {})
		if err != nil {
			return r, err
		}
		*side.figures = &recommend.Figures{Predictions: m.Predictions, HitRate: m.HR20, MRR: m.MRR20}
	}
	if r.Kept = r.After.Better(*r.Before); !r.Kept {
		r.Reason = "They are not better."
	}
	return r, nil
}

// hindrance says why nothing can be learned in a time, and what to do; "" if it can.
func (h shopHistory) hindrance(last time.Duration) string {
	if from, _ := h.thirds(last); from == 0 {
		return fmt.Sprintf("No session had ended before the last %s, so there is nothing to know: %s.", brief(last), h.advice())
	}
	if n := len(h.lessons(last)); n < recommend.TuneAtLeast {
		return fmt.Sprintf("The last %s have too few steps to learn from, %d, less than %s: %s.",
			brief(last), n, thousands(recommend.TuneAtLeast), h.advice())
	}
	return ""
}

// advice names a time that would do, if there is one in the newest half of the sessions.
func (h shopHistory) advice() string {
	for _, last := range []time.Duration{h.lately(), h.newestPart(4), h.newestPart(2)} {
		if from, _ := h.thirds(last); from > 0 && len(h.lessons(last)) >= recommend.TuneAtLeast {
			return "--last " + brief(last) + " would do"
		}
	}
	return "more sessions must come first"
}

// shorter names a time before which something happened, if there is one.
func (h shopHistory) shorter() string {
	if last := h.lately(); last > 0 && h.before(last) > 0 {
		return "give a shorter time, such as --last " + brief(last)
	}
	return "more sessions must come first"
}

// itemsOf are the items of sessions.
func itemsOf(list [][]recommend.Click) [][]string {
	items := make([][]string, len(list))
	for i, clicks := range list {
		for _, c := range clicks {
			items[i] = append(items[i], c.Item)
		}
	}
	return items
}
