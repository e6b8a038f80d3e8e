package cart_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

const (
	manyCarts = 1_000_000
	dueCarts  = 10_000
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
			detector := cart.NewDetector(log, cart.DefaultFlow())
			for b.Loop() {
				report, err := detector.Detect(context.Background(), start, cart.Options{Deliver: true})
				if err != nil || report.Triggers != dueCarts {
					b.Fatalf("%+v, %v", report, err)
				}
				b.StopTimer()
				execute(b, db, "UPDATE carts SET decided = '' WHERE decided <> ''")
				execute(b, db, "DELETE FROM decisions")
				execute(b, db, "DELETE FROM triggers")
				b.StartTimer()
			}
		})
	}
}

// fillShop writes the rows of the benchmark, a visitor each with a cart, an
// address, a session and somebody's order.
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
	due, fresh := sessions.MillisOf(start.Add(-2*time.Hour)), sessions.MillisOf(start.Add(-time.Minute))
	lines := []byte(`[{"product_id":"cup","quantity":1,"unit_price":500}]`)
	all := fmt.Sprintf("WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %d) ", manyCarts)
	execute(b, db, all+"INSERT INTO visitors SELECT n, 0, '', 0 FROM numbers")
	execute(b, db, all+"INSERT INTO identities SELECT 'email', 'shopper' || n || '@example.com', n FROM numbers")
	execute(b, db, all+"INSERT INTO sessions SELECT n, 'stream' || n, n, 0, 0, 0, 5, n, 1, '', '', ?, ? FROM numbers", lines, lines)
	execute(b, db, all+`INSERT INTO orders SELECT 'order' || n, n, n + 10000000, '', '', 'customer' || n, 'buyer' || n || '@example.com',
		'EUR', 500, ?, 'backend', 0, 0, 0, 0 FROM numbers`, lines)
	execute(b, db, all+fmt.Sprintf(`INSERT INTO carts SELECT n, '', n, 'open', 0, 1, 1, 'EUR', ?, 1, 500, 0,
		CASE WHEN n %% 100 = 0 THEN %d ELSE %d END, n, 1, n, '', '', '', '', 0, 0 FROM numbers`, due, fresh), lines)
	execute(b, db, "ANALYZE") // as the database does by itself in time
}

func execute(b *testing.B, db *database.DB, query string, values ...any) {
	b.Helper()
	err := db.Write(context.Background(), func(tx *gorm.DB) error { return tx.Exec(query, values...).Error })
	if err != nil {
		b.Fatal(err)
	}
}
