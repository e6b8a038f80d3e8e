package sessions

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// replayBatch is how many events are read and applied at a time.
const replayBatch = 2000

// projectionsWith returns the log's own projections and more, in the order in
// which they are applied.
func projectionsWith(more []Projection) []Projection {
	return append([]Projection{settingsProjection{}, visitorsProjection{newDirectory()}}, more...)
}

// sessionsTable is what the follower writes.
func sessionsTable() Table { return Table{"sessions", "id"} }

// Replay drops all projections and builds them again from the log, in one
// transaction; progress, if not nil, is told how far it is. The rows are the
// same as before, byte for byte, unless something was wrong. Cost: about as much
// as appending all events again.
func Replay(ctx context.Context, db *database.DB, more []Projection, progress func(done, of Seq)) (Head, error) {
	var head Head
	err := db.Write(ctx, func(tx *gorm.DB) (err error) {
		if head, err = lockHead(tx); err != nil {
			return err
		}
		if _, _, err := loadCursor(database.Lock(tx)); err != nil { // no follower writes meanwhile
			return err
		}
		projections := projectionsWith(more)
		if err := dropProjections(tx, projections); err != nil {
			return err
		}
		r := rebuild{from: tx, to: tx, projections: projections, head: head.Seq, cursor: head.Seq, progress: progress}
		return r.run()
	})
	if err != nil {
		return Head{}, fmt.Errorf("replay the log: %w", err)
	}
	return head, nil
}

// rebuildDue builds the projections anew if a migration says that they are to be, in
// the transaction in which a log is opened: nothing is decided by rows of an older
// program. Cost: that of [Replay], once after such a migration.
func (l *Log) rebuildDue(tx *gorm.DB, head Head) error {
	var reasons []string
	if err := tx.Table("rebuild").Pluck("reason", &reasons).Error; err != nil {
		return fmt.Errorf("look whether projections are to be built anew: %w", err)
	}
	if len(reasons) == 0 || len(l.options.Projections) == 0 { // who has none is a stranger to them
		return nil
	}
	l.options.Logger.Info("this version keeps more than the one before: building everything anew from the log", "events", head.Seq, "for", reasons)
	if _, _, err := loadCursor(database.Lock(tx)); err != nil { // no follower writes meanwhile
		return err
	}
	if err := dropProjections(tx, l.projections); err != nil {
		return err
	}
	r := rebuild{from: tx, to: tx, projections: l.projections, head: head.Seq, cursor: head.Seq}
	if err := r.run(); err != nil {
		return fmt.Errorf("build the projections anew: %w", err)
	}
	return tx.Exec("DELETE FROM rebuild").Error
}

func dropProjections(tx *gorm.DB, projections []Projection) error {
	tables := []Table{sessionsTable()}
	for _, p := range projections {
		tables = append(tables, p.Tables()...)
	}
	for _, t := range tables {
		if err := tx.Exec("DELETE FROM " + t.Name).Error; err != nil {
			return fmt.Errorf("drop %s: %w", t.Name, err)
		}
	}
	return nil
}

// A rebuild writes the projections of one database's log into another, or the
// same, which has none.
type rebuild struct {
	from, to    *gorm.DB
	projections []Projection
	head        Seq // the last event for projections
	cursor      Seq // the last event for sessions
	progress    func(done, of Seq)
}

func (r rebuild) run() error {
	f := newFold(0, DefaultSettings())
	for at := Seq(0); at < r.head; {
		events, err := ReadEvents(r.from, at, int(min(replayBatch, r.head-at)))
		if err != nil {
			return err
		}
		if len(events) == 0 {
			return fmt.Errorf("the log ends at %d, its head says %d", at, r.head)
		}
		for _, p := range r.projections {
			if err := p.Apply(r.to, events); err != nil {
				return err
			}
		}
		if err := r.fold(f, events); err != nil {
			return err
		}
		if at = events[len(events)-1].Seq; r.progress != nil {
			r.progress(at, r.head)
		}
	}
	return saveCursor(r.to, f)
}

// fold folds those of events that sessions are to contain, and saves them.
func (r rebuild) fold(f *fold, events []*Event) error {
	n := 0
	for n < len(events) && events[n].Seq <= r.cursor {
		n++
	}
	if n == 0 {
		return nil
	}
	if err := f.add(r.to, events[:n]); err != nil {
		return err
	}
	rows, err := f.rows()
	if err != nil {
		return err
	}
	if err := f.write(r.to, rows); err != nil {
		return err
	}
	f.saved()
	f.drop(f.newest.Add(-2 * f.settings.SessionTimeout))
	return nil
}
