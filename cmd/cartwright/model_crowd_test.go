package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
)

var crowds = flag.Int("crowds", 12, "how many histories the model test plays in which everybody acts at once")

// In rounds, everybody acts at once: senders, of whom some send the same to both
// workers, and of both workers detection, deliveries and sessions. What order that
// had, the log says, and the model agrees with it.
func TestModelInACrowd(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": testdb.SQLiteURL, "postgres": testdb.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, url(t))
			seed := rand.Int()
			t.Logf("%d from seed %d", *crowds, seed)
			for i := range *crowds {
				h, err := newPlay(s.dbs, broken{})
				if err != nil {
					t.Fatal(err)
				}
				h.crowd(seed + i)
				if err := s.verify(t, h); err != nil {
					t.Fatalf("seed %d: %v", seed+i, err)
				}
			}
		})
	}
}

// crowd plays some rounds. Between them the clock goes on and the model listens.
func (h *play) crowd(seed int) {
	random := rand.New(rand.NewPCG(uint64(seed), 0))
	sketches := rapid.SliceOfN(rapid.Custom(drawSketch), 90, 90).Example(seed)
	for len(sketches) > 0 && h.failed() == nil {
		first := len(h.sent)
		h.sent = append(h.sent, sketches[:15]...)
		sketches = sketches[15:]
		h.round(first)
		h.audit()
		h.at.Add(int64(1+random.IntN(90)) * time.Minute.Milliseconds())
	}
	if h.failed() == nil {
		h.settle()
	}
	h.end()
	if twice := int64(len(h.sent) / 3); h.count.Duplicates != twice {
		h.fail("duplicates: %d of %d events that were sent to both", h.count.Duplicates, twice)
	}
}

// round is what happens at one time: the sketches from first on are sent, and the
// workers do all that they can.
func (h *play) round(first int) {
	var g errgroup.Group
	for part := range 3 {
		from := first + 5*part
		for i := range 1 + part%2 { // the second part is sent to both workers
			g.Go(func() error { return h.sendsSome(h.workers[(part+i)%2], from, from+5) })
		}
	}
	for i, w := range h.workers {
		g.Go(func() error {
			_, err := w.detect.Detect(context.Background(), h.clock(), cart.Options{Deliver: true})
			return err
		})
		g.Go(func() error {
			w.begin()
			w.finish(reply{status: []int{http.StatusOK, http.StatusInternalServerError}[(first/15+i)%2]})
			return nil
		})
	}
	g.Go(func() error { h.follow(h.workers[first/15%2]); return nil })
	if err := g.Wait(); err != nil {
		h.fail("crowd: %w", err)
	}
}

// sendsSome appends the events of some numbers, one or two a request.
func (h *play) sendsSome(w *worker, from, to int) error {
	for from < to {
		var b sessions.Batch
		for n := from; n < min(to, from+2); n++ {
			b.Events = append(b.Events, h.sent[n].event(fmt.Sprint("m", n), h.clock()))
		}
		receipt, err := w.log.Append(context.Background(), b)
		if err != nil {
			return err
		}
		h.mu.Lock()
		h.count.Received += int64(len(b.Events))
		h.count.Accepted += int64(receipt.Accepted)
		h.count.Duplicates += int64(len(receipt.Duplicates))
		for _, e := range b.Events {
			h.acked = append(h.acked, e.MessageID)
		}
		h.mu.Unlock()
		from += len(b.Events)
	}
	return nil
}
