package jobs

import (
	"context"
	"fmt"
	"sync"

	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// rounds is how often a worker takes what is due for its endpoint before it makes
// room; the next run starts another.
const rounds = 64

// work sends what is due for an endpoint, a few messages at a time, until nothing
// is, the lease is lost, or deliveries are paused otherwise than they were. A
// mistake of ours in it ends this worker, not the program.
func (d *Delivery) work(id EndpointID, lease database.Lease, pause sessions.Millis) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("deliver to endpoint %d: panic: %v", id, p)
		}
	}()
	for range rounds {
		if d.closing() {
			return nil
		}
		c, err := d.claim(d.base, id, lease, pause)
		if err != nil {
			return err
		}
		d.tally(c.ended)
		d.count("held", c.held)
		if len(c.attempts) == 0 && len(c.ended) == 0 && c.held == 0 {
			return nil
		}
		if err := d.sendAll(lease, c.attempts); err != nil {
			return err
		}
	}
	return nil
}

// sendAll makes the attempts, all at once, and notes their outcomes.
func (d *Delivery) sendAll(lease database.Lease, attempts []attempt) error {
	if len(attempts) == 0 {
		return nil
	}
	var group sync.WaitGroup
	for i := range attempts {
		a := &attempts[i]
		group.Go(func() { a.outcome, a.made = d.attempt(*a) })
	}
	group.Wait()
	// Noted also when everything is to end: an outcome not noted is a message sent twice.
	ended, err := d.settle(context.WithoutCancel(d.base), lease, attempts)
	if err != nil {
		return err
	}
	d.tally(ended)
	d.count("attempts", int64(len(attempts)))
	return nil
}

// attempt makes an attempt, unless its claim could run out before it ends, as when this process
// slept: somebody else may have the message then, or an order may stand against it. made says that
// the outcome is the endpoint's doing. A mistake of ours in it ends the attempt, to be made again, not
// the program.
func (d *Delivery) attempt(a attempt) (outcome webhook.Outcome, made bool) {
	defer func() {
		if p := recover(); p != nil {
			outcome, made = webhook.Outcome{Result: webhook.Retry, Reason: fmt.Sprintf("panic: %v", p)}, false
		}
	}()
	now := d.now()
	if sessions.MillisOf(now.Add(webhook.Timeout)) > sessions.Millis(a.row.NextAttemptAt) {
		return webhook.Outcome{Result: webhook.Retry, Reason: "the attempt was not begun in time"}, false
	}
	outcome = d.sender.Send(d.base, a.message, now)
	return outcome, outcome.Result == webhook.Delivered || d.base.Err() == nil
}

// tally counts the ends of deliveries by their outcome.
func (d *Delivery) tally(ended []Ended) {
	for _, e := range ended {
		d.count(e.Outcome, 1)
	}
}
