package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// wipe makes a shop of a database that nothing happened in.
func wipe(db *database.DB, now time.Time) error {
	return db.Write(context.Background(), func(tx *gorm.DB) error {
		for _, table := range []string{"events", "hashes", "rejected", "cursors", "settings", "visitors", "identities",
			"sessions", "carts", "orders", "decisions", "triggers", "enrolments", "flows", "clicks", "endings", "links", "products", "deliveries", "delivery_attempts", "endpoints",
			"contacts", "consents", "suppressions", "mailed", "unsubscribes"} {
			if err := tx.Exec("DELETE FROM " + table).Error; err != nil {
				return err
			}
		}
		for _, statement := range []string{"UPDATE head SET seq = 0, newest = 0", "UPDATE ingest_counters SET n = 0",
			"UPDATE delivery_cursor SET seq = 0"} {
			if err := tx.Exec(statement).Error; err != nil {
				return err
			}
		}
		return tx.Exec("INSERT INTO endpoints (id, url, secrets, created_at, disabled_at, disabled_reason) VALUES (1, 'https://shop.example/hook', ?, ?, 0, '')",
			"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", now.UnixMilli()).Error
	})
}

// settle lets everything come to its end: a last detection, and deliveries until
// none is due any more. Then it compares what stands in the database.
func (h *play) settle() {
	for _, w := range h.workers {
		w.finish(reply{status: http.StatusOK})
	}
	w := h.workers[0]
	h.act(act{do: "detect"})
	for range 40 {
		w.begin()
		w.finish(reply{status: http.StatusOK})
		var next int64
		if err := h.dbs[0].Read(context.Background()).Raw("SELECT COALESCE(MIN(next_attempt_at), 0) FROM deliveries WHERE next_attempt_at > 0").Scan(&next).Error; err != nil {
			h.fail("look for deliveries: %w", err)
		}
		if next == 0 {
			break
		}
		h.at.Store(max(h.at.Load(), next))
	}
	h.follow(w)
	h.audit()
	if h.failed() != nil {
		return
	}
	for _, check := range []func(tx *gorm.DB){h.checkLog, h.checkTriggers, h.checkCarts, h.checkDeliveries} {
		check(h.dbs[0].Read(context.Background()))
	}
}

// end closes the workers, whatever state they are in.
func (h *play) end() {
	for _, w := range h.workers {
		w.kill()
	}
}

// checkLog: what was acknowledged is in the log, once as the model has heard, and
// all items are counted.
func (h *play) checkLog(tx *gorm.DB) {
	for _, id := range h.acked {
		if h.model.heard[id] == 0 {
			h.fail("acknowledged: %s is not in the log", id)
		}
	}
	count, err := sessions.ReadIngest(tx)
	if err != nil || count != h.count || count.Received != count.Accepted+count.Duplicates+count.Rejected {
		h.fail("counts: %+v, not %+v: %v", count, h.count, err)
	}
	var events int64
	if err := tx.Raw("SELECT COUNT(*) FROM events WHERE source <> 'own'").Scan(&events).Error; err != nil || events != count.Accepted {
		h.fail("counts: %d events, %d accepted: %v", events, count.Accepted, err)
	}
}

// checkTriggers: one for each cart, episode and flow, and those that the model knows.
func (h *play) checkTriggers(tx *gorm.DB) {
	var rows []struct {
		ID, Flow      string
		Cart, Episode int64
	}
	if err := tx.Raw("SELECT id, cart, episode, flow FROM triggers").Scan(&rows).Error; err != nil {
		h.fail("read triggers: %w", err)
	}
	got := map[string]string{}
	for _, r := range rows {
		key := fmt.Sprint(r.Cart, r.Episode, r.Flow)
		if got[key] != "" {
			h.fail("one trigger: of cart %d in episode %d there are %s and %s", r.Cart, r.Episode, got[key], r.ID)
		}
		got[key] = r.ID
	}
	if fmt.Sprint(got) != fmt.Sprint(h.model.told) {
		h.fail("triggers: %v, not %v", got, h.model.told)
	}
}

// checkCarts: they stand as the model has them.
func (h *play) checkCarts(tx *gorm.DB) {
	carts, err := cart.NewStore(h.dbs[0]).Carts(context.Background(), 0, 1000)
	if err != nil {
		h.fail("read carts: %w", err)
	}
	slices.Reverse(carts) // the oldest first
	var got, want []string
	for _, c := range carts {
		units := map[string]int64{}
		for _, l := range c.Lines {
			units[string(l.Product)] = l.Quantity
		}
		got = append(got, fmt.Sprintln(c.ID, c.Name, c.Visitor, c.Status, c.Episode, c.Decided, c.LastActivity, c.Owned, c.Checkout, c.Email, units))
	}
	for _, c := range h.model.carts {
		decided := strings.TrimPrefix(c.decided, "hold")
		want = append(want, fmt.Sprintln(c.id, c.name, c.visitor, c.status, c.episode, decided, c.last, c.owned, c.checkout, c.email, c.units))
	}
	if !slices.Equal(got, want) {
		h.fail("carts:\n%snot\n%s", strings.Join(got, ""), strings.Join(want, ""))
	}
}

// checkDeliveries: each trigger was delivered, and then it arrived, or suppressed,
// which the model agreed to when it was.
func (h *play) checkDeliveries(tx *gorm.DB) {
	var rows []struct{ TriggerID, Status string }
	if err := tx.Raw("SELECT trigger_id, status FROM deliveries").Scan(&rows).Error; err != nil {
		h.fail("read deliveries: %w", err)
	}
	ends := map[string]string{}
	for _, r := range rows {
		ends[r.TriggerID] = r.Status
	}
	if len(rows) != len(h.model.told) {
		h.fail("webhooks: %d deliveries of %d triggers", len(rows), len(h.model.told))
	}
	for key := range h.model.made {
		h.met[strings.Fields(key)[2]] = true
	}
	for _, id := range h.model.told {
		p := h.posted[id]
		h.met["recovered"] = h.met["recovered"] || strings.HasSuffix(id, "recovered")
		h.met["arrived again"] = h.met["arrived again"] || p != nil && p.times > 1
		switch ends[id] {
		case jobs.Delivered:
			if p == nil || !p.arrived {
				h.fail("webhooks: %s is noted as delivered and never arrived", id)
			}
		case jobs.Suppressed:
			if !strings.HasSuffix(id, "cart_abandoned") {
				h.fail("webhooks: %s is suppressed", id)
			}
		default:
			h.fail("webhooks: %s ended %q", id, ends[id])
		}
	}
}
