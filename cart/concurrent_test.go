package cart_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Detectors of two processes run at once while orders come in: whoever is first
// decides, each cart once, and no trigger follows an order that was there.
func TestDetectorsBesideEachOther(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s, other := openShop(t, db), openShop(t, db)
		s.enableRecovery()
		var adds []*sessions.Event
		for i := range 700 {
			adds = append(adds, added(fmt.Sprint("shopper", i), "cup"))
		}
		s.happens(0, adds...)

		var g errgroup.Group
		triggers := make([]int, 2)
		now := at(60)
		for i, detector := range []*cart.Detector{s.detector, other.detector} {
			g.Go(func() error {
				r, err := detector.Detect(context.Background(), now, cart.Options{Deliver: true})
				triggers[i] = r.Triggers
				return err
			})
		}
		g.Go(func() error { return buy(other.log, now, 50) })
		if err := g.Wait(); err != nil {
			t.Fatal(err)
		}
		var rows, late int64
		read := db.Read(context.Background())
		if err := read.Raw("SELECT COUNT(*) FROM triggers WHERE kind = 'cart.abandoned'").Scan(&rows).Error; err != nil {
			t.Fatal(err)
		}
		if err := read.Raw(`SELECT COUNT(*) FROM triggers JOIN carts ON triggers.cart = carts.id JOIN orders ON carts.order_id = orders.order_id
			WHERE kind = 'cart.abandoned' AND orders.seq < triggers.seq`).Scan(&late).Error; err != nil {
			t.Fatal(err)
		}
		if rows != int64(triggers[0]+triggers[1]) || rows < 650 || rows > 700 || late != 0 {
			t.Errorf("%d rows, reported %v, %d after an order", rows, triggers, late)
		}
	})
}

// buy appends one order after another.
func buy(log *sessions.Log, now time.Time, n int) error {
	for i := range n {
		o := ordered(fmt.Sprint(i), by(fmt.Sprint("shopper", i*14)))
		o.Received = sessions.MillisOf(now)
		if _, err := log.Append(context.Background(), sessions.Batch{Events: []*sessions.Event{o}}); err != nil {
			return err
		}
	}
	return nil
}
