package sessions

import (
	"context"
	"time"
)

// DefaultWatch is how often a log looks whether another process has appended:
// the most part of how long this one knows nothing of it. The look is one row by
// its key and takes no lock of ours or of the database's.
const DefaultWatch = 200 * time.Millisecond

// readTimeout bounds a look at the database: a connection that is cut off without
// a word must not stop a follower for good.
const readTimeout = 10 * time.Second

// watch brings the tail up to what other processes appended, so that followers go
// on and those who wait for a seq hear of it. It only ever says what is committed:
// a commit of this process may come to the tail in either way, and the tail takes
// the first. What a commit has to know of others it reads by itself.
func (l *Log) watch(ctx context.Context) {
	defer close(l.blind)
	ticks := time.NewTicker(l.options.Watch)
	defer ticks.Stop()
	for away := false; ; {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		err := l.look(ctx)
		if err != nil && !away && ctx.Err() == nil { // once: whoever appends is told as well
			l.options.Logger.Warn("cannot look for the events of other processes", "error", err)
		}
		away = err != nil
	}
}

// look takes note of the head that stands in the database.
func (l *Log) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	head, err := ReadHead(l.db.Read(ctx))
	if err != nil {
		return err
	}
	l.tail.skip(head)
	return nil
}
