package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"time"

	"cartwright/api"
	"cartwright/jobs"
	"cartwright/sessions/database"
)

// certificateDays is how many days before a certificate expires we begin to say so.
const certificateDays = 14

func (f *findings) unreachable(err error) {
	switch {
	case errors.Is(err, os.ErrNotExist):
		f.warn("database", "start “cartwright serve”, which makes it, or name the right one with --db", "%v", err)
	case errors.Is(err, database.ErrNewer):
		f.fail("database", "run the newer version of Cartwright, or restore a backup of before the update", "%v", err)
	case database.IsUnavailable(err):
		f.fail("database", "see that it runs, and can be reached from here under this name", "%v", err)
	default:
		f.fail("database", "name a database of Cartwright's with --db", "%v", err)
	}
}

// schema reports whether there is a schema to go on with.
func (f *findings) schema(ctx context.Context, db *database.DB) bool {
	version, err := database.Version(db.Read(ctx))
	switch {
	case err != nil:
		f.unreachable(err)
	case version == 0:
		f.warn("database", "start “cartwright serve”, which makes the tables", "reachable (%s), but empty", db.Dialect())
	case version < database.Known():
		f.warn("database", "back it up with the version that wrote it, then start this one, which brings it up to date",
			"reachable (%s), schema version %d, this program's is %d", db.Dialect(), version, database.Known())
	default:
		f.ok("database", "reachable (%s), schema version %d", db.Dialect(), version)
		return true
	}
	return false
}

func (f *findings) durability(ctx context.Context, db *database.DB, wanted database.Durability) {
	err := db.Durable(ctx)
	switch {
	case wanted != database.Full:
		f.warn("durability", "set durability to full, unless this is a test", "a power failure may take back what was answered: durability is %s", wanted)
	case err != nil:
		f.fail("durability", "turn on what is off, else serve refuses to start", "%v", err)
	default:
		f.ok("durability", "commits reach the disk before they are answered")
	}
}

func (f *findings) integrity(ctx context.Context, db *database.DB) {
	if db.Dialect() == database.Postgres {
		return
	}
	if err := db.Quick(ctx); err != nil {
		f.fail("integrity", "stop serve, keep the file as it is, and restore the newest backup into another", "%v", err)
		return
	}
	f.ok("integrity", "the file is sound")
}

// slowCommit is how long a commit may take before we say so.
const slowCommit = 50 * time.Millisecond

func (f *findings) commits(ctx context.Context, db *database.DB) {
	took, err := db.SyncTime(ctx)
	switch {
	case err != nil:
		f.fail("commit", "see that the disk takes writes", "%v", err)
	case took > slowCommit:
		f.warn("commit", "use a faster disk: every answer waits so long", "waiting for the disk takes %s", took.Round(time.Millisecond))
	default:
		f.ok("commit", "waiting for the disk takes %s", took.Round(10*time.Microsecond))
	}
}

func (f *findings) jobs(ctx context.Context, db *database.DB, now time.Time) {
	list, err := jobs.Table(ctx, db, now)
	if err != nil {
		f.fail("jobs", unread, "%v", err)
		return
	}
	if len(list) == 0 {
		f.warn("jobs", "start “cartwright serve”", "no serve has run on this database yet")
		return
	}
	well := true
	for _, j := range list {
		if j.Outcome != jobs.OK && j.Outcome != "" {
			well = false
			f.warn("jobs", "“cartwright jobs runs "+j.Name+"” shows since when", "%s: the last run %s: %s", j.Name, j.Outcome, j.Error)
		}
		if j.Paused != nil {
			well = false
			f.warn("jobs", "“cartwright jobs resume "+j.Name+"” ends the pause", "%s is paused since %s by %s: %s",
				j.Name, instant(&j.Paused.Since), j.Paused.Who, j.Paused.Reason)
		} else if late := j.Late(now); late > 0 {
			well = false
			f.warn("jobs", "see that “cartwright serve” runs", "%s should have run %s ago", j.Name, late.Round(time.Second))
		}
	}
	if well {
		f.ok("jobs", "%d, all went well and are on time", len(list))
	}
}

func (f *findings) keys(ctx context.Context, db *database.DB) {
	list, err := api.NewKeys(db).List(ctx)
	if err != nil {
		f.fail("keys", unread, "%v", err)
		return
	}
	valid := map[api.Scope]int{}
	for _, k := range list {
		if k.RevokedAt == 0 {
			valid[k.Scope]++
		}
	}
	var missing []string
	for _, scope := range []api.Scope{api.Write, api.Secret} {
		if valid[scope] == 0 {
			missing = append(missing, string(scope))
		}
	}
	if len(missing) > 0 {
		f.warn("keys", "“cartwright keys create” makes one, and so does the start of serve", "there is no valid key of scope %s", strings.Join(missing, " and "))
		return
	}
	f.ok("keys", "%d for storefronts, %d secret", valid[api.Write], valid[api.Secret])
}
