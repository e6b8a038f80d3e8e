package recommend

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"cartwright/sessions"
)

const (
	followBatch   = 500              // events taken in at a time, while nobody is answered
	followPause   = time.Second      // after a failure
	reportEvery   = 10 * time.Second // of a long first pass
	freshnessWait = 100 * time.Millisecond
)

// Options configure a recommender.
type Options struct {
	Limits Limits // the window of the index; the zero value means [DefaultLimits]

	// InCart and Bought tell what a customer has in open carts and has ever
	// bought, and when last, beyond what the shopper's own events say. They are asked only about
	// shoppers with a customer id. An error fails the answer, because what they
	// name must never be recommended. Nil means nothing.
	InCart func(ctx context.Context, who Shopper) ([]sessions.ProductID, error)
	Bought func(ctx context.Context, who Shopper) (map[sessions.ProductID]sessions.Millis, error)

	// Chains are the strategies of contexts. A context that is not in them has its
	// [DefaultChains] one.
	Chains Chains

	// Snapshot is the file in which all that is held is kept from one start to the next.
	// Empty means none: then the whole log is read at each start.
	Snapshot string

	Logger *slog.Logger // nil means none
}

// Recommender answers what a shopper may want next. It follows the log, and all
// that it holds, in memory, follows from the log alone: the index, the catalog and
// what the newest shoppers did. It is safe for concurrent use.
type Recommender struct {
	log     *sessions.Log
	options Options
	cancel  context.CancelFunc
	done    chan struct{}
	built   chan struct{} // closes when the first pass is done; nil if there is none
	rooms   sync.Pool     // of *answering
	chains  Chains        // of every context, none of which finds nothing
	saved   sessions.Seq  // the follower's own: where the last snapshot was taken
	worth   sessions.Seq  // so many events later another one is taken
	file    sync.Mutex    // held while a snapshot is taken or dropped, before changing

	index    *Index
	changing sync.Mutex // held while anything is changed, before mu

	mu          sync.RWMutex // guards what follows
	shelf       *shelf
	memory      *memory
	popular     bestsellers  // expires whenever index or shelf change
	assortments *assortments // expire whenever the shelf changes
	cursor      sessions.Seq
	changed     chan struct{} // closes when cursor moves
}

// NewRecommender returns the recommender of a log, to be started.
func NewRecommender(log *sessions.Log, o Options) *Recommender {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	r := &Recommender{
		rooms: sync.Pool{New: newAnswering},
		log:   log, options: o, chains: o.Chains.complete(), worth: snapshotEvents, done: make(chan struct{}), changed: make(chan struct{}),
		index: NewIndex(o.Limits), shelf: newShelf(), assortments: newAssortments(),
	}
	r.remember(newMemory())
	return r
}

// remember lets the memory be another one.
func (r *Recommender) remember(m *memory) {
	m.reads = func(p *sessions.PageInfo) string { return r.shelf.contents.read(p) }
	r.memory = m
}

// Start follows the log until Close, from the snapshot on or from the first event. It does
// not wait for that: see [Recommender.WaitBuilt]. A pass costs a few microseconds an event.
func (r *Recommender) Start(ctx context.Context) {
	ctx, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.built = make(chan struct{})
	go r.run(ctx)
}

// Close stops following, and takes a snapshot of what is held. Answers stay possible.
func (r *Recommender) Close() {
	if r.cancel != nil {
		r.cancel()
		<-r.done
	}
}

// Cursor is the last event that answers take into account.
func (r *Recommender) Cursor() sessions.Seq {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.cursor
}

// WaitFor returns when answers take all events up to a seq into account, or with
// ctx's error.
func (r *Recommender) WaitFor(ctx context.Context, seq sessions.Seq) error {
	for {
		r.mu.RLock()
		cursor, changed := r.cursor, r.changed
		r.mu.RUnlock()
		if cursor >= seq {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Stats counts what the index holds.
func (r *Recommender) Stats() Stats { return r.index.Stats() }

// Forget takes out of the index every session that one of events began, and out
// of memory all streams that they came in. Given all events of a visitor, the index is
// as if that visitor had never been there, until the log is read anew: whoever erases a
// visitor takes the events out of the log first. Of others who used the same browser the
// index keeps what they did; what they looked at last, and hold, is remembered again from
// their next event, or the next start, on.
func (r *Recommender) Forget(events []*sessions.Event) {
	r.forget(events)
	r.drop()
}

func (r *Recommender) forget(events []*sessions.Event) {
	r.changing.Lock()
	defer r.changing.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.popular.expire()
	for _, e := range events {
		r.index.Remove(SessionKey(e.Seq))
		r.memory.forget(e)
	}
}

// run follows the log. A failure is logged and what failed is tried again.
func (r *Recommender) run(ctx context.Context) {
	defer close(r.done)
	began := time.Now()
	if err := r.restore(ctx); err != nil {
		r.options.Logger.Warn("the snapshot of recommendations is not used: the log is read from its beginning", "error", err)
	}
	if err := r.firstPass(ctx, began); err != nil {
		return
	}
	saved := time.Now()
	for ctx.Err() == nil {
		if err := r.log.Wait(ctx, r.Cursor()); err != nil {
			break
		}
		r.step(ctx)
		if now := time.Now(); now.Sub(saved) >= snapshotEvery {
			saved = now
			r.keep(ctx)
		}
	}
	r.keep(context.WithoutCancel(ctx))
}

// keep takes a snapshot, or logs why it cannot: then the next start takes longer.
func (r *Recommender) keep(ctx context.Context) {
	if err := r.save(ctx); err != nil {
		r.options.Logger.Warn("recommendations cannot be kept for the next start", "error", err)
	}
}

// firstPass reads the log up to where it ends now, and reports on a long one.
func (r *Recommender) firstPass(ctx context.Context, began time.Time) error {
	head := r.log.Head().Seq
	restored, reported := r.Cursor(), began
	for r.Cursor() < head {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.step(ctx)
		if now := time.Now(); now.Sub(reported) >= reportEvery {
			reported = now
			r.options.Logger.Info("building the recommendation index", "events", r.Cursor(), "of", head)
		}
	}
	close(r.built)
	s := r.Stats()
	r.options.Logger.Info("recommendation index is ready", "events", r.Cursor(), "restored", restored, "sessions", s.Sessions,
		"clicks", s.Clicks, "items", s.Items, "bytes", s.Bytes, "took", time.Since(began).Round(time.Millisecond))
	return nil
}

// step takes in the next events, or logs why it cannot and pauses.
func (r *Recommender) step(ctx context.Context) {
	events, err := r.log.Since(ctx, r.Cursor(), followBatch)
	if err == nil {
		err = r.take(events)
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	r.options.Logger.Error("recommendations follower", "after", r.Cursor(), "error", err)
	select {
	case <-time.After(followPause):
	case <-ctx.Done():
	}
}

// take takes in events that follow the cursor. An event that cannot be read stops
// it there. Nobody waits for the index: it takes its part in when the rest is done.
func (r *Recommender) take(events []*sessions.Event) (err error) {
	r.changing.Lock()
	defer r.changing.Unlock()
	clicks, last, err := r.fold(events)
	r.index.Append(clicks...)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(clicks) > 0 {
		r.popular.expire()
	}
	r.cursor = max(r.cursor, last)
	close(r.changed)
	r.changed = make(chan struct{})
	return err
}

// fold takes events into all but the index, for which it returns their clicks, and says
// which was the last one that could be read.
func (r *Recommender) fold(events []*sessions.Event) (clicks []Click, last sessions.Seq, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	stocked := false
	for _, e := range events {
		if clicks, err = r.memory.take(e, clicks); err != nil {
			err = fmt.Errorf("take in event %d: %w", e.Seq, err)
			break
		}
		if e.Kind == sessions.WeightsLearned {
			if err = r.weigh(e); err != nil {
				break
			}
		}
		if p := entryOf(e); p != nil {
			r.shelf.take(*p, e)
			stocked = true
		}
		last = e.Seq
	}
	r.shelf.settle()
	if stocked {
		r.popular.expire()
		r.assortments.expire()
	}
	return clicks, last, err
}
