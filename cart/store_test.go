package cart_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"gorm.io/gorm"
	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// tables are the rows that must be the same, whatever the batches and database.
func tables(t testing.TB, db *database.DB) string {
	all := ""
	for _, q := range []string{
		"SELECT * FROM carts ORDER BY id", "SELECT * FROM orders ORDER BY order_id",
		"SELECT * FROM decisions ORDER BY seq", "SELECT * FROM triggers ORDER BY id",
		"SELECT * FROM clicks ORDER BY seq", "SELECT * FROM endings ORDER BY seq",
		"SELECT * FROM enrolments ORDER BY seq", "SELECT * FROM flows ORDER BY seq",
		"SELECT * FROM contacts ORDER BY kind, value, told_by", "SELECT * FROM consents ORDER BY email, told_by, state",
		"SELECT * FROM suppressions ORDER BY address_hash, reason", "SELECT * FROM mailed ORDER BY seq",
	} {
		all += testdb.Rows(t, db, q)
	}
	return all
}

// applied folds events into emptied tables, cut as cuts say, and returns the rows.
func applied(t *testing.T, db *database.DB, events []*sessions.Event, cuts []bool) string {
	t.Helper()
	store := cart.NewStore(db)
	write(t, db, func(tx *gorm.DB) error {
		for _, table := range store.Tables() {
			if err := tx.Exec("DELETE FROM " + table.Name).Error; err != nil {
				return err
			}
		}
		return nil
	})
	for first, next := 0, 1; first < len(events); next++ {
		if next < len(events) && !cuts[next] {
			continue
		}
		write(t, db, func(tx *gorm.DB) error { return store.Apply(tx, events[first:next]) })
		first = next
	}
	return tables(t, db)
}

func write(t *testing.T, db *database.DB, f func(tx *gorm.DB) error) {
	t.Helper()
	if err := db.Write(context.Background(), f); err != nil {
		t.Fatal(err)
	}
}

// told reads the whole store back through its own reads.
func told(t *testing.T, db *database.DB) string {
	t.Helper()
	store, ctx := cart.NewStore(db), context.Background()
	carts, err := store.Carts(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	triggers, err := store.Triggers(ctx, "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	orders, err := store.Orders(ctx, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return taleOf(carts, orders, triggers)
}

// Whatever happens, in whatever batches, both databases hold the same rows, and
// they say what the oracle says.
func TestStoreAgreesWithTheNaiveTale(t *testing.T) {
	lite, post := testdb.SQLite(t), testdb.Postgres(t)
	rapid.Check(t, func(r *rapid.T) {
		events := drawEvents(r)
		cuts := rapid.SliceOfN(rapid.Bool(), len(events), len(events)).Draw(r, "cuts")
		oracle := newNaive()
		for _, e := range events {
			oracle.happens(e)
		}
		atOnce := applied(t, lite, events, make([]bool, len(events)))
		if got, want := told(t, lite), oracle.tale(); got != want {
			r.Fatalf("the store says\n%s\nthe oracle\n%s", got, want)
		}
		if cut := applied(t, lite, events, cuts); cut != atOnce {
			r.Fatalf("in batches\n%s\nat once\n%s", cut, atOnce)
		}
		if other := applied(t, post, events, cuts); other != atOnce {
			r.Fatalf("on PostgreSQL\n%s\non SQLite\n%s", other, atOnce)
		}
	})
}

// drawEvents draws a log in which a few visitors share a few carts and orders.
func drawEvents(r *rapid.T) []*sessions.Event {
	alive := []sessions.VisitorID{0, 1, 2, 3, 4}
	kinds := []sessions.Kind{
		sessions.ProductAdded, sessions.ProductAdded, sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated,
		sessions.CartViewed, sessions.OrderCompleted, sessions.OrderRefunded, sessions.OrderCancelled, sessions.DecisionMade,
		sessions.Page, sessions.CheckoutStarted, sessions.LinkClicked, sessions.DeliveryEnded,
	}
	n := rapid.IntRange(1, 40).Draw(r, "n")
	events := make([]*sessions.Event, n)
	for i := range events {
		seq := sessions.Seq(i + 10)
		e := &sessions.Event{
			Seq: seq, Kind: rapid.SampledFrom(kinds).Draw(r, "kind"),
			Source:   rapid.SampledFrom([]sessions.Source{sessions.Browser, sessions.Browser, sessions.Backend, sessions.Imported}).Draw(r, "source"),
			Received: sessions.Millis(rapid.IntRange(1, 50).Draw(r, "received") * 60_000),
			Occurred: sessions.Millis(rapid.IntRange(1, 50).Draw(r, "occurred") * 60_000),
			Visitor:  rapid.SampledFrom(alive).Draw(r, "visitor"),
		}
		e.Bot = rapid.IntRange(0, 19).Draw(r, "bot") == 0
		e.Cart = sessions.CartID(rapid.SampledFrom([]string{"", "", "A", "B"}).Draw(r, "cart"))
		e.Currency = "EUR"
		drawContent(r, e)
		if e.Visitor != 0 && len(alive) > 2 && !e.Kind.Own() && rapid.IntRange(0, 9).Draw(r, "join") == 0 {
			other := rapid.SampledFrom(alive[1:]).Draw(r, "other")
			moved := max(other, e.Visitor)
			if other != e.Visitor {
				e.Visitor, e.Joined, e.Bot = min(other, e.Visitor), []sessions.VisitorID{moved}, false
				alive = slices.DeleteFunc(alive, func(v sessions.VisitorID) bool { return v == moved })
			}
		}
		events[i] = e
	}
	return events
}

func drawContent(r *rapid.T, e *sessions.Event) {
	amount := int64(100)
	switch e.Kind {
	case sessions.DecisionMade:
		e.Source, e.Cart, e.Bot, e.Visitor = sessions.Ours, "", false, 0
		e.Data = fmt.Appendf(nil, `{"cart":%d,"episode":%d,"flow":"cart","dry":%t,"outcome":%q,"reason":"test"}`,
			rapid.IntRange(10, int(e.Seq)).Draw(r, "decided"), rapid.IntRange(1, 2).Draw(r, "episode"), rapid.Bool().Draw(r, "dry"),
			rapid.SampledFrom([]string{"trigger", "suppress", "hold", "expire"}).Draw(r, "outcome"))
	case sessions.LinkClicked:
		e.Source, e.Cart, e.Bot = sessions.Ours, "", false
		e.Data = fmt.Appendf(nil, `{"trigger_id":"t","cart":%d,"episode":1,"flow":"cart","step":2,"channel":"email","at":%d}`,
			rapid.IntRange(0, int(e.Seq)).Draw(r, "clicked"), e.Received)
	case sessions.DeliveryEnded:
		e.Source, e.Cart, e.Bot, e.Visitor = sessions.Ours, "", false, 0
		e.Data = fmt.Appendf(nil, `{"trigger_id":"t","endpoint_id":1,"outcome":%q}`,
			rapid.SampledFrom([]string{"delivered", "suppressed"}).Draw(r, "outcome"))
	case sessions.OrderCompleted, sessions.OrderRefunded, sessions.OrderCancelled:
		e.Order = sessions.OrderID(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(r, "order"))
		e.Total = &amount
	default:
		for range rapid.IntRange(0, 2).Draw(r, "lines") {
			product := rapid.SampledFrom([]string{"cup", "pot"}).Draw(r, "product")
			of(product, rapid.Int64Range(0, 2).Draw(r, "quantity"), amount)(e)
		}
	}
}
