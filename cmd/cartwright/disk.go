package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// When free space is scarce: in bytes, and in days at the pace of the last week.
const (
	littleSpace = 1 << 30
	noSpace     = 64 << 20
	fewDays     = 30
)

// largeWAL is how many bytes a write-ahead log has when something holds it.
const largeWAL = 1 << 30

// folder looks whether a database file can be made and kept where it is to be, and who may read it.
func (f *findings) folder(url string) {
	if strings.Contains(url, "://") {
		return
	}
	info, err := os.Stat(url)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		f.warn("file", "chmod 600 "+url, "%s can be read by others: its mode is %s", url, info.Mode().Perm())
	}
	folder := filepath.Dir(url)
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil {
		f.fail("file", "let the user that runs serve write there", "%s: %v", folder, err)
	}
}

// space looks how large the database is, and how long there will be room for it.
func (f *findings) space(ctx context.Context, db *database.DB, url string, now time.Time) {
	size, err := db.Size(ctx)
	if err != nil {
		f.fail("disk", unread, "%v", err)
		return
	}
	pace, known, err := growth(ctx, db, size, now)
	if err != nil {
		f.fail("disk", unread, "%v", err)
		return
	}
	said := "the database has " + bytesOf(size)
	if known {
		said += fmt.Sprintf(" and grew by %s a day in the last week", bytesOf(int64(pace)))
	}
	if db.Dialect() == database.Postgres {
		f.ok("disk", "%s; how much room its server has left cannot be seen from here", said)
		return
	}
	if wal, err := os.Stat(url + "-wal"); err == nil && wal.Size() > largeWAL {
		f.warn("disk", "see which process keeps a transaction open, such as a long backup", "the write-ahead log has %s", bytesOf(wal.Size()))
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(filepath.Dir(url), &fs); err != nil {
		f.fail("disk", unread, "look at the free space: %v", err)
		return
	}
	f.room(int64(fs.Bavail)*fs.Bsize, pace, known, said)
}

// room judges the free space.
func (f *findings) room(free int64, pace float64, known bool, said string) {
	said = fmt.Sprintf("%s free; %s", bytesOf(free), said)
	days := -1
	if known && pace >= 1 {
		days = int(float64(free) / pace)
		said += fmt.Sprintf(", room for about %d days", days)
	}
	switch {
	case free < noSpace:
		f.fail("disk", "make room: nothing is taken in when the disk is full", "%s", said)
	case free < littleSpace, days >= 0 && days < fewDays:
		f.warn("disk", "make room before it is full", "%s", said)
	default:
		f.ok("disk", "%s", said)
	}
}

// growth is how many bytes a day the database of a size grew by in the last week: the share of the
// log that was received in it. Not known for a log of less than an hour.
func growth(ctx context.Context, db *database.DB, size int64, now time.Time) (perDay float64, known bool, err error) {
	head, err := sessions.ReadHead(db.Read(ctx))
	if err != nil || head.Seq == 0 {
		return 0, false, err
	}
	week := sessions.MillisOf(now.Add(-7 * 24 * time.Hour))
	before, since, err := sessions.Received(db.Read(ctx), head.Seq, week)
	span := now.Sub(since.Time())
	if err != nil || span < time.Hour {
		return 0, false, err
	}
	share := float64(head.Seq-before) / float64(head.Seq)
	return share * float64(size) / (span.Hours() / 24), true, nil
}

// bytesOf is a size for people.
func bytesOf(n int64) string {
	switch {
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d kB", n>>10)
}
