package sessions

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Limits of the follower: how many events it folds at a time, how long changes
// wait to be written together, and how many sessions at most wait so.
const (
	foldBatch     = 2000
	writeInterval = time.Second
	writeSessions = 50_000
	writeShare    = 8 // for each second of writing, seconds that are left to appends
)

// errMoved says that somebody else wrote sessions meanwhile.
var errMoved = errors.New("another process moved the cursor of sessions")

// A Follower writes sessions behind the log. It reads on from its cursor, keeps
// open sessions in memory, and writes what changed about once a second together
// with the cursor, so that after a crash it goes on from there.
type Follower struct {
	db     *database.DB
	log    *Log
	logger *slog.Logger

	hurry  chan struct{} // somebody waits for a write
	cancel context.CancelFunc
	done   chan struct{}

	writing time.Duration // how long the last write took; only run knows it

	mu      sync.Mutex // guards fold and written
	fold    *fold
	written Seq
	changed chan struct{} // closes when written moves
}

// NewFollower returns the follower of sessions, to be started.
func NewFollower(db *database.DB, log *Log, logger *slog.Logger) *Follower {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Follower{
		db: db, log: log, logger: logger,
		hurry: make(chan struct{}, 1), changed: make(chan struct{}), done: make(chan struct{}),
	}
}

// Start loads the cursor and follows the log until Close.
func (f *Follower) Start(ctx context.Context) error {
	if err := f.db.Write(ctx, beginCursor); err != nil {
		return err
	}
	if err := f.reload(ctx); err != nil {
		return err
	}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go f.run(ctx)
	return nil
}

// Close writes what is folded and stops.
func (f *Follower) Close() {
	if f.cancel != nil {
		f.cancel()
		<-f.done
	}
}

// reload forgets everything and starts from the cursor in the database.
func (f *Follower) reload(ctx context.Context) error {
	cursor, settings, err := loadCursor(f.db.Read(ctx))
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold = newFold(cursor, settings)
	f.move(cursor)
	return nil
}

func (f *Follower) move(cursor Seq) {
	f.written = cursor
	close(f.changed)
	f.changed = make(chan struct{})
}

// Cursor is how far sessions are written.
func (f *Follower) Cursor() Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.written
}

// WaitFor returns when sessions are written up to a seq, or with ctx's error.
// The write does not wait for its turn then.
func (f *Follower) WaitFor(ctx context.Context, seq Seq) error {
	for {
		f.mu.Lock()
		written, changed := f.written, f.changed
		f.mu.Unlock()
		if written >= seq {
			return nil
		}
		select {
		case f.hurry <- struct{}{}:
		default:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// run follows the log. A failure is logged and tried again: the database is
// away, and ingest tells the senders so.
func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	for ctx.Err() == nil {
		switch err := f.round(ctx); {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, errMoved): // an import beside us; its rows stand
			f.logger.Info("sessions follower starts anew", "reason", err)
			f.pause(ctx)
		default:
			f.logger.Error("sessions follower", "error", err)
			f.pause(ctx)
		}
	}
	if err := f.write(context.WithoutCancel(ctx)); err != nil {
		f.logger.Error("sessions follower", "error", err)
	}
}

// pause waits a moment after a failure and starts anew from the database.
func (f *Follower) pause(ctx context.Context) {
	select {
	case <-time.After(writeInterval):
	case <-ctx.Done():
		return
	}
	if err := f.reload(ctx); err != nil {
		f.logger.Error("sessions follower", "error", err)
	}
}

// round folds for the time of one write interval, or until somebody is in a
// hurry, then writes. Under so much load that writing takes long it writes less
// often, so that appends keep the database's one writer to themselves.
func (f *Follower) round(ctx context.Context) error {
	interval, cancel := context.WithTimeout(ctx, max(writeInterval, writeShare*f.writing))
	defer cancel()
	for hurried := false; interval.Err() == nil; {
		n, err := f.step(ctx)
		if err != nil {
			return err
		}
		if f.full() || hurried && n < foldBatch {
			break
		}
		hurried = f.rest(interval) || hurried
	}
	began := time.Now()
	err := f.write(ctx)
	f.writing = time.Since(began)
	return err
}

// rest waits until there is more to fold, the interval ends, or somebody is in
// a hurry, which it reports.
func (f *Follower) rest(interval context.Context) (hurried bool) {
	head, changed := f.log.tail.now()
	if head.Seq > f.folded() {
		return false
	}
	select {
	case <-changed:
	case <-interval.Done():
	case <-f.hurry:
		return true
	}
	return false
}

func (f *Follower) folded() Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.fold.cursor
}

func (f *Follower) full() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.fold.dirty) >= writeSessions
}

// step folds the next events and returns how many there were.
func (f *Follower) step(ctx context.Context) (int, error) {
	events, err := f.log.Since(ctx, f.folded(), foldBatch)
	if err != nil || len(events) == 0 {
		return 0, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(events), f.fold.add(f.db.Read(ctx), events)
}

// write saves what changed.
func (f *Follower) write(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.writeLocked(ctx)
}

// writeLocked saves what changed together with the cursor, unless another
// process did meanwhile: then its rows stand, and this one starts from them.
func (f *Follower) writeLocked(ctx context.Context) error {
	if f.fold.cursor == f.written {
		return nil
	}
	rows, err := f.fold.rows()
	if err != nil {
		return err
	}
	err = f.db.Write(ctx, func(tx *gorm.DB) error {
		cursor, _, err := loadCursor(database.Lock(tx))
		if err != nil {
			return err
		}
		if cursor != f.written {
			return errMoved
		}
		return f.fold.write(tx, rows)
	})
	if err != nil {
		return err
	}
	f.fold.saved()
	f.move(f.fold.cursor)
	return nil
}

// CloseIdle drops from memory the sessions that no ordinary event can reach any
// more, and returns how many. A late event brings one back.
func (f *Follower) CloseIdle(ctx context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.writeLocked(ctx); err != nil {
		return 0, err
	}
	return f.fold.drop(f.fold.newest.Add(-2 * f.fold.settings.SessionTimeout)), nil
}
