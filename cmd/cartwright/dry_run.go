package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// dryTick is how often a dry run looks for what is due, by the time of the log.
const dryTick = 5 * time.Minute

// A dryRun plays the log once more into a scratch database, in which recovery is
// switched on at a time with other flows, and lets the detector decide there as
// if it were then. What it sees is what it would have seen: nothing of a later time.
// Imported history counts as if it had been received live.
type dryRun struct {
	scratch  *database.DB
	log      *sessions.Log
	follower *sessions.Follower
	detector *cart.Detector
	rules    cart.Rules
	flows    []flow.Flow
	from     time.Time

	now    time.Time // by the time of the log
	began  bool      // recovery is on
	origin []sessions.Seq
}

// simulate plays the log of db up to its end, deciding from a time on.
func simulate(ctx context.Context, db *database.DB, rules func(*database.DB) cart.Rules, flows []flow.Flow, from time.Time, use func(*dryRun) error) (err error) {
	dir, err := os.MkdirTemp("", "cartwright-dry-run-")
	if err != nil {
		return fmt.Errorf("make a folder for the dry run: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := &dryRun{flows: flows, from: from}
	if r.scratch, err = database.Open(ctx, filepath.Join(dir, "scratch.db"), database.Options{Durability: database.Off}); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.scratch.Close()) }()
	r.rules = rules(r.scratch)
	r.log, err = sessions.OpenLog(ctx, r.scratch, sessions.LogOptions{
		Projections: projections(r.scratch), Now: func() time.Time { return r.now },
	})
	if err != nil {
		return err
	}
	defer r.log.Close()
	r.detector = cart.NewDetector(r.log, r.rules)
	r.follower = sessions.NewFollower(r.scratch, r.log, nil)
	if err := r.follower.Start(ctx); err != nil {
		return err
	}
	defer r.follower.Close()
	err = db.Snapshot(ctx, func(tx *gorm.DB) error {
		return sessions.Chronicle(tx, func(events []*sessions.Event) error { return r.play(ctx, events) })
	})
	if err != nil {
		return err
	}
	return use(r)
}

// play appends events, stopping at each tick between them.
func (r *dryRun) play(ctx context.Context, events []*sessions.Event) error {
	from := 0
	for i, e := range events {
		at := e.Received.Time()
		if at.Before(r.from) {
			r.now = at
			continue
		}
		if r.began && at.Before(r.now.Add(dryTick)) {
			continue
		}
		if err := r.append(ctx, events[from:i]); err != nil {
			return err
		}
		if from = i; !r.began {
			if err := r.begin(ctx); err != nil {
				return err
			}
		}
		for !r.now.Add(dryTick).After(at) {
			if err := r.tick(ctx, r.now.Add(dryTick)); err != nil {
				return err
			}
		}
	}
	return r.append(ctx, events[from:])
}

// begin switches recovery on, with the flows that are tried.
func (r *dryRun) begin(ctx context.Context) error {
	r.now, r.began = r.from, true
	if _, err := r.rules.ChangeFlows(ctx, r.log, cart.ByFile, r.flows, nil, r.now); err != nil {
		return err
	}
	r.played(0)
	return r.own(ctx, sessions.RecoveryEnabled, []byte("{}"), 0)
}

// tick decides on what is due at a time.
func (r *dryRun) tick(ctx context.Context, now time.Time) error {
	r.now = now
	if err := r.follower.WaitFor(ctx, r.log.Head().Seq); err != nil {
		return err
	}
	_, err := r.detector.Detect(ctx, now, cart.Options{Deliver: true})
	r.played(0)
	return err
}

// append appends events as if they arrived now. Of our own only those count that say how
// things are; what we decided is to be decided anew.
func (r *dryRun) append(ctx context.Context, events []*sessions.Event) error {
	var batch []*sessions.Event
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		receipt, err := r.log.Append(ctx, sessions.Batch{Events: batch})
		if err == nil && len(receipt.Rejected) > 0 {
			err = fmt.Errorf("the scratch database refused an event: %s", receipt.Rejected[0].Reason)
		}
		batch = nil
		return err
	}
	for _, e := range events {
		if e.Kind.Own() {
			if !replayed(e.Kind) {
				continue
			}
			if err := flush(); err != nil {
				return err
			}
			if err := r.own(ctx, e.Kind, e.Data, e.Seq); err != nil {
				return err
			}
			continue
		}
		r.played(e.Seq)
		batch = append(batch, asLive(e))
	}
	return flush()
}

// replayed reports whether an event of ours says how things are, not what we made
// of them.
func replayed(k sessions.Kind) bool {
	switch k {
	case sessions.RecoveryEnabled, sessions.DecisionMade, sessions.DeliveryEnded, sessions.FlowsChanged, sessions.WeightsLearned:
		return false
	}
	return true
}

// asLive returns an event as it is appended anew: whose it is and whom it joins is
// found out again.
func asLive(e *sessions.Event) *sessions.Event {
	again := *e
	again.Seq, again.Visitor, again.Joined, again.MessageID = 0, 0, nil, ""
	if again.Source == sessions.Imported {
		again.Source = sessions.Backend
	}
	return &again
}

func (r *dryRun) own(ctx context.Context, kind sessions.Kind, data []byte, origin sessions.Seq) error {
	_, err := r.log.Decide(ctx, func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) {
		e, err := sessions.Own(kind, 0, sessions.MillisOf(r.now), rawJSON(data))
		return []*sessions.Event{e}, err
	})
	r.played(origin)
	return err
}

// rawJSON is content that is JSON already.
type rawJSON []byte

// MarshalJSON returns it.
func (r rawJSON) MarshalJSON() ([]byte, error) { return r, nil }

// played takes down which event of the log the next one of the scratch log is. 0 fills up
// what the detector appended.
func (r *dryRun) played(seq sessions.Seq) {
	if seq != 0 {
		r.origin = append(r.origin, seq)
		return
	}
	for len(r.origin) < int(r.log.Head().Seq) {
		r.origin = append(r.origin, 0)
	}
}

// original returns which event of the log one of the scratch log is, 0 if it is none.
func (r *dryRun) original(scratch int64) int64 {
	if scratch < 1 || int(scratch) > len(r.origin) {
		return 0
	}
	return int64(r.origin[scratch-1])
}
