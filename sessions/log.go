package sessions

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions/database"
)

// Head is the end of the log.
type Head struct {
	Seq    Seq    // of the last event; 0 when there is none
	Newest Millis // the newest received time of any event that is not our own
}

// LogOptions configure a log.
type LogOptions struct {
	// Projections are written in the transaction that appends, after the log's
	// own (settings, visitors), in this order.
	Projections []Projection

	// Window is how long duplicates of a message id are found; 0 means
	// [DefaultWindow].
	Window time.Duration

	// Watch is how often the log looks for what other processes appended; 0 means
	// [DefaultWatch].
	Watch time.Duration

	// Observe is told of each commit, by the log's one writer: it must be quick.
	Observe func(Committed) // nil means nobody

	Now    func() time.Time // 0 means time.Now
	Logger *slog.Logger     // nil means none
}

// queueLength is how many batches wait for their turn before those that bring more wait, too.
const queueLength = 1024

// Log is the record of what happened. It has one writer at a time: concurrent
// appends are committed together, in one transaction with one wait for the disk.
// It is safe for concurrent use, also beside other processes on the same
// database.
type Log struct {
	db          *database.DB
	options     LogOptions
	projections []Projection
	directory   *directory
	key         hashKey

	queue   chan *request
	closing chan struct{}
	stopped chan struct{} // closes when the writer has ended
	unwatch context.CancelFunc
	blind   chan struct{} // closes when nobody looks at the head any more
	once    sync.Once

	mu      sync.Mutex         // held by whoever commits; guards what follows
	known   Head               // what this process has seen of the log
	sure    bool               // whether known and the memory beside it can be trusted
	windows map[string]*window // by import format; "" for live events
	tail    *tail
}

// ErrClosed says that the log takes nothing more.
var ErrClosed = errors.New("the log is closed")

// OpenLog opens the log of a database and starts its writer. Cost: reads the
// hashes of the window, half a second for ten million.
func OpenLog(ctx context.Context, db *database.DB, o LogOptions) (*Log, error) {
	if o.Window == 0 {
		o.Window = DefaultWindow
	}
	if o.Watch == 0 {
		o.Watch = DefaultWatch
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Observe == nil {
		o.Observe = func(Committed) {}
	}
	l := &Log{
		db: db, options: o, directory: newDirectory(),
		queue: make(chan *request, queueLength), closing: make(chan struct{}), stopped: make(chan struct{}),
		blind:   make(chan struct{}),
		windows: map[string]*window{},
	}
	l.projections = append([]Projection{settingsProjection{}, visitorsProjection{l.directory}}, o.Projections...)
	if err := db.Write(ctx, l.open); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	l.tail = newTail(l.known)
	go l.run()
	ctx, l.unwatch = context.WithCancel(context.WithoutCancel(ctx))
	go l.watch(ctx)
	return l, nil
}

// open reads what the writer has to know.
func (l *Log) open(tx *gorm.DB) error {
	head, err := lockHead(tx)
	if err != nil {
		return err
	}
	if l.key, err = loadHashKey(tx); err != nil {
		return err
	}
	if err := l.rebuildDue(tx, head); err != nil {
		return err
	}
	l.known, l.sure = head, true
	return l.loadWindow(tx, "")
}

// Close commits what was taken in, then takes nothing more.
func (l *Log) Close() {
	l.once.Do(func() { close(l.closing) })
	<-l.stopped
	l.unwatch()
	<-l.blind
}

// Head is the end of the log as far as this process knows.
func (l *Log) Head() Head {
	head, _ := l.tail.now()
	return head
}

// Wait returns when the log goes beyond a seq, or with ctx's error.
func (l *Log) Wait(ctx context.Context, after Seq) error { return l.tail.wait(ctx, after) }

// Since returns up to limit committed events after a seq, in order: from
// memory if they are recent, else from the database, which has some seconds for
// it. The events are shared and must not be changed.
func (l *Log) Since(ctx context.Context, after Seq, limit int) ([]*Event, error) {
	if events, ok := l.tail.since(after, limit); ok {
		return events, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return ReadEvents(l.db.Read(ctx), after, limit)
}

// headRow is the row that serialises appends.
type headRow struct {
	ID     int64 `gorm:"primaryKey;autoIncrement:false"`
	Seq    int64
	Newest int64
}

func (headRow) TableName() string { return "head" }

// lockHead reads the head and keeps everybody else from appending until tx ends.
func lockHead(tx *gorm.DB) (Head, error) {
	var row headRow
	if err := database.Lock(tx).Where("id = 1").Take(&row).Error; err != nil {
		return Head{}, fmt.Errorf("read the head of the log: %w", err)
	}
	return Head{Seq(row.Seq), Millis(row.Newest)}, nil
}

// ReadHead returns the end of the log as tx sees it.
func ReadHead(tx *gorm.DB) (Head, error) {
	var row headRow
	if err := tx.Where("id = 1").Take(&row).Error; err != nil {
		return Head{}, fmt.Errorf("read the head of the log: %w", err)
	}
	return Head{Seq(row.Seq), Millis(row.Newest)}, nil
}

func saveHead(tx *gorm.DB, h Head) error {
	err := tx.Exec("UPDATE head SET seq = ?, newest = ? WHERE id = 1", int64(h.Seq), int64(h.Newest)).Error
	if err != nil {
		return fmt.Errorf("move the head of the log to %d: %w", h.Seq, err)
	}
	return nil
}

type hashKeyRow struct {
	ID  int64 `gorm:"primaryKey;autoIncrement:false"`
	Key []byte
}

func (hashKeyRow) TableName() string { return "hash_key" }

// loadHashKey returns the database's key, made at its first use.
func loadHashKey(tx *gorm.DB) (hashKey, error) {
	row := hashKeyRow{ID: 1}
	var rows []hashKeyRow
	if err := tx.Find(&rows).Error; err != nil {
		return hashKey{}, fmt.Errorf("load the hash key: %w", err)
	}
	if len(rows) > 0 {
		row = rows[0]
	} else {
		row.Key = make([]byte, 16)
		_, _ = rand.Read(row.Key) // never fails
		if err := tx.Create(&row).Error; err != nil {
			return hashKey{}, fmt.Errorf("save the hash key: %w", err)
		}
	}
	if len(row.Key) != 16 {
		return hashKey{}, fmt.Errorf("the hash key has %d bytes instead of 16", len(row.Key))
	}
	return hashKey{binary.LittleEndian.Uint64(row.Key), binary.LittleEndian.Uint64(row.Key[8:])}, nil
}
