package jobs

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/jobs/webhook"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// BenchmarkDeliveries sends to a server on this machine that answers at once, over real connections, and tells how many
// webhooks a second that is, and which share of the time goes into transactions: claiming what is due with its
// attempts and bodies, and noting how it went. The databases of tests do not wait for the disk; the last one does.
func BenchmarkDeliveries(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkDeliveries(b, testdb.SQLite(b)) })
	b.Run("postgres", func(b *testing.B) { benchmarkDeliveries(b, testdb.Postgres(b)) })
	b.Run("sqlite durable", func(b *testing.B) {
		db, err := database.Open(b.Context(), filepath.Join(b.TempDir(), "shop.db"), database.Options{Durability: database.Full})
		if err != nil {
			b.Fatal(err)
		}
		defer db.Close()
		benchmarkDeliveries(b, db)
	})
}

func benchmarkDeliveries(b *testing.B, db *database.DB) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	var inSQL atomic.Int64
	log, err := sessions.OpenLog(b.Context(), db, sessions.LogOptions{Watch: time.Hour,
		Observe: func(c sessions.Committed) { inSQL.Add(int64(c.Duration)) }})
	if err != nil {
		b.Fatal(err)
	}
	defer log.Close()
	options := webhook.Options{AllowPrivate: true, AllowPlain: true}
	if _, err := Configure(b.Context(), db, time.Now(), options, []Endpoint{{URL: server.URL}}); err != nil {
		b.Fatal(err)
	}
	triggers := &told{}
	for i := range b.N {
		triggers.add(sessions.Seq(i+1), fmt.Sprintf("trg_%09d", i))
	}
	d := NewDelivery(DeliveryOptions{Database: db, Log: log, Triggers: indexed{triggers}, Messages: triggers, Sender: webhook.NewSender(options)})
	defer d.Close(context.Background())
	if _, err := d.fanOut(b.Context(), database.Lease{}, sessions.MillisOf(time.Now())); err != nil {
		b.Fatal(err)
	}
	inSQL.Store(0)
	b.ResetTimer()
	for delivered := int64(0); delivered < int64(b.N); {
		if _, err := d.Run(b.Context(), time.Now(), database.Lease{}); err != nil {
			b.Fatal(err)
		}
		d.workers.Wait()
		if err := db.Read(b.Context()).Raw("SELECT count(*) FROM deliveries WHERE status = ?", Delivered).Scan(&delivered).Error; err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	b.ReportMetric(100*float64(inSQL.Load())/float64(b.Elapsed()), "%sql")
}

// indexed finds triggers as quickly as a database does.
type indexed struct{ *told }

func (i indexed) TriggersAfter(tx *gorm.DB, after sessions.Seq, limit int) ([]cart.Trigger, error) {
	end := min(len(i.list), int(after)+limit)
	return i.list[min(int(after), end):end], nil
}
