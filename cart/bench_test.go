package cart_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

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
// their visitors, addresses, sessions and as many orders of others: that they were
// abandoned, or that and the first step of a sequence. It tells how many decisions a second
// that is, and which share of the time goes into SQL.
func BenchmarkDetect(b *testing.B) {
	sequence, err := flow.Parse([]byte("- {name: carts, kind: cart, quiet_hours: '21:00-08:00', holdout: 10%}"))
	if err != nil {
		b.Fatal(err)
	}
	for name, open := range map[string]func(testing.TB) *database.DB{"sqlite": testdb.SQLite, "postgres": testdb.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b)
			fillShop(b, db)
			inSQL := timed(b, db)
			b.Run("abandonment", func(b *testing.B) { benchmarkDetect(b, db, inSQL, cart.RulesOf(flow.Default())) })
			b.Run("sequence", func(b *testing.B) { benchmarkDetect(b, db, inSQL, cart.Rules{Instead: sequence}) })
		})
	}
}

func benchmarkDetect(b *testing.B, db *database.DB, inSQL *atomic.Int64, rules cart.Rules) {
	log, err := sessions.OpenLog(b.Context(), db, sessions.LogOptions{Projections: []sessions.Projection{cart.NewStore(db)}})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	detector, decided, spent := cart.NewDetector(log, rules), 0, time.Duration(0)
	for b.Loop() {
		before := inSQL.Load()
		report, err := detector.Detect(context.Background(), start, cart.Options{Deliver: true})
		if err != nil || report.Abandoned != dueCarts {
			b.Fatalf("%+v, %v", report, err)
		}
		decided, spent = decided+report.Abandoned+report.Steps, spent+time.Duration(inSQL.Load()-before)
		b.StopTimer()
		execute(b, db, "UPDATE carts SET decided = '' WHERE decided <> ''")
		for _, table := range []string{"decisions", "triggers", "enrolments"} {
			execute(b, db, "DELETE FROM "+table)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(decided)/b.Elapsed().Seconds(), "decisions/s")
	b.ReportMetric(100*float64(spent)/float64(b.Elapsed()), "%sql")
}

// timed measures how long statements take on the connection that writes.
func timed(b *testing.B, db *database.DB) *atomic.Int64 {
	b.Helper()
	var spent atomic.Int64
	begin := func(tx *gorm.DB) { tx.InstanceSet("began", time.Now()) }
	end := func(tx *gorm.DB) {
		if began, is := tx.InstanceGet("began"); is {
			spent.Add(int64(time.Since(began.(time.Time))))
		}
	}
	err := db.Write(b.Context(), func(tx *gorm.DB) error {
		c := tx.Callback()
		return errors.Join(
			c.Query().Before("gorm:query").Register("begin", begin), c.Query().After("gorm:query").Register("end", end),
			c.Row().Before("gorm:row").Register("begin", begin), c.Row().After("gorm:row").Register("end", end),
			c.Raw().Before("gorm:raw").Register("begin", begin), c.Raw().After("gorm:raw").Register("end", end),
			c.Create().Before("gorm:create").Register("begin", begin), c.Create().After("gorm:create").Register("end", end),
		)
	})
	if err != nil {
		b.Fatal(err)
	}
	return &spent
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
