package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// errAborted is a commit that failed.
var errAborted = errors.New("the commit was aborted")

// breaker is a projection that aborts the commit while it is armed, and remembers
// what was to be committed.
type breaker struct {
	armed bool
	lost  []*sessions.Event
}

func (*breaker) Tables() []sessions.Table { return nil }

func (b *breaker) Apply(_ *gorm.DB, events []*sessions.Event) error {
	if !b.armed {
		return nil
	}
	b.lost = append(b.lost, events...)
	return errAborted
}

// A claim is what a worker decided of a trigger in the transaction that starts its
// attempt, and what it knew.
type claim struct {
	trigger string
	seen    sessions.Seq // the end of the log
	now     time.Time
	verdict cart.Outcome
}

// A flight is a message on its way, and the answer that it waits for.
type flight struct {
	trigger string
	begun   time.Time
	answer  chan reply
}

// reply is how an attempt ends.
type reply struct {
	status int
	err    error
}

// worker is all of the program that takes part, over one database, like a process
// of its own. Killed, it never says another word to the database.
type worker struct {
	h       *play
	db      *database.DB
	breaker *breaker
	log     *sessions.Log
	detect  *cart.Detector
	cart.Messages

	dead     atomic.Bool
	delivery *jobs.Delivery // under way
	ended    chan struct{}  // closes with it
	arrivals chan *flight

	mu      sync.Mutex
	begun   map[string]time.Time // messages of this delivery, and when their attempts began
	flights []*flight
}

// open starts a worker over a database.
func (h *play) open(db *database.DB) (*worker, error) {
	w := &worker{h: h, db: db, breaker: &breaker{}, Messages: cart.NewMessages(cart.RulesOf(h.flow))}
	var err error
	w.log, err = sessions.OpenLog(context.Background(), db, sessions.LogOptions{
		Projections: append(projections(db), w.breaker), Now: h.clock,
	})
	w.detect = cart.NewDetector(w.log, cart.RulesOf(h.flow))
	return w, err
}

// now is the worker's clock. That of a dead one has stopped: whatever it is about
// to write never comes to be.
func (w *worker) now() time.Time {
	if w.dead.Load() {
		panic("the process was killed")
	}
	return w.h.clock()
}

// Recheck asks as the program does, and notes the answer; without it if the test
// is to show what comes of that.
func (w *worker) Recheck(tx *gorm.DB, t cart.Trigger, now sessions.Millis, sending []string) (cart.Verdict, error) {
	head, err := sessions.ReadHead(tx)
	if err != nil {
		return cart.Verdict{}, err
	}
	v := cart.Verdict{Outcome: cart.Fire}
	if !w.h.broken.recheck {
		if v, err = w.Messages.Recheck(tx, t, now, sending); err != nil {
			return v, err
		}
	}
	w.h.note(claim{t.ID, head.Seq, now.Time(), v.Outcome})
	return v, nil
}

// Message notes that an attempt begins.
func (w *worker) Message(tx *gorm.DB, t cart.Trigger) (cart.Message, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun[t.ID] = w.h.clock()
	return w.Messages.Message(tx, t)
}

// RoundTrip is the network: a message arrives and waits for its answer.
func (w *worker) RoundTrip(q *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(q.Body)
	id := q.Header.Get("Webhook-Id")
	if !strings.Contains(string(body), `"trigger_id":"`+id+`"`) {
		w.h.fail("webhooks: %s says %s", id, body)
	}
	w.mu.Lock()
	f := &flight{id, w.begun[id], make(chan reply, 1)}
	w.mu.Unlock()
	w.arrivals <- f
	a := <-f.answer
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: http.NoBody}, nil
}

// begin claims what is due and returns when its messages are under way, or when
// there are none.
func (w *worker) begin() {
	w.begun, w.arrivals, w.ended = map[string]time.Time{}, make(chan *flight, 64), make(chan struct{})
	w.delivery = jobs.NewDelivery(jobs.DeliveryOptions{
		Database: w.db, Log: w.log, Triggers: cart.NewStore(w.db), Messages: w,
		Sender: webhook.NewSender(webhook.Options{Transport: w}), Now: w.now,
	})
	go func(d *jobs.Delivery, ended chan struct{}) {
		defer close(ended)
		if _, err := d.Run(context.Background(), w.h.clock(), database.Lease{}); err != nil && !w.dead.Load() && !errors.Is(err, errAborted) {
			w.h.fail("deliver: %v", err)
		}
		d.Close(context.Background())
	}(w.delivery, w.ended)
	w.gather()
}

// gather waits until all messages of the claim have arrived, or the delivery ended.
func (w *worker) gather() {
	for {
		select {
		case f := <-w.arrivals:
			w.flights = append(w.flights, f)
			w.h.sends(f)
			w.mu.Lock()
			all := len(w.flights) == len(w.begun)
			w.mu.Unlock()
			if all {
				return
			}
		case <-w.ended:
			w.delivery = nil
			return
		}
	}
}

// finish answers the messages under way, and those of further claims, until the
// delivery ends.
func (w *worker) finish(a reply) {
	for w.delivery != nil {
		answered := w.flights
		w.mu.Lock()
		w.flights, w.begun = nil, map[string]time.Time{}
		w.mu.Unlock()
		for _, f := range answered {
			f.answer <- a
		}
		w.gather()
		for _, f := range answered {
			w.h.settled(f, a.status == http.StatusOK, !w.dead.Load() && !w.breaker.armed)
		}
	}
}

// kill ends the process at once: what is under way is lost.
func (w *worker) kill() {
	w.dead.Store(true)
	w.finish(reply{err: io.ErrUnexpectedEOF})
	w.log.Close() // lets go of memory alone
}
