package sessions

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"cartwright/sessions/database"
)

// Batch is what one sender wants appended.
type Batch struct {
	// Events get their Seq and Visitor by Append; where Received is 0, it is set
	// to now, and an Occurred of 0 or in the future to Received.
	Events []*Event

	// Rejected are items that were refused before, to be kept aside and counted
	// in the same transaction.
	Rejected []Rejected

	// Format is empty for most live events. The hashes of others are kept for good
	// under its name: those of an imported file's format, and those of what a shop's
	// platform tells of orders.
	Format string

	// Patience is how long the batch waits for its turn, which on a log that keeps up
	// is no time at all; then Append answers context.DeadlineExceeded, and nothing of it is
	// taken. 0 means as long as it takes.
	Patience time.Duration
}

// Rejected is an item that was refused, and why.
type Rejected struct {
	Index  int    `json:"index"` // its place among the items of the request
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Body   []byte `json:"-"` // the item; the first 2 KB are kept
}

// Receipt says what became of a batch. Accepted, duplicates and rejected
// together are all items of it.
type Receipt struct {
	Seq        Seq        // the end of the log once the batch was in it
	Accepted   int        // events now in the log
	Duplicates []int      // indexes of events whose message id was known already
	Rejected   []Rejected // events the database refused; Index counts in Batch.Events
}

// request is a batch that waits for its commit.
type request struct {
	batch   Batch
	bodies  [][]byte
	receipt Receipt
	done    chan error
}

// unit is one event of a request, the smallest thing that is committed.
type unit struct {
	request *request
	index   int
}

func (u unit) event() *Event { return u.request.batch.Events[u.index] }

// unitsPerCommit bounds one transaction: enough that the wait for the disk
// vanishes among the rows, little enough that nobody waits long behind it.
const unitsPerCommit = 5000

// Append adds events to the log. When it returns nil, they are on disk, and with
// them all projections. After an error nothing is known to be committed, and the
// same batch may be sent again: message ids keep it from counting twice. Cost:
// one row an event, and its share of a commit.
func (l *Log) Append(ctx context.Context, b Batch) (Receipt, error) {
	r := &request{batch: b, bodies: make([][]byte, len(b.Events)), done: make(chan error, 1)}
	now := MillisOf(l.options.Now())
	for i, e := range b.Events {
		e.setTimes(now)
		e.Joined, e.Renamed = nil, false // of an attempt that failed
		body, err := storedBody(e)
		if err != nil {
			return Receipt{}, err
		}
		r.bodies[i] = body
	}
	if err := l.enqueue(ctx, r); err != nil {
		return Receipt{}, err
	}
	select {
	case err := <-r.done:
		return r.receipt, err
	case <-l.stopped:
	}
	select {
	case err := <-r.done: // committed on closing
		return r.receipt, err
	default:
		return Receipt{}, ErrClosed
	}
}

// enqueue gives a request its place in the queue.
func (l *Log) enqueue(ctx context.Context, r *request) error {
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case l.queue <- r:
		return nil
	default: // it is full: only then a timer is worth its price
	}
	if r.batch.Patience > 0 {
		patient, cancel := context.WithTimeout(ctx, r.batch.Patience)
		defer cancel()
		ctx = patient
	}
	select {
	case <-l.closing:
		return ErrClosed
	case l.queue <- r:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (e *Event) setTimes(now Millis) {
	if e.Received == 0 {
		e.Received = now
	}
	if e.Occurred == 0 || e.Occurred > e.Received {
		e.Occurred = e.Received
	}
}

// run commits what is queued until the log is closed and the queue empty.
func (l *Log) run() {
	defer close(l.stopped)
	for {
		select {
		case r := <-l.queue:
			l.commitGroup(l.gather(r))
		case <-l.closing:
			select {
			case r := <-l.queue:
				l.commitGroup(l.gather(r))
			default:
				return
			}
		}
	}
}

// gather takes along what else is queued, and what is about to be: on a busy machine
// those whose answers just went out come back within the time that others need anyway,
// and a commit of twice as many costs little more. On an idle one nothing is waited for.
func (l *Log) gather(r *request) []*request {
	for known := -1; len(l.queue) > known; {
		known = len(l.queue)
		runtime.Gosched() // as long as this brings more
	}
	group, n := []*request{r}, len(r.batch.Events)
	for n < unitsPerCommit {
		select {
		case r := <-l.queue:
			group, n = append(group, r), n+len(r.batch.Events)
		default:
			return group
		}
	}
	return group
}

// commitGroup commits requests together and answers them.
func (l *Log) commitGroup(group []*request) {
	var units []unit
	for _, r := range group {
		for i := range r.batch.Events {
			units = append(units, unit{r, i})
		}
	}
	if acknowledgeEarly {
		answer(group, 0, nil)
	}
	l.mu.Lock()
	err := l.commitUnits(units, group)
	seq := l.known.Seq
	l.mu.Unlock()
	if errors.Is(err, context.DeadlineExceeded) {
		group = append(group, l.waiting()...) // the next commit would take as long, and their senders do not wait for ever
	}
	if !acknowledgeEarly {
		answer(group, seq, err)
	}
}

// waiting takes all requests out of the queue.
func (l *Log) waiting() (requests []*request) {
	for {
		select {
		case r := <-l.queue:
			requests = append(requests, r)
		default:
			return requests
		}
	}
}

// answer tells those who wait what became of their batches.
func answer(group []*request, seq Seq, err error) {
	for _, r := range group {
		r.receipt.Seq = seq
		r.done <- err
	}
}

// commitUnits commits units and the rejected items of requests. If the database
// refuses the data, the units are halved until the culprit stands alone and is
// rejected.
func (l *Log) commitUnits(units []unit, requests []*request) error {
	err := l.commit(units, requests)
	if err == nil || !database.IsData(err) || len(units) == 0 {
		return err
	}
	if len(units) > 1 {
		half := len(units) / 2
		if err := l.commitUnits(units[:half], requests); err != nil {
			return err
		}
		return l.commitUnits(units[half:], nil)
	}
	u := units[0]
	refused := Rejected{
		Index: u.index, Code: "refused_by_database", Body: u.request.bodies[u.index],
		Reason: fmt.Sprintf("the database cannot store this event: %v", err),
	}
	if err := l.commit(nil, append(requests, &request{batch: Batch{Rejected: []Rejected{refused}}})); err != nil {
		return err
	}
	u.request.receipt.Rejected = append(u.request.receipt.Rejected, refused)
	return nil
}
