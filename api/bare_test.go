package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// bareRow has the columns of the table events.
type bareRow struct {
	Seq        int64 `gorm:"primaryKey;autoIncrement:false"`
	ReceivedAt int64
	OccurredAt int64
	Kind       string
	Source     string
	VisitorID  int64
	Body       []byte
}

func (bareRow) TableName() string { return "events" }

// bareRequest waits for its commit.
type bareRequest struct {
	rows []bareRow
	done chan error
}

// bare is the least that takes events over HTTP and keeps them: a gin handler
// that decodes, and one writer that inserts what waits, in one transaction. It
// drops no duplicates, knows no visitors, keeps no carts: the ceiling of [BenchmarkAppend].
type bare struct {
	db    *database.DB
	queue chan bareRequest
	seq   int64
}

// bareHandler serves POST /v1/batch over a database until the benchmark ends.
func bareHandler(b *testing.B, db *database.DB) http.Handler {
	w := &bare{db: db, queue: make(chan bareRequest, 1024)}
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		for r := range w.queue {
			w.commit(b, r)
		}
	}()
	b.Cleanup(func() {
		close(w.queue)
		<-stopped
	})
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/v1/batch", w.handle)
	return engine
}

func (w *bare) handle(c *gin.Context) {
	var body struct {
		Batch []json.RawMessage `json:"batch"`
	}
	if err := json.NewDecoder(c.Request.Body).Decode(&body); err != nil {
		c.Status(http.StatusBadRequest)
		return
	}
	r := bareRequest{make([]bareRow, len(body.Batch)), make(chan error, 1)}
	now := time.Now().UnixMilli()
	for i, raw := range body.Batch {
		var item struct {
			Type string `json:"type"`
		}
		if err := json.Unmarshal(raw, &item); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		r.rows[i] = bareRow{ReceivedAt: now, OccurredAt: now, Kind: item.Type, Source: "browser", VisitorID: 1, Body: raw}
	}
	w.queue <- r
	if err := <-r.done; err != nil {
		c.Status(http.StatusServiceUnavailable)
		return
	}
	c.JSON(http.StatusOK, gin.H{"success": true})
}

// commit inserts a request's rows with those of all others that wait.
func (w *bare) commit(b *testing.B, first bareRequest) {
	group, rows := []bareRequest{first}, first.rows
	for len(rows) < 5000 && len(w.queue) > 0 {
		r := <-w.queue
		group, rows = append(group, r), append(rows, r.rows...)
	}
	for i := range rows {
		w.seq++
		rows[i].Seq = w.seq
	}
	err := w.db.Write(b.Context(), func(tx *gorm.DB) error { return tx.CreateInBatches(rows, 100).Error })
	for _, r := range group {
		r.done <- err
	}
}
