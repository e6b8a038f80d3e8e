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
// wait at least and at most to be written together, and how many sessions at most wait so.
const (
	foldBatch     = 2000
	writeInterval = time.Second
	writeSessions = 50_000
	writeShare    = 8 // for each second of writing, seconds that are left to appends
	writeLatest   = 10 * time.Second
)

// writeTimeout bounds one write of sessions, so that a connection that is cut off
// without a word does not keep this process from standing by.
const writeTimeout = 30 * time.Second

// errMoved says that the cursor is not where this process left it.
var errMoved = errors.New("the cursor of sessions was moved")

// A Follower writes sessions behind the log. It reads on from its cursor, keeps
// open sessions in memory, and writes what changed about once a second together
// with the cursor, so that after a crash it goes on from there.
//
// Of several processes one writes, under a lease that each write checks. The
// others stand by, hold nothing, and take note of the cursor, until the lease
// ends or is released.
type Follower struct {
	db     *database.DB
	log    *Log
	logger *slog.Logger
	holder *database.Holder

	hurry  chan struct{} // somebody waits for a write
	cancel context.CancelFunc
	done   chan struct{}

	written *mark
	writing time.Duration // how long the last write that went well took; only run knows it

	mu    sync.Mutex     // guards fold and lease
	fold  *fold          // from written on, while the lease is held
	lease database.Lease // zero while standing by
}

// NewFollower returns the follower of sessions, to be started.
func NewFollower(db *database.DB, log *Log, logger *slog.Logger) *Follower {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Follower{
		db: db, log: log, logger: logger, holder: db.NewHolder(), fold: newFold(0, DefaultSettings()),
		hurry: make(chan struct{}, 1), written: newMark(), done: make(chan struct{}),
	}
}

// Start loads the cursor and follows the log until Close.
func (f *Follower) Start(ctx context.Context) error {
	if err := f.db.Write(ctx, beginCursor); err != nil {
		return err
	}
	if err := f.look(ctx); err != nil {
		return err
	}
	ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	go f.run(ctx)
	return nil
}

// Close writes what is folded, stops, and lets another process write at once.
func (f *Follower) Close() {
	if f.cancel != nil {
		f.cancel()
		<-f.done
	}
}

// Cursor is how far sessions are written, as far as this process knows.
func (f *Follower) Cursor() Seq { return f.written.now() }

// WaitFor returns when sessions are written up to a seq, or with ctx's error.
// The write does not wait for its turn then, if it is this process that writes.
func (f *Follower) WaitFor(ctx context.Context, seq Seq) error {
	return f.written.wait(ctx, seq, func() {
		select {
		case f.hurry <- struct{}{}:
		default:
		}
	})
}

// run follows the log. A failure is logged and tried again: the database is
// away, and ingest tells the senders so.
func (f *Follower) run(ctx context.Context) {
	defer close(f.done)
	for ctx.Err() == nil {
		switch err := f.turn(ctx); {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, errHeld):
			f.standBy(ctx)
		case elsewhere(err): // the rows of others stand
			f.logger.Info("sessions are written elsewhere: this process forgets its own", "reason", err)
			f.holder.Doubt()
			f.forget()
		default:
			f.logger.Error("sessions follower", "error", err)
			f.forget()
			pause(ctx, writeInterval)
		}
	}
	f.end(context.WithoutCancel(ctx))
}

// elsewhere reports whether a write was refused because another process writes sessions.
func elsewhere(err error) bool { return errors.Is(err, errMoved) || errors.Is(err, database.ErrLost) }

// end writes what is folded and gives up the lease.
func (f *Follower) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if err := f.write(ctx); err != nil && !elsewhere(err) {
		f.logger.Error("sessions follower", "error", err)
	}
	if err := f.holder.Release(ctx); err != nil {
		f.logger.Error("sessions follower", "error", err)
	}
}

// pace is how long changes wait to be written together. Under so much load that
// writing takes long it is longer, so that appends keep the database's one writer
// to themselves; but a write may also have taken long because it waited for one
// who is gone, and then nobody must wait long for the next.
func (f *Follower) pace() time.Duration {
	return min(max(writeInterval, writeShare*f.writing), writeLatest)
}

// turn folds for the time of one write interval, or until somebody is in a hurry,
// then writes.
func (f *Follower) turn(ctx context.Context) error {
	interval, cancel := context.WithTimeout(ctx, f.pace())
	defer cancel()
	for hurried := false; interval.Err() == nil; {
		if err := f.take(ctx); err != nil {
			return err
		}
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
	if err := f.write(ctx); err != nil {
		return err
	}
	f.writing = time.Since(began)
	return nil
}

// rest waits until there is more to fold, a second or the interval ends, or
// somebody is in a hurry, which it reports.
func (f *Follower) rest(interval context.Context) (hurried bool) {
	head, changed := f.log.tail.now()
	if head.Seq > f.folded() {
		return false
	}
	select {
	case <-changed:
	case <-interval.Done():
	case <-time.After(writeInterval): // the lease is to be prolonged
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
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
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

// writeLocked saves what changed together with the cursor, if the lease still
// holds and nobody moved the cursor, as a replay does.
func (f *Follower) writeLocked(ctx context.Context) error {
	if f.lease.Token == 0 || f.fold.cursor == f.written.now() {
		return nil
	}
	rows, err := f.fold.rows()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	err = f.db.Write(ctx, func(tx *gorm.DB) error {
		if err := f.lease.Hold(tx); err != nil {
			return err
		}
		cursor, _, err := loadCursor(database.Lock(tx))
		if err != nil {
			return err
		}
		if cursor != f.written.now() {
			return errMoved
		}
		return f.fold.write(tx, rows)
	})
	if err != nil {
		return err
	}
	f.fold.saved()
	f.written.move(f.fold.cursor)
	return nil
}

// CloseIdle drops from memory the sessions that no ordinary event can reach any
// more, and returns how many. A late event brings one back.
func (f *Follower) CloseIdle(ctx context.Context) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lease.Token == 0 {
		return 0, nil // it holds none
	}
	switch err := f.writeLocked(ctx); {
	case elsewhere(err):
		return 0, nil // run will find out, and let everything go
	case err != nil:
		return 0, err
	}
	return f.fold.drop(f.fold.newest.Add(-2 * f.fold.settings.SessionTimeout)), nil
}
