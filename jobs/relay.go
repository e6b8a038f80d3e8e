package jobs

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Triggers is where outboxes learn of triggers.
type Triggers interface {
	// TriggersAfter returns triggers to be delivered, never dry ones, of a seq
	// after the given one, in the order of their seq: up to limit, and then the
	// rest of those that follow from the same event as the last one. A cursor
	// that is a seq would pass them over otherwise.
	TriggersAfter(tx *gorm.DB, after sessions.Seq, limit int) ([]cart.Trigger, error)
	// UntoldAfter sums up what TriggersAfter would return, had it no limit.
	UntoldAfter(tx *gorm.DB, after sessions.Seq) ([]cart.Untold, error)
}

// A relay brings triggers into an outbox: it reads on from a cursor and lets rows be
// made of what it finds, in the transaction that moves the cursor, so that each trigger
// comes once.
type relay struct {
	db       *database.DB
	triggers Triggers
	cursor   cursor
}

// relayBatch is how many triggers are relayed in one transaction.
const relayBatch = 500

// run relays the triggers after the cursor. The rows that put makes of them it returns
// the number of.
func (r relay) run(ctx context.Context, lease database.Lease, put func(*gorm.DB, []cart.Trigger) (int64, error)) (made int64, err error) {
	after, err := r.cursor.load(r.db.Read(ctx))
	if err != nil {
		return 0, err
	}
	// Looking costs a read; only what is there is worth a transaction that writes.
	waiting, err := r.triggers.TriggersAfter(r.db.Read(ctx), after, 1)
	if err != nil {
		return 0, fmt.Errorf("look for triggers after %d: %w", after, err)
	}
	for more := len(waiting) > 0; more; {
		var n int64
		err := r.db.Write(ctx, func(tx *gorm.DB) (err error) {
			if err := lease.Hold(tx); err != nil {
				return err
			}
			n, more, err = r.some(tx, put)
			return err
		})
		if err != nil {
			return made, fmt.Errorf("relay triggers by %s: %w", r.cursor, err)
		}
		made += n
	}
	return made, nil
}

// waiting counts the rows that relaying would make of the triggers after the cursor, of each as many as
// makes says, and returns when the oldest such trigger was made.
func (r relay) waiting(tx *gorm.DB, makes func(cart.Trigger) int64) (o Outbox, err error) {
	after, err := r.cursor.load(tx)
	if err != nil {
		return Outbox{}, err
	}
	untold, err := r.triggers.UntoldAfter(tx, after)
	if err != nil {
		return Outbox{}, fmt.Errorf("look for triggers after %d: %w", after, err)
	}
	for _, u := range untold {
		if n := makes(u.Trigger()); n > 0 {
			o = o.with(Outbox{n * u.Count, u.Oldest})
		}
	}
	return o, nil
}

// some relays one batch of triggers. more says that there may be others.
func (r relay) some(tx *gorm.DB, put func(*gorm.DB, []cart.Trigger) (int64, error)) (made int64, more bool, err error) {
	after, err := r.cursor.lock(tx)
	if err != nil {
		return 0, false, err
	}
	triggers, err := r.triggers.TriggersAfter(tx, after, relayBatch)
	if err != nil || len(triggers) == 0 {
		return 0, false, err
	}
	if made, err = put(tx, triggers); err != nil {
		return 0, false, err
	}
	return made, true, r.cursor.move(tx, triggers[len(triggers)-1].Seq)
}

// putOnce inserts rows that are not there yet and returns how many.
func putOnce[R any](tx *gorm.DB, rows []R) (int64, error) {
	if len(rows) == 0 {
		return 0, nil
	}
	insert := tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 100)
	return insert.RowsAffected, insert.Error
}

// A cursor is the table of one row that says up to which seq triggers were relayed.
type cursor string

// The cursors of the outboxes.
const (
	deliveryCursor cursor = "delivery_cursor"
	mailCursor     cursor = "mail_cursor"
)

func (c cursor) load(tx *gorm.DB) (sessions.Seq, error) {
	var row struct{ Seq int64 }
	if err := tx.Table(string(c)).Where("id = 1").Take(&row).Error; err != nil {
		return 0, fmt.Errorf("load %s: %w", c, err)
	}
	return sessions.Seq(row.Seq), nil
}

// lock is load that keeps others from relaying until tx ends.
func (c cursor) lock(tx *gorm.DB) (sessions.Seq, error) { return c.load(database.Lock(tx)) }

func (c cursor) move(tx *gorm.DB, to sessions.Seq) error {
	if err := tx.Exec("UPDATE "+string(c)+" SET seq = ? WHERE id = 1", int64(to)).Error; err != nil {
		return fmt.Errorf("move %s to %d: %w", c, to, err)
	}
	return nil
}
