package cart_test

import (
	"context"
	"testing"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/cart/flow"
	"cartwright/fixtures/crowd"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const (
	manyCarts = 1_000_000
	dueCarts  = manyCarts / crowd.DueEvery
)

// BenchmarkDetect decides on 10,000 due carts among 1,000,000 open ones, with
// their visitors, addresses, sessions and as many orders of others.
func BenchmarkDetect(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": testdb.SQLite, "postgres": testdb.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			fillShop(b, db)
			log, err := sessions.OpenLog(b.Context(), db, sessions.LogOptions{Projections: []sessions.Projection{cart.NewStore(db)}})
			if err != nil {
				b.Fatal(err)
			}
			defer log.Close()
			detector := cart.NewDetector(log, cart.RulesOf(flow.Default()))
			for b.Loop() {
				report, err := detector.Detect(context.Background(), start, cart.Options{Deliver: true})
				if err != nil || report.Triggers != dueCarts {
					b.Fatalf("%+v, %v", report, err)
				}
				b.StopTimer()
				execute(b, db, "UPDATE carts SET decided = '' WHERE decided <> ''")
				execute(b, db, "DELETE FROM decisions")
				execute(b, db, "DELETE FROM triggers")
				execute(b, db, "DELETE FROM enrolments")
				b.StartTimer()
			}
		})
	}
}

// fillShop fills the database and switches recovery on.
func fillShop(b *testing.B, db *database.DB) {
	b.Helper()
	body, err := sessions.Own(sessions.RecoveryEnabled, 0, 1, struct{}{})
	if err != nil {
		b.Fatal(err)
	}
	log, err := sessions.OpenLog(b.Context(), db, sessions.LogOptions{})
	if err != nil {
		b.Fatal(err)
	}
	_, err = log.Decide(b.Context(), func(*gorm.DB, sessions.Head) ([]*sessions.Event, error) { return []*sessions.Event{body}, nil })
	if err != nil {
		b.Fatal(err)
	}
	log.Close()
	if err := crowd.FillCarts(b.Context(), db, manyCarts, start); err != nil {
		b.Fatal(err)
	}
}

func execute(b *testing.B, db *database.DB, query string, values ...any) {
	b.Helper()
	err := db.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec(query, values...).Error })
	if err != nil {
		b.Fatal(err)
	}
}
