package cart

import (
	"fmt"
	"maps"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A standing holds the newest orders of each identity of some carts' shoppers:
// those that may stand against the carts.
type standing struct {
	carts, checkouts, customers, emails map[string]newest
	visitors                            map[int64]newest
	known                               map[sessions.VisitorID][]identifier
}

// placed is an order, the event that completed it, when that happened by the
// sender's clock, and when it was received; none has the seq 0.
type placed struct {
	OrderID    string
	Seq        int64
	OccurredAt int64
	ReceivedAt int64
	Cancelled  int64
}

// covers reports whether the order came after c's episode began: in the log, or
// by the clocks of those who told. A phone that was offline tells of the cart
// only after the shop's backend told of its order.
func (p placed) covers(c Cart) bool {
	return p.Seq > int64(c.EpisodeBegan) || p.Seq > 0 && p.OccurredAt > int64(c.EpisodeAt)
}

// newest are the latest orders of one identity, in the log and by the clock, and when
// the latest was received that was not cancelled.
type newest struct {
	bySeq, byTime placed
	bought        int64
}

func (n newest) with(p placed) newest {
	if p.Seq > n.bySeq.Seq {
		n.bySeq = p
	}
	if n.byTime.Seq == 0 || p.OccurredAt > n.byTime.OccurredAt {
		n.byTime = p
	}
	if p.Cancelled == 0 {
		n.bought = max(n.bought, p.ReceivedAt)
	}
	return n
}

// identifier is a customer id or an address of a visitor.
type identifier struct {
	VisitorID   int64
	Kind, Value string
}

// loadStanding reads what was ordered under any identity of carts since the
// first of their episodes began, and what was received since a time.
func loadStanding(tx *gorm.DB, carts []Cart, received sessions.Millis) (standing, error) {
	var s standing
	var err error
	visitors := numbers(visitorsOf(carts))
	if s.known, err = identifiers(tx, visitors); err != nil {
		return s, err
	}
	names, checkouts, customers, emails := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	since := placed{Seq: int64(carts[0].EpisodeBegan), OccurredAt: int64(carts[0].EpisodeAt), ReceivedAt: int64(received)}
	for _, c := range carts {
		names[string(c.Name)], checkouts[string(c.Checkout)], emails[string(c.Email)] = true, true, true
		since.Seq = min(since.Seq, int64(c.EpisodeBegan))
		since.OccurredAt = min(since.OccurredAt, int64(c.EpisodeAt))
		for _, id := range s.known[c.Visitor] {
			if id.Kind == "email" {
				emails[id.Value] = true
			} else {
				customers[id.Value] = true
			}
		}
	}
	if s.visitors, err = newestBy(tx, "visitor_id", "", visitors, since); err != nil {
		return s, err
	}
	for _, by := range []struct {
		into   *map[string]newest
		column string
		values map[string]bool
	}{
		{&s.carts, "cart_id", names}, {&s.checkouts, "checkout_id", checkouts},
		{&s.customers, "customer_id", customers}, {&s.emails, "email", emails},
	} {
		delete(by.values, "")
		// The condition of the partial index, without which it would not be used.
		if *by.into, err = newestBy(tx, by.column, " AND "+by.column+" <> ''", texts(by.values), since); err != nil {
			return s, err
		}
	}
	return s, nil
}

// newestBy returns the newest orders of each of the values of a column, as far as
// they are later than one in the log or by a clock.
func newestBy[K comparable](tx *gorm.DB, column, condition string, values []K, since placed) (map[K]newest, error) {
	found := map[K]newest{}
	query := "SELECT " + column + " AS key, order_id, seq, occurred_at, received_at, cancelled FROM orders WHERE " + column + " IN ?" + condition +
		" AND seq > 0 AND (seq > ? OR occurred_at > ? OR received_at > ?)"
	err := database.Each(values, func(part []K) error {
		var rows []struct {
			Key    K
			Placed placed `gorm:"embedded"`
		}
		if err := tx.Raw(query, part, since.Seq, since.OccurredAt, since.ReceivedAt).Scan(&rows).Error; err != nil {
			return fmt.Errorf("find orders by %s: %w", column, err)
		}
		for _, r := range rows {
			found[r.Key] = found[r.Key].with(r.Placed)
		}
		return nil
	})
	return found, err
}

// identifiers returns the customer ids and addresses of living visitors, with
// those of visitors that were joined to them.
func identifiers(tx *gorm.DB, visitors []int64) (map[sessions.VisitorID][]identifier, error) {
	living := make([]sessions.VisitorID, len(visitors))
	for i, v := range visitors {
		living[i] = sessions.VisitorID(v)
	}
	roots, err := sessions.Family(tx, living)
	if err != nil {
		return nil, err
	}
	members := slices.Collect(maps.Keys(roots))
	slices.Sort(members)
	all := map[sessions.VisitorID][]identifier{}
	err = database.Each(members, func(part []sessions.VisitorID) error {
		var rows []identifier
		query := "SELECT visitor_id, kind, value FROM identities WHERE visitor_id IN ? AND kind <> 'anonymous' ORDER BY kind, value"
		if err := tx.Raw(query, part).Scan(&rows).Error; err != nil {
			return fmt.Errorf("find visitors' identifiers: %w", err)
		}
		for _, r := range rows {
			root := roots[sessions.VisitorID(r.VisitorID)]
			all[root] = append(all[root], r)
		}
		return nil
	})
	return all, err
}

// A claim is what was ordered under one identity of a cart.
type claim struct {
	newest
	reason Reason
}

// claims returns what was ordered under the identities of a cart, the most telling
// ones first.
func (s standing) claims(c Cart) []claim {
	claims := []claim{
		{s.carts[string(c.Name)], OrderOfCart},
		{s.checkouts[string(c.Checkout)], OrderOfCheckout},
		{s.visitors[int64(c.Visitor)], OrderOfVisitor},
		{s.emails[string(c.Email)], OrderOfEmail},
	}
	for _, id := range s.known[c.Visitor] {
		if id.Kind == "email" {
			claims = append(claims, claim{s.emails[id.Value], OrderOfEmail})
		} else {
			claims = append(claims, claim{s.customers[id.Value], OrderOfCustomer})
		}
	}
	return claims
}

// weigh takes down in facts which order stands against their cart, unless one does
// already: one that came after the episode began, under the most telling identity. It
// takes down, too, when the shopper last ordered anything, as far as that was read.
func (s standing) weigh(f *Facts, c Cart) {
	for _, cl := range s.claims(c) {
		f.LastOrder = max(f.LastOrder, sessions.Millis(cl.bought))
		for _, p := range []placed{cl.bySeq, cl.byTime} {
			if f.Order == "" && p.covers(c) {
				f.Order, f.Identity = sessions.OrderID(p.OrderID), cl.reason
			}
		}
	}
}
