package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/sessions"
)

// act does one step of a plan.
func (h *play) act(a act) {
	w := h.workers[a.worker]
	switch a.do {
	case "pass":
		h.at.Add(a.after.Milliseconds())
	case "append", "abort", "unheard":
		h.appends(w, a)
	case "again":
		h.again(w, a.n)
	case "detect", "detect-abort":
		w.breaker.armed = a.do == "detect-abort"
		if _, err := w.detect.Detect(context.Background(), h.clock(), cart.Options{Deliver: true}); err != nil && !errors.Is(err, errAborted) {
			h.fail("detect: %w", err)
		}
	case "deliver":
		h.answer(w, a.n)
		if w = h.workers[a.worker]; w.delivery == nil {
			w.begin()
		}
	case "answer":
		h.answer(w, a.n)
	case "echo":
		h.echo(w)
	case "follow":
		h.follow(w)
	case "restart":
		w.finish(reply{status: http.StatusOK})
		w.log.Close()
		h.reopen(a.worker)
	case "kill":
		w.kill()
		h.reopen(a.worker)
	}
	h.lost = append(h.lost, w.breaker.lost...)
	w.breaker.armed, w.breaker.lost = false, nil
}

func (h *play) reopen(worker int) {
	w, err := h.open(h.dbs[worker])
	if err != nil {
		h.fail("open: %w", err)
	}
	h.workers[worker] = w
}

// appends sends new events. Their commit is aborted, or the program killed before
// the sender hears of it, if the act says so.
func (h *play) appends(w *worker, a act) {
	var numbers []int
	for _, s := range a.events {
		numbers = append(numbers, len(h.sent))
		h.sent = append(h.sent, s)
	}
	w.breaker.armed = a.do == "abort"
	h.send(w, numbers, a.n == 0, a.do == "append")
	if a.do == "unheard" {
		w.kill()
		h.reopen(slices.Index(h.workers[:], w))
	}
}

// again sends what was sent before, as a client does that heard no answer, or a
// careless one.
func (h *play) again(w *worker, n int) {
	if len(h.sent) == 0 {
		return
	}
	last := len(h.sent) - 1
	numbers := []int{last - n%len(h.sent)}
	if n%2 == 1 {
		numbers = append(numbers, last, numbers[0])
	}
	h.send(w, numbers, false, true)
}

// send appends events by their numbers and checks the answer.
func (h *play) send(w *worker, numbers []int, spoiled, heard bool) {
	var b sessions.Batch
	var ids []string
	var duplicates []int
	for i, n := range numbers {
		id := fmt.Sprint("m", n)
		b.Events = append(b.Events, h.sent[n].event(id, h.clock()))
		if h.model.heard[id] != 0 || slices.Contains(ids, id) {
			duplicates = append(duplicates, i)
		}
		ids = append(ids, id)
	}
	if spoiled {
		b.Rejected = []sessions.Rejected{{Index: len(numbers), Code: "spoiled", Reason: "for the test"}}
	}
	receipt, err := w.log.Append(context.Background(), b)
	switch {
	case errors.Is(err, errAborted):
		return
	case err != nil:
		h.fail("append: %w", err)
	case !slices.Equal(receipt.Duplicates, duplicates) || receipt.Accepted != len(ids)-len(duplicates):
		h.fail("duplicates: of %v the answer is %+v, not %v", ids, receipt, duplicates)
	}
	h.count.Received += int64(len(b.Events) + len(b.Rejected))
	h.count.Accepted += int64(receipt.Accepted)
	h.count.Duplicates += int64(len(duplicates))
	h.count.Rejected += int64(len(b.Rejected))
	if heard {
		h.acked = append(h.acked, ids...)
	}
}

// answer ends the attempts that a worker has under way.
func (h *play) answer(w *worker, n int) {
	switch n {
	case 2:
		w.finish(reply{status: http.StatusInternalServerError})
	case 3:
		w.finish(reply{err: errors.New("the connection broke")})
	case 4: // it arrives, and that it did is not noted
		w.breaker.armed = true
		w.finish(reply{status: http.StatusOK})
		w.breaker.armed = false
	default:
		w.finish(reply{status: http.StatusOK})
	}
}

// echo appends decisions that were about to be committed when that was aborted,
// and that others made since: what a worker does that believes what it read before.
func (h *play) echo(w *worker) {
	var again []*sessions.Event
	for _, e := range h.lost {
		if e.Kind == sessions.DecisionMade && h.model.echoes(e) {
			fresh := &sessions.Event{Kind: e.Kind, Source: e.Source, Visitor: e.Visitor, Received: e.Received, Occurred: e.Occurred}
			fresh.Data = e.Data
			again = append(again, fresh)
		}
	}
	h.lost = nil
	_, err := w.log.Decide(context.Background(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) { return again, nil })
	if err != nil {
		h.fail("echo: %w", err)
	}
	h.model.echo = true
	h.audit()
	h.model.echo = false
}

// follow writes the sessions to the end of the log.
func (h *play) follow(w *worker) {
	f := sessions.NewFollower(w.db, w.log, nil)
	if err := f.Start(context.Background()); err != nil {
		h.fail("follow: %w", err)
		return
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	// A decision on nothing takes note of what others appended.
	head, err := w.log.Decide(ctx, func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) { return nil, nil })
	if err == nil {
		err = f.WaitFor(ctx, head.Seq)
	}
	if err != nil {
		h.fail("follow: %w", err)
	}
}
