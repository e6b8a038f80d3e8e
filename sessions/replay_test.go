package sessions_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// kinds is a small projection: how many events of each kind there were, and the last of them.
type kinds struct{}

func (kinds) Tables() []sessions.Table { return []sessions.Table{{Name: "kinds", Key: "kind"}} }

func (kinds) Apply(tx *gorm.DB, events []*sessions.Event) error {
	collation := "" // the table is none of the schema's, so it is made where it is written
	if tx.Name() == string(database.Postgres) {
		collation = ` COLLATE "C"`
	}
	err := tx.Exec("CREATE TABLE IF NOT EXISTS kinds (kind TEXT" + collation + " PRIMARY KEY, n BIGINT NOT NULL, last BIGINT NOT NULL)").Error
	if err != nil {
		return err
	}
	for _, e := range events {
		err := tx.Exec("INSERT INTO kinds (kind, n, last) VALUES (?, 1, ?) ON CONFLICT (kind) DO UPDATE SET n = kinds.n + 1, last = excluded.last",
			string(e.Kind), int64(e.Seq)).Error
		if err != nil {
			return fmt.Errorf("count event %d: %w", e.Seq, err)
		}
	}
	return nil
}

// history fills a database with a seeded log: logins, joins, late events, bots, settings, decisions.
func history(t *testing.T, db *database.DB, more ...sessions.Projection) *sessions.Log {
	t.Helper()
	log := sessions.OpenTestLog(t, db, sessions.LogOptions{Projections: more})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		var events []*sessions.Event
		for range 1 + random.IntN(60) {
			line := fmt.Sprintf("browser page a:%d u:/%d", random.IntN(30), random.IntN(5))
			at := time.Duration(i)*7*time.Minute - time.Duration(random.IntN(3)*random.IntN(60))*time.Minute
			line += fmt.Sprintf(" r:%dm t:%s", 7*i, at)
			switch random.IntN(12) {
			case 0:
				line += fmt.Sprintf(" c:%d", random.IntN(20))
			case 1:
				line += fmt.Sprintf(" e:%d@x", random.IntN(9))
			case 2:
				line += " bot"
			case 3:
				line += fmt.Sprintf(" x:%d", random.IntN(3))
			}
			events = append(events, sessions.Told(t, line))
		}
		sessions.AppendAll(t, log, events...)
	}
	settings := sessions.DefaultSettings()
	settings.SessionTimeout = time.Hour
	changed, err := sessions.Own(sessions.SettingsChanged, 0, sessions.Epoch, settings)
	if err != nil {
		t.Fatal(err)
	}
	sessions.AppendAll(t, log, changed)
	return log
}

func allRows(t *testing.T, db *database.DB) string {
	t.Helper()
	var b strings.Builder
	for _, table := range []string{"sessions ORDER BY id", "visitors ORDER BY id", "identities ORDER BY kind, value", "settings", "cursors"} {
		b.WriteString(testdb.Rows(t, db, "SELECT * FROM "+table))
	}
	return b.String()
}

func TestReplayGivesTheSameRows(t *testing.T) {
	var both []string
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		ctx := context.Background()
		log := history(t, db)
		sessions.FollowAll(t, db, log)
		before := allRows(t, db)
		both = append(both, before)
		if lines := strings.Count(before, "\n"); lines < 200 {
			t.Fatalf("only %d rows to replay", lines)
		}
		var told []sessions.Seq
		head, err := sessions.Replay(ctx, db, nil, func(done, of sessions.Seq) { told = append(told, done, of) })
		if err != nil || head != log.Head() {
			t.Fatalf("head %+v, error %v", head, err)
		}
		if last := log.Head().Seq; len(told) < 2 || told[len(told)-2] != last || told[len(told)-1] != last {
			t.Errorf("progress %v, the head is %d", told, last)
		}
		if after := allRows(t, db); after != before {
			t.Errorf("before\n%s\nafter\n%s", before, after)
		}
	})
	if len(both) == 2 && both[0] != both[1] {
		t.Error("the two databases hold other rows")
	}
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log := history(t, db, kinds{})
		more := []sessions.Projection{kinds{}}
		verify := func() sessions.Verification {
			t.Helper()
			v, err := sessions.Verify(context.Background(), db, more)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		if v := verify(); len(v.Differences) > 0 || v.Cursor != 0 || v.Head != log.Head().Seq || v.Rows < 50 {
			t.Errorf("before sessions are written: %+v", v)
		}
		sessions.FollowAll(t, db, log)
		clean := verify()
		if len(clean.Differences) > 0 || clean.Cursor != clean.Head {
			t.Errorf("nothing is wrong: %+v", clean)
		}
		for _, c := range []struct{ harm, repair, table string }{
			{"UPDATE kinds SET n = n + 1 WHERE kind = 'page'", "UPDATE kinds SET n = n - 1 WHERE kind = 'page'", "kinds"},
			{"UPDATE sessions SET ended_at = ended_at + 1 WHERE id = 1", "UPDATE sessions SET ended_at = ended_at - 1 WHERE id = 1", "sessions"},
			{"INSERT INTO visitors VALUES (1000000, 0, '', 0)", "DELETE FROM visitors WHERE id = 1000000", "visitors"},
			{"INSERT INTO identities VALUES ('anonymous', 'A', 1)", "DELETE FROM identities WHERE value = 'A'", "identities"},
			{"DELETE FROM identities WHERE kind = 'anonymous' AND value = '7'", "", "identities"},
		} {
			alter(t, db, c.harm)
			v := verify()
			if len(v.Differences) != 1 || !strings.HasPrefix(v.Differences[0], c.table+":") {
				t.Errorf("after %s: %q", c.harm, v.Differences)
			}
			if c.repair != "" {
				alter(t, db, c.repair)
			}
		}
	})
}
