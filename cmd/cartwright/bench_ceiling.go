package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"gorm.io/gorm"

	"cartwright/sessions/database"
	"cartwright/sessions/wire"
)

// A ceiling is the least that takes events over HTTP and keeps them: a bare gin
// handler that reads a batch with what gin has for it, and one writer that inserts
// the rows that wait, in one transaction that is on disk before it answers. It
// judges nothing, drops no duplicates, knows no visitors and keeps no carts.
type ceiling struct {
	db      *database.DB
	unread  bool // items are stored as they came, all as of one kind and now
	queue   chan ceilingRequest
	stopped chan struct{}
	seq     int64
}

// ceilingRequest waits for its commit.
type ceilingRequest struct {
	items []ceilingItem
	at    int64
	done  chan error
}

// ceilingItem is what a row has of an item.
type ceilingItem struct {
	Type      string    `json:"type"`
	Event     string    `json:"event"`
	Timestamp time.Time `json:"timestamp"`
	body      []byte
}

func newCeiling(db *database.DB, unread bool) *ceiling {
	c := &ceiling{db: db, unread: unread, queue: make(chan ceilingRequest, 1024), stopped: make(chan struct{})}
	go func() {
		defer close(c.stopped)
		for r := range c.queue {
			c.commit(r)
		}
	}()
	return c
}

func (c *ceiling) close() {
	close(c.queue)
	<-c.stopped
}

func (c *ceiling) handler() http.Handler {
	gin.SetMode(gin.ReleaseMode) // else it prints every route
	engine := gin.New()
	engine.POST("/v1/batch", c.take)
	return engine
}

func (c *ceiling) take(g *gin.Context) {
	read := readItems
	if c.unread {
		read = cutItems
	}
	items, err := read(g)
	if err != nil {
		g.Status(http.StatusBadRequest)
		return
	}
	r := ceilingRequest{items, time.Now().UnixMilli(), make(chan error, 1)}
	c.queue <- r
	if err := <-r.done; err != nil {
		g.Status(http.StatusServiceUnavailable)
		return
	}
	g.JSON(http.StatusOK, gin.H{"success": true})
}

// readItems reads a batch as a web program does.
func readItems(g *gin.Context) ([]ceilingItem, error) {
	var body struct {
		Batch []json.RawMessage `json:"batch"`
	}
	if err := g.ShouldBindJSON(&body); err != nil {
		return nil, err
	}
	items := make([]ceilingItem, len(body.Batch))
	for i, item := range body.Batch {
		if err := json.Unmarshal(item, &items[i]); err != nil {
			return nil, err
		}
		items[i].body = item
	}
	return items, nil
}

// cutItems only finds where the items of a batch begin and end.
func cutItems(g *gin.Context) ([]ceilingItem, error) {
	body, err := io.ReadAll(g.Request.Body)
	if err != nil {
		return nil, err
	}
	envelope, err := wire.OpenEnvelope(body, "batch")
	if err != nil {
		return nil, err
	}
	items := make([]ceilingItem, len(envelope.Items))
	for i, item := range envelope.Items {
		items[i] = ceilingItem{Type: "track", Event: "Product Viewed", Timestamp: time.Now(), body: item}
	}
	return items, nil
}

// commit inserts a request's items with those of all others that wait.
func (c *ceiling) commit(first ceilingRequest) {
	for known := -1; len(c.queue) > known; { // as the log does
		known = len(c.queue)
		runtime.Gosched()
	}
	group, items := []ceilingRequest{first}, len(first.items)
	for items < 5000 && len(c.queue) > 0 {
		r := <-c.queue
		group, items = append(group, r), items+len(r.items)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := c.db.Write(ctx, func(tx *gorm.DB) error { return c.insert(ctx, tx, group) })
	for _, r := range group {
		r.done <- err
	}
}

// ceilingRows is how many rows a statement inserts; wider ones gain nothing.
const ceilingRows = 100

func (c *ceiling) insert(ctx context.Context, tx *gorm.DB, group []ceilingRequest) error {
	var args []any
	flush := func() error {
		rows := len(args) / 7
		if rows == 0 {
			return nil
		}
		query := "INSERT INTO events VALUES (?,?,?,?,?,?,?)" + strings.Repeat(",(?,?,?,?,?,?,?)", rows-1)
		if _, err := tx.Statement.ConnPool.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("insert %d bare events: %w", rows, err)
		}
		args = args[:0]
		return nil
	}
	for _, r := range group {
		for _, item := range r.items {
			c.seq++
			args = append(args, c.seq, r.at, item.Timestamp.UnixMilli(), cmp.Or(item.Event, item.Type), "browser", int64(1), item.body)
			if len(args) == 7*ceilingRows {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// emptyHandler is what answers to GET at the least.
func emptyHandler() http.Handler {
	gin.SetMode(gin.ReleaseMode) // else it prints every route
	engine := gin.New()
	engine.GET("/v1/recommendations", func(g *gin.Context) { g.Status(http.StatusOK) })
	return engine
}
