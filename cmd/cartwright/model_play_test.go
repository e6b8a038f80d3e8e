package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"cartwright/cart/flow"
	"cartwright/jobs"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// broken is what a control leaves out.
type broken struct {
	recheck bool // whether an order came is not asked before an attempt
	keys    bool // triggers and decisions have no unique keys
}

// play plays one history with two workers over a database, and compares them with
// the model all the way.
type play struct {
	flow    flow.Flow
	broken  broken
	dbs     [2]*database.DB
	workers [2]*worker
	at      atomic.Int64 // the clock, in milliseconds

	model *model
	heard sessions.Seq // how far the model has heard the log
	sent  []sketch     // by the number in their message ids
	lost  []*sessions.Event
	count sessions.Ingest

	mu     sync.Mutex // guards what follows
	claims []claim    // not compared yet
	posted map[string]*posted
	acked  []string
	met    map[string]bool // what came to be
	err    error           // the first thing that was wrong
}

// posted is what the shop's server knows of a message.
type posted struct {
	open    []*flight
	arrived bool // it answered 200
	times   int
	noted   bool // and the worker noted that
}

// newPlay prepares a history on an empty shop. Both handles are of one database.
func newPlay(dbs [2]*database.DB, b broken) (*play, error) {
	f := flow.New(time.Hour, 24*time.Hour)
	h := &play{flow: f, broken: b, dbs: dbs, posted: map[string]*posted{}, met: map[string]bool{},
		model: newModel(f.Wait.Milliseconds(), f.Active.Milliseconds(), f.MaximumAge.Milliseconds())}
	h.at.Store(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC).UnixMilli())
	if err := wipe(dbs[0], h.clock()); err != nil {
		return nil, err
	}
	for i := range h.workers {
		var err error
		if h.workers[i], err = h.open(dbs[i]); err != nil {
			return nil, err
		}
	}
	_, err := h.workers[0].log.Decide(context.Background(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(sessions.RecoveryEnabled, 0, sessions.MillisOf(h.clock()), struct{}{})
		return []*sessions.Event{e}, err
	})
	return h, err
}

// clock is the time of all workers.
func (h *play) clock() time.Time { return time.UnixMilli(h.at.Load()).UTC() }

// fail notes what is wrong, unless something was before. The words before the
// colon name the property.
func (h *play) fail(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err == nil {
		h.err = fmt.Errorf(format, args...)
	}
}

func (h *play) failed() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err
}

// note keeps a claim until the model has heard as much as the worker had.
func (h *play) note(c claim) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims = append(h.claims, c)
}

// sends checks that a message may be under way now.
func (h *play) sends(f *flight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.posted[f.trigger]
	if p == nil {
		p = &posted{}
		h.posted[f.trigger] = p
	}
	for _, other := range p.open {
		if f.begun.Sub(other.begun) < jobs.ClaimTimeout && h.err == nil {
			h.err = fmt.Errorf("webhooks: %s is under way twice", f.trigger)
		}
	}
	if p.noted && h.err == nil {
		h.err = fmt.Errorf("webhooks: %s is sent again, although it was noted that it arrived", f.trigger)
	}
	p.open = append(p.open, f)
}

// settled takes note of how an attempt ended.
func (h *play) settled(f *flight, arrived, noted bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.posted[f.trigger]
	p.open = slices.DeleteFunc(p.open, func(other *flight) bool { return other == f })
	p.arrived, p.noted = p.arrived || arrived, p.noted || arrived && noted
	if arrived {
		p.times++
	}
}

// audit lets the model hear what is new in the log, and compares what was claimed
// meanwhile with what it would have said at the same place.
func (h *play) audit() {
	events, err := sessions.ReadEvents(h.dbs[0].Read(context.Background()), h.heard, 100_000)
	if err != nil {
		h.fail("read the log: %w", err)
	}
	for _, e := range events {
		h.compare(e.Seq - 1)
		if e.Seq != h.heard+1 {
			h.fail("once in the log: event %d follows %d", e.Seq, h.heard)
		}
		if err := h.model.hear(e); err != nil {
			h.fail("%w", err)
		}
		h.heard = e.Seq
	}
	h.compare(h.heard)
}

// compare checks the claims that knew the log up to a seq.
func (h *play) compare(seq sessions.Seq) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.claims = slices.DeleteFunc(h.claims, func(c claim) bool {
		if c.seen > seq {
			return false
		}
		want := h.model.verdict(c.trigger, c.now.UnixMilli())
		h.met[map[string]string{"trigger": "told", "suppress": "not told", "hold": "told later"}[want]] = true
		if want != string(c.verdict) && h.err == nil {
			h.err = fmt.Errorf("attempts: of %s at %d the verdict is %q, not %q", c.trigger, c.seen, c.verdict, want)
		}
		if h.model.over[c.trigger] && h.err == nil {
			h.err = fmt.Errorf("webhooks: %s is claimed at %d, after its end", c.trigger, c.seen)
		}
		return true
	})
}

// play does what a plan says.
func (h *play) play(p plan) error {
	for i, a := range p {
		h.act(a)
		h.audit()
		if a.do == "detect" {
			if c := h.model.undecided(h.at.Load()); c != nil {
				h.fail("decisions: cart %d is due and was not decided", c.id)
			}
		}
		if err := h.failed(); err != nil {
			h.end()
			return fmt.Errorf("act %d: %w", i, err)
		}
	}
	h.settle()
	h.end()
	return h.failed()
}
