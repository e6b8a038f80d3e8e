package sessions_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"gorm.io/gorm"

	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// names is a projection of the names of events, none of which may come twice: the database refuses
// the second one. It fails altogether while fault is set.
type names struct{ fault error }

func (*names) Tables() []sessions.Table { return []sessions.Table{{Name: "names", Key: "name"}} }

func (p *names) Apply(tx *gorm.DB, events []*sessions.Event) error {
	for _, e := range events {
		if e.Name == "" {
			continue
		}
		if err := tx.Exec("INSERT INTO names (name, seq) VALUES (?, ?)", e.Name, int64(e.Seq)).Error; err != nil {
			return fmt.Errorf("insert name of event %d: %w", e.Seq, err)
		}
	}
	return p.fault
}

// openNames opens a log with that projection.
func openNames(t *testing.T, db *database.DB) (*sessions.Log, *names) {
	t.Helper()
	collation := ""
	if db.Dialect() == database.Postgres {
		collation = ` COLLATE "C"`
	}
	alter(t, db, "CREATE TABLE names (name TEXT"+collation+" PRIMARY KEY, seq BIGINT NOT NULL)")
	p := &names{}
	return sessions.OpenTestLog(t, db, sessions.LogOptions{Projections: []sessions.Projection{p}}), p
}

func alter(t *testing.T, db *database.DB, statement string) {
	t.Helper()
	err := db.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec(statement).Error })
	if err != nil {
		t.Fatal(err)
	}
}

func named(t *testing.T, name, line string) *sessions.Event {
	t.Helper()
	e := sessions.Told(t, line)
	e.Name = name
	return e
}

func TestAnEventTheDatabaseRefusesStandsAlone(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log, _ := openNames(t, db)
		var events []*sessions.Event
		for i := range 37 {
			events = append(events, named(t, fmt.Sprint("name ", i), fmt.Sprintf("browser page a:%d m:%d", i, i)))
		}
		events[5].Name, events[23].Name = "name 3", "name 30" // the second of each pair is refused
		receipt, err := log.Append(context.Background(), sessions.Batch{
			Events: events, Rejected: []sessions.Rejected{{Index: 99, Code: "before", Reason: "validation"}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if receipt.Accepted != 35 || receipt.Seq != 35 || len(receipt.Duplicates) != 0 || len(receipt.Rejected) != 2 ||
			receipt.Rejected[0].Index != 5 || receipt.Rejected[1].Index != 30 {
			t.Errorf("receipt %+v", receipt)
		}
		expect(t, db, "SELECT COUNT(*) AS n, MAX(seq) AS last FROM events", "n last\n35 35")
		expect(t, db, "SELECT COUNT(*) AS n FROM visitors", "n\n35")
		expect(t, db, "SELECT id, code FROM rejected ORDER BY id", "id code\n1 before\n2 refused_by_database\n3 refused_by_database")
		expectIngest(t, db, sessions.Ingest{Received: 38, Accepted: 35, Rejected: 3})

		// The refused id was never committed, so it is no duplicate.
		events[5].Name = "name 5"
		if receipt := sessions.AppendAll(t, log, events[5], events[6]); receipt.Accepted != 1 || len(receipt.Duplicates) != 1 {
			t.Errorf("sent again: %+v", receipt)
		}
	})
}

func TestOneSendersRefusedEventIsNobodyElses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log, _ := openNames(t, db)
		var wg sync.WaitGroup
		for sender := range 20 {
			wg.Go(func() {
				batch := sessions.Batch{Events: []*sessions.Event{
					named(t, fmt.Sprint(sender), fmt.Sprintf("browser page a:%d m:%d-1", sender, sender)),
					named(t, fmt.Sprint(sender), fmt.Sprintf("browser page a:%d m:%d-2", sender, sender)),
				}}
				receipt, err := log.Append(context.Background(), batch)
				if err != nil || receipt.Accepted != 1 || len(receipt.Rejected) != 1 || receipt.Rejected[0].Index != 1 {
					t.Errorf("sender %d: %+v, %v", sender, receipt, err)
				}
			})
		}
		wg.Wait()
		expect(t, db, "SELECT COUNT(*) AS n, MAX(seq) AS last FROM events", "n last\n20 20")
		expectIngest(t, db, sessions.Ingest{Received: 40, Accepted: 20, Rejected: 20})
	})
}

func TestPostgresRefusesTheCharacterZero(t *testing.T) {
	db := testdb.Postgres(t)
	log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
	bad := sessions.Told(t, "browser page m:2")
	bad.Anonymous = "a\x00b"
	events := []*sessions.Event{sessions.Told(t, "browser page a:1 m:1"), bad, sessions.Told(t, "browser page a:1 m:3")}
	receipt := sessions.AppendAll(t, log, events...)
	if receipt.Accepted != 2 || receipt.Seq != 2 || len(receipt.Rejected) != 1 || receipt.Rejected[0].Index != 1 {
		t.Errorf("receipt %+v", receipt)
	}
	expectIngest(t, db, sessions.Ingest{Received: 3, Accepted: 2, Rejected: 1})
}

func TestAFailureCommitsNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log, p := openNames(t, db)
		sessions.AppendAll(t, log, sessions.Told(t, "browser page a:1 m:1"))
		all := "SELECT (SELECT COUNT(*) FROM events) AS events, (SELECT COUNT(*) FROM visitors) AS visitors, " +
			"(SELECT COUNT(*) FROM hashes) AS hashes, (SELECT seq FROM head) AS head"
		before := testdb.Rows(t, db, all)

		p.fault = errors.New("the disk is gone")
		failing := sessions.ToldAll(t, "browser page a:2 m:2\nbrowser identify a:1 c:ann m:3")
		receipt, err := log.Append(context.Background(), sessions.Batch{Events: failing})
		if !errors.Is(err, p.fault) || receipt.Accepted != 0 {
			t.Fatalf("receipt %+v, error %v", receipt, err)
		}
		expect(t, db, all, before)
		if log.Head().Seq != 1 {
			t.Errorf("head %+v", log.Head())
		}

		p.fault = nil
		if receipt := sessions.AppendAll(t, log, failing...); receipt.Accepted != 2 || receipt.Seq != 3 {
			t.Errorf("the same events afterwards: %+v", receipt)
		}
		expect(t, db, "SELECT id, customer_id FROM visitors ORDER BY id", "id customer_id\n1 ann\n2 \"\"")
		expectIngest(t, db, sessions.Ingest{Received: 3, Accepted: 3})
	})
}

func TestAnEventSentAgainForgetsWhatFailed(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		log, p := openNames(t, db)
		sessions.AppendAll(t, log, sessions.ToldAll(t, "browser page a:1\nbrowser identify c:ann")...)
		login := sessions.Told(t, "browser identify a:1 c:ann")
		p.fault = errors.New("away")
		if _, err := log.Append(context.Background(), sessions.Batch{Events: []*sessions.Event{login}}); err == nil {
			t.Fatal("no error")
		}
		p.fault = nil
		// Somebody else's event joins the two meanwhile: the first one has nothing left to join.
		sessions.AppendAll(t, log, sessions.Told(t, "browser identify a:1 c:ann"))
		sessions.AppendAll(t, log, login)
		stored, err := sessions.ReadEvents(db.Read(context.Background()), 3, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(stored[0].Joined) != 0 {
			t.Errorf("event %d is stored as joining %v", stored[0].Seq, stored[0].Joined)
		}
	})
}

func TestAFailedLookForDuplicatesIsMadeUpFor(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		send(t, sessions.OpenTestLog(t, db, sessions.LogOptions{}), "rees46", "import page a:1 m:1")
		log := sessions.OpenTestLog(t, db, sessions.LogOptions{})
		alter(t, db, "ALTER TABLE hashes RENAME TO hidden")
		batch := sessions.Batch{Events: sessions.ToldAll(t, "import page a:1 m:1"), Format: "rees46"}
		if _, err := log.Append(context.Background(), batch); err == nil {
			t.Fatal("appended without having seen the hashes")
		}
		alter(t, db, "ALTER TABLE hidden RENAME TO hashes")
		if !send(t, log, "rees46", "import page a:1 m:1") {
			t.Error("an imported row was taken twice")
		}
	})
}

func TestEventsReadBackAsTheyWereApplied(t *testing.T) {
	// A name cut in the middle of a character cannot be stored as it came; what the projections
	// saw at the append must be what a replay will show them.
	log, _ := openNames(t, testdb.SQLite(t))
	e := named(t, "half a character \xe2\x82", "browser page")
	e.Anonymous = "caf\xe9"
	sessions.AppendAll(t, log, e)
	if e.Name != "half a character \uFFFD" && e.Name != "half a character \uFFFD\uFFFD" || e.Anonymous != "caf\uFFFD" {
		t.Errorf("applied as %q of %q", e.Name, e.Anonymous)
	}
}
