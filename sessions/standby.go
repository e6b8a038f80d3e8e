package sessions

import (
	"context"
	"errors"
	"sync"
	"time"

	"cartwright/sessions/database"
)

// standbyInterval is how often a follower that stands by looks how far the other
// has written.
const standbyInterval = 200 * time.Millisecond

// errHeld says that another process writes sessions.
var errHeld = errors.New("another process writes sessions")

// take makes sure that this process may write. Under a new lease it starts from
// what the last holder wrote.
func (f *Follower) take(ctx context.Context) error {
	held, err := f.holder.Take(ctx, followerName)
	if err != nil {
		return err
	}
	lease := held[followerName]
	if lease == f.lease && lease.Token != 0 {
		return nil
	}
	f.forget()
	if lease.Token == 0 {
		return errHeld
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	cursor, settings, err := loadCursor(f.db.Read(ctx))
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold, f.lease = newFold(cursor, settings), lease
	f.written.move(cursor)
	f.logger.Info("this process writes sessions", "token", lease.Token, "from", cursor)
	return nil
}

// forget lets everything go that was not written.
func (f *Follower) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fold, f.lease = newFold(0, DefaultSettings()), database.Lease{}
}

// standBy takes note of how far the other process writes, for a second.
func (f *Follower) standBy(ctx context.Context) {
	for end := time.Now().Add(writeInterval); time.Now().Before(end) && ctx.Err() == nil; {
		if err := f.look(ctx); err != nil && ctx.Err() == nil {
			f.logger.Error("sessions follower", "error", err)
			pause(ctx, writeInterval)
		}
		pause(ctx, standbyInterval)
	}
}

// look takes note of the cursor that stands in the database.
func (f *Follower) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	cursor, _, err := loadCursor(f.db.Read(ctx))
	if err != nil {
		return err
	}
	f.written.move(cursor)
	return nil
}

// pause waits, but not beyond ctx's end.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// A mark is a place in the log that others wait for.
type mark struct {
	mu    sync.Mutex
	seq   Seq
	moved chan struct{} // closes when seq changes
}

func newMark() *mark { return &mark{moved: make(chan struct{})} }

func (m *mark) now() Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.seq
}

func (m *mark) move(seq Seq) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq == m.seq {
		return
	}
	m.seq = seq
	close(m.moved)
	m.moved = make(chan struct{})
}

// wait returns when the mark is at a seq or beyond, or with ctx's error. It calls
// ask each time before it has to wait.
func (m *mark) wait(ctx context.Context, seq Seq, ask func()) error {
	for {
		m.mu.Lock()
		at, moved := m.seq, m.moved
		m.mu.Unlock()
		if at >= seq {
			return nil
		}
		ask()
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
