package sessions

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// commitTimeout bounds one transaction: a database that takes longer is away.
const commitTimeout = 10 * time.Second

// A commit is one transaction of the log while it is made. Nothing of it
// reaches the log's memory before it is durable.
type commit struct {
	head       Head
	at         Millis
	events     []*Event
	rows       []eventRow
	hashes     map[string][]uint64 // by format
	duplicates []unit
	accepted   []unit
	rejected   []Rejected
	enrolment  *enrolment
}

// Committed is what one transaction of the log came to.
type Committed struct {
	Accepted, Duplicates, Rejected int // items of requests; none of a decision

	Duration time.Duration // from asking for the one place to write to the answer that all is on disk
	Sync     time.Duration // the last part of it, in which the database brings it to the disk
}

// commit writes units and the rejected items of requests in one transaction.
// The caller holds mu. After an error the log trusts nothing it remembers.
func (l *Log) commit(units []unit, requests []*request) error {
	var c *commit
	done, err := l.transact(func(tx *gorm.DB, head Head) (err error) {
		c = &commit{head: head, at: MillisOf(l.options.Now()), hashes: map[string][]uint64{}}
		for _, r := range requests {
			c.rejected = append(c.rejected, r.batch.Rejected...)
		}
		if err := l.stage(tx, c, units); err != nil {
			return err
		}
		if err := l.write(tx, c); err != nil {
			return err
		}
		return c.count(tx)
	})
	if err != nil {
		return err
	}
	l.publish(c)
	done.Accepted, done.Duplicates, done.Rejected = len(c.accepted), len(c.duplicates), len(c.rejected)
	l.options.Observe(done)
	for _, u := range c.accepted {
		u.request.receipt.Accepted++
	}
	for _, u := range c.duplicates {
		u.request.receipt.Duplicates = append(u.request.receipt.Duplicates, u.index)
	}
	return nil
}

// transact runs f in a transaction that holds the head, after what other
// processes added was taken note of. It measures what it took.
func (l *Log) transact(f func(tx *gorm.DB, head Head) error) (done Committed, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), commitTimeout)
	defer cancel()
	began, ended := time.Now(), time.Time{}
	err = l.db.Write(ctx, func(tx *gorm.DB) error {
		head, err := lockHead(tx)
		if err != nil {
			return err
		}
		if err := l.catchUp(tx, head); err != nil {
			return err
		}
		err = f(tx, head)
		ended = time.Now()
		return err
	})
	if err != nil {
		l.sure = false
		return Committed{}, err
	}
	now := time.Now()
	return Committed{Duration: now.Sub(began), Sync: now.Sub(ended)}, nil
}

// catchUp makes the log's memory right for a head that others may have moved.
func (l *Log) catchUp(tx *gorm.DB, head Head) error {
	if l.sure && head == l.known {
		return nil
	}
	l.directory.forget()
	for format := range l.windows {
		if err := l.loadHashes(tx, format, l.known.Seq); err != nil {
			return err
		}
	}
	if head != l.known {
		l.tail.skip(head)
	}
	l.known, l.sure = head, true
	return nil
}

// stage drops duplicates and gives the other units their seqs, visitors and rows.
func (l *Log) stage(tx *gorm.DB, c *commit, units []unit) error {
	staged := map[uint64]bool{}
	for _, u := range units {
		duplicate, err := l.seen(tx, c, u, staged)
		if err != nil {
			return err
		}
		if duplicate {
			c.duplicates = append(c.duplicates, u)
			continue
		}
		c.take(u.event())
		c.accepted = append(c.accepted, u)
	}
	if err := l.enrol(tx, c); err != nil {
		return err
	}
	for i, u := range c.accepted {
		body := u.request.bodies[u.index]
		if e := c.events[i]; len(e.Joined) > 0 || e.Renamed {
			var err error
			if body, err = encodeBody(e); err != nil {
				return err
			}
		}
		c.rows = append(c.rows, rowOf(c.events[i], body))
	}
	return nil
}

// seen reports whether one of u's message ids is known, and takes note of them if not.
func (l *Log) seen(tx *gorm.DB, c *commit, u unit, staged map[uint64]bool) (bool, error) {
	e, format := u.event(), u.request.batch.Format
	if e.MessageID == "" {
		return false, nil
	}
	if l.windows[format] == nil {
		if err := l.loadWindow(tx, format); err != nil {
			return false, err
		}
	}
	h := l.key.hash(string(e.Source)+format, e.MessageID)
	if staged[h] || l.windows[format].has(h) {
		return true, nil
	}
	if e.Also != "" {
		also := l.key.hash(string(e.Source)+format, e.Also)
		if staged[also] || l.windows[format].has(also) {
			return true, nil
		}
		staged[also] = true
		c.hashes[format] = append(c.hashes[format], also)
	}
	staged[h] = true
	c.hashes[format] = append(c.hashes[format], h)
	return false, nil
}

// take puts e at the end of the log.
func (c *commit) take(e *Event) {
	c.head.Seq++
	if !e.Kind.Own() { // a dry decision as of next year must not stand for what arrived
		c.head.Newest = max(c.head.Newest, e.Received)
	}
	e.Seq, e.Joined, e.Renamed = c.head.Seq, nil, false
	if !e.Kind.Own() {
		e.Visitor = 0
	}
	c.events = append(c.events, e)
}

// enrol resolves the visitors of the commit's events and saves what changed.
func (l *Log) enrol(tx *gorm.DB, c *commit) (err error) {
	if c.enrolment, err = l.directory.enrol(tx, c.events); err != nil {
		return err
	}
	for _, e := range c.events {
		if nameless(e) || !e.named() {
			continue
		}
		c.enrolment.resolve(e)
		c.enrolment.apply(e)
	}
	return c.enrolment.save(tx)
}

// write saves the commit's events, applies the projections and moves the head.
func (l *Log) write(tx *gorm.DB, c *commit) error {
	if len(c.events) == 0 {
		return nil
	}
	if err := database.Insert(tx, intoEvents, c.rows, (*eventRow).values); err != nil {
		return err
	}
	for _, p := range l.projections {
		if _, done := p.(visitorsProjection); done {
			continue // enrol did it, with the decisions
		}
		if err := p.Apply(tx, c.events); err != nil {
			return err
		}
	}
	for format, hashes := range c.hashes {
		row := hashesRow{int64(c.events[0].Seq), format, int64(c.at), encodeHashes(hashes)}
		if err := tx.Create(&row).Error; err != nil {
			return fmt.Errorf("save hashes: %w", err)
		}
	}
	return saveHead(tx, c.head)
}

// publish brings the log's memory up to a commit that is durable.
func (l *Log) publish(c *commit) {
	l.directory.remember(c.enrolment)
	for format, hashes := range c.hashes {
		l.windows[format].add(c.at, hashes)
	}
	l.known = c.head
	if len(c.events) > 0 {
		l.tail.publish(c.events, c.head)
	}
}

// Decide runs f in a transaction that holds the head of the log, so that nothing
// can be appended meanwhile, and appends the own events that f returns in the same
// transaction. f may also write records. It returns the head afterwards.
func (l *Log) Decide(ctx context.Context, f func(tx *gorm.DB, h Head) ([]*Event, error)) (Head, error) {
	if err := ctx.Err(); err != nil {
		return Head{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var c *commit
	done, err := l.transact(func(tx *gorm.DB, head Head) error {
		events, err := f(tx.WithContext(ctx), head)
		if err != nil {
			return err
		}
		c = &commit{head: head, at: MillisOf(l.options.Now()), enrolment: &enrolment{}}
		for _, e := range events {
			c.take(e)
			body, err := encodeBody(e)
			if err != nil {
				return err
			}
			c.rows = append(c.rows, rowOf(e, body))
		}
		return l.write(tx, c)
	})
	if err != nil {
		return Head{}, err
	}
	l.publish(c)
	l.options.Observe(done)
	return l.known, nil
}
