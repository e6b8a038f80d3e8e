package main

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// The difference between clocks that we speak of, and that which is too much.
const (
	someSkew = 2 * time.Second
	muchSkew = time.Minute
)

// unixUnsynchronised is the bit of the kernel's clock status (STA_UNSYNC) that says that nothing keeps
// the clock right.
const unixUnsynchronised = 0x40

// oldest is a time that lies before this program was written.
func oldest() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func (f *findings) systemClock(now time.Time) {
	var state unix.Timex // nothing in it: only read
	_, err := unix.Adjtimex(&state)
	switch {
	case now.Before(oldest()):
		f.fail("clock", "set the clock, for example by systemd-timesyncd or chrony", "this machine believes it is %s", now.UTC().Format(time.DateTime))
	case err == nil && state.Status&unixUnsynchronised != 0:
		f.warn("clock", "run a time service, for example systemd-timesyncd or chrony", "nothing keeps this machine's clock right")
	case err != nil && !errors.Is(err, unix.EPERM) && !errors.Is(err, unix.ENOSYS):
		f.warn("clock", "look by hand, for example with timedatectl", "whether the clock is kept right cannot be seen: %v", err)
	default:
		f.ok("clock", "%s", now.UTC().Format(time.DateTime))
	}
}

// databaseClock compares this machine's clock with PostgreSQL's.
func (f *findings) databaseClock(ctx context.Context, db *database.DB) {
	if db.Dialect() != database.Postgres {
		return
	}
	var theirs float64
	began := time.Now()
	if err := db.Read(ctx).Raw("SELECT extract(epoch FROM clock_timestamp())::float8").Scan(&theirs).Error; err != nil {
		f.fail("clock", unread, "ask PostgreSQL for the time: %v", err)
		return
	}
	took := time.Since(began)
	f.skew(time.UnixMilli(int64(theirs * 1000)).Sub(began.Add(took / 2)))
}

// skew judges how far another clock goes before ours.
func (f *findings) skew(by time.Duration) {
	const remedy = "keep both clocks right, for example by chrony"
	said := by.Abs().Round(10 * time.Millisecond)
	switch {
	case by.Abs() >= muchSkew:
		f.fail("clock", remedy, "PostgreSQL's clock and this machine's differ by %s", said)
	case by.Abs() >= someSkew:
		f.warn("clock", remedy, "PostgreSQL's clock and this machine's differ by %s", said)
	default:
		f.ok("clock", "PostgreSQL's clock and this machine's differ by %s", said)
	}
}

// log looks whether events were received in the future.
func (f *findings) log(ctx context.Context, db *database.DB, now time.Time) {
	head, err := sessions.ReadHead(db.Read(ctx))
	if err != nil {
		f.fail("log", unread, "%v", err)
		return
	}
	newest := head.Newest.Time()
	switch {
	case head.Newest == 0:
		f.ok("log", "no events of shoppers yet")
	case newest.After(now.Add(muchSkew)):
		f.fail("log", "set this machine's clock, or wait: carts are not abandoned before their time",
			"its newest event was received at %s, which is yet to come", newest.Format(time.DateTime))
	default:
		f.ok("log", "%d events, the newest received at %s", head.Seq, newest.Format(time.DateTime))
	}
}
