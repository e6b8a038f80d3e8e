package cart

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Catalog says what the shop sells, as of tx. Products that it does not know are
// missing from the answer.
type Catalog interface {
	Entries(tx *gorm.DB, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error)
}

// Links follows the links of messages: it takes note of clicks and restores
// carts. It is safe for concurrent use.
type Links struct {
	db      *database.DB
	log     *sessions.Log
	catalog Catalog
}

// NewLinks returns the links of a database. The log must have the [Store] among
// its projections.
func NewLinks(db *database.DB, log *sessions.Log, c Catalog) *Links { return &Links{db, log, c} }

// Find returns the link of a token, if it has not expired at a time. Else the
// error is [sessions.ErrNotFound], whether there ever was such a link or not.
func (l *Links) Find(ctx context.Context, token string, now time.Time) (Link, error) {
	return findLink(l.db.Read(ctx), token, sessions.MillisOf(now))
}

// ClickPause is how long after a click on the link of a trigger others of the same
// trigger are not counted. Reports ask whether a message was clicked, and by
// which one a shopper came back last, in days: who opens the link again, or
// reloads the page, says nothing new. And the link is open to the world: without
// the pause, whoever has one could fill the log, and call the shop's endpoints as
// often as they like.
const ClickPause = time.Hour

// Click appends that a link was followed by a person at a time, and reports
// whether it did: not if one of the same trigger stands in the log since
// [ClickPause]. Which requests are a person's is the caller's to know.
func (l *Links) Click(ctx context.Context, link Link, now time.Time) (counted bool, err error) {
	at := sessions.MillisOf(now)
	recent, err := clickedSince(l.db.Read(ctx), link.Trigger, at.Add(-ClickPause))
	if err != nil || recent { // without waiting for the place to append
		return false, err
	}
	_, err = l.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		counted = false
		recent, err := clickedSince(tx, link.Trigger, at.Add(-ClickPause))
		if err != nil || recent {
			return nil, err
		}
		e, err := clickEvent(tx, link, at)
		if errors.Is(err, sessions.ErrNotFound) {
			return nil, nil // there is nothing to credit
		}
		if err != nil {
			return nil, err
		}
		counted = true
		return []*sessions.Event{e}, nil
	})
	if err != nil {
		return false, fmt.Errorf("append a click on the link of trigger %s: %w", link.Trigger, err)
	}
	return counted, nil
}

// clickedSince reports whether a click on a trigger's link was counted after a time.
func clickedSince(tx *gorm.DB, trigger string, since sessions.Millis) (bool, error) {
	var n int64
	err := tx.Model(&clickRow{}).Where("trigger_id = ? AND at > ?", trigger, int64(since)).Limit(1).Count(&n).Error
	if err != nil {
		return false, fmt.Errorf("look for clicks on the link of trigger %s: %w", trigger, err)
	}
	return n > 0, nil
}

// clickEvent returns the event of a click: with the shopper of the cart, else the
// one whom the trigger was about.
func clickEvent(tx *gorm.DB, link Link, at sessions.Millis) (*sessions.Event, error) {
	t, err := triggerOf(tx, link.Trigger)
	if err != nil {
		return nil, err
	}
	visitor, err := shopperOf(tx, t)
	if err != nil {
		return nil, err
	}
	return sessions.Own(sessions.LinkClicked, visitor, at, clickContent{
		Trigger: t.ID, Cart: t.Cart, Session: t.Session, Episode: t.Episode, AbandonedAt: t.AbandonedAt,
		Flow: t.Flow, Step: t.Step, Channel: link.Channel, At: at,
	})
}

// shopperOf returns whom a trigger is about, 0 if nobody is known.
func shopperOf(tx *gorm.DB, t Trigger) (sessions.VisitorID, error) {
	if t.Cart != 0 {
		c, err := living(tx, t.Cart)
		return c.Visitor, err
	}
	events, err := sessions.ReadEvents(tx, t.Seq-1, 1)
	if err != nil || len(events) == 0 || events[0].Seq != t.Seq {
		return 0, err
	}
	return sessions.Root(tx, events[0].Visitor)
}

// Restore returns the cart of a token as it is at a time, with what the catalog
// says of its products. The error is [sessions.ErrNotFound] if there is no such
// link or it has expired. Cost: two queries by key, and one for the products.
func (l *Links) Restore(ctx context.Context, token string, now time.Time) (Restored, error) {
	link, err := l.Find(ctx, token, now)
	if err != nil {
		return Restored{}, err
	}
	var c Cart
	if link.Cart != 0 {
		if c, err = living(l.db.Read(ctx), link.Cart); err != nil {
			return Restored{}, fmt.Errorf("restore the cart of a link: %w", err)
		}
	}
	if link.Cart == 0 && len(link.lines) > 0 { // what was looked at; there is no cart
		c = Cart{Status: Open, Lines: link.lines, Units: units(link.lines)}
	}
	if c.Status != Open {
		return closedCart(c, link), nil
	}
	ids := make([]sessions.ProductID, len(c.Lines))
	for i, line := range c.Lines {
		ids[i] = line.Product
	}
	entries, err := l.catalog.Entries(l.db.Read(ctx), ids)
	if err != nil {
		return Restored{}, fmt.Errorf("restore cart %d: %w", c.ID, err)
	}
	return restore(c, link, entries), nil
}
