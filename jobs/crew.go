package jobs

import (
	"context"
	"errors"
	"sync"

	"cartwright/sessions/database"
)

// A crew is the workers of a job that outlive its runs: one at a time for each key. It
// counts what they do, for the reports of the runs.
type crew[K comparable] struct {
	base    context.Context // of all workers
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu     sync.Mutex // guards what follows
	closed bool
	busy   map[K]bool
	counts Report  // since the last report
	errs   []error // since the last report
}

func newCrew[K comparable]() *crew[K] {
	c := &crew[K]{busy: map[K]bool{}, counts: Report{}}
	c.base, c.cancel = context.WithCancel(context.Background())
	return c
}

// start begins a worker for a key, unless one is busy or all are to end.
func (c *crew[K]) start(key K, work func() error) (done <-chan struct{}, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.busy[key] {
		return nil, false
	}
	c.busy[key] = true
	end := make(chan struct{})
	c.workers.Go(func() {
		defer close(end)
		err := work()
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.busy, key)
		if err != nil && !errors.Is(err, database.ErrLost) { // whoever has the lease goes on
			c.errs = append(c.errs, err)
		}
	})
	return end, true
}

// end lets no worker begin any more and waits for those that are busy. When ctx ends
// first they are broken off.
func (c *crew[K]) end(ctx context.Context) {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	stop := context.AfterFunc(ctx, c.cancel)
	c.workers.Wait()
	stop()
	c.cancel()
}

func (c *crew[K]) closing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.closed
}

func (c *crew[K]) count(word string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[word] += n
}

// report returns what happened since the last report, and begins the next.
func (c *crew[K]) report(err error) (Report, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	counts, errs := c.counts, append(c.errs, err)
	c.counts, c.errs = Report{}, nil
	return counts, errors.Join(errs...)
}
