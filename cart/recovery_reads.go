package cart

import (
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// shopperMessages are the triggers that go to shoppers, or to the shop so that it
// writes to them.
func shopperMessages() []string {
	return []string{string(StepDue), string(Abandoned), string(CheckoutAbandoned), string(BrowseAbandoned)}
}

// counted is how many messages of a kind there are.
type counted struct {
	Flow    string
	Step    int64
	Channel string
	N       int64
}

// delivered counts the messages that arrived in a period: one that several
// endpoints got is one.
func (t harvest) delivered(tx *gorm.DB, p period) error {
	var rows []counted
	err := tx.Raw(`SELECT t.flow AS flow, t.step AS step, e.channel AS channel, COUNT(DISTINCT t.id) AS n
		FROM endings AS e JOIN triggers AS t ON t.id = e.trigger_id
		WHERE e.outcome = 'delivered' AND e.at >= ? AND e.at < ? AND t.dry = 0 AND t.kind IN ?
		GROUP BY t.flow, t.step, e.channel`, int64(p.from), int64(p.to), shopperMessages()).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("count what was delivered: %w", err)
	}
	for _, r := range rows {
		t.of(message{r.Flow, r.Step, Channel(r.Channel)}).Delivered = r.N
	}
	return nil
}

// clicked counts the messages whose link was followed in a period.
func (t harvest) clicked(tx *gorm.DB, p period) error {
	var rows []counted
	err := tx.Raw(`SELECT flow, step, channel, COUNT(DISTINCT trigger_id) AS n FROM clicks
		WHERE at >= ? AND at < ? GROUP BY flow, step, channel`, int64(p.from), int64(p.to)).Scan(&rows).Error
	if err != nil {
		return fmt.Errorf("count what was clicked: %w", err)
	}
	for _, r := range rows {
		t.of(message{r.Flow, r.Step, Channel(r.Channel)}).Clicked = r.N
	}
	return nil
}

// loadClicks returns the clicks of a period in the order of the log, each with
// the living visitor whose it is.
func loadClicks(tx *gorm.DB, p period) ([]Click, error) {
	var rows []clickRow
	if err := tx.Where("at >= ? AND at < ?", int64(p.from), int64(p.to)).Order("seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("load clicks: %w", err)
	}
	clicks := rowsOf(rows, clickRow.click)
	visitors := map[sessions.VisitorID]bool{}
	for _, c := range clicks {
		visitors[c.Visitor] = true
	}
	roots, err := rootsOf(tx, visitors)
	if err != nil {
		return nil, err
	}
	for i := range clicks {
		clicks[i].Visitor = roots[clicks[i].Visitor]
	}
	return clicks, nil
}

// rootsOf returns the living visitors of a set; nobody stays nobody.
func rootsOf(tx *gorm.DB, visitors map[sessions.VisitorID]bool) (map[sessions.VisitorID]sessions.VisitorID, error) {
	delete(visitors, 0)
	members := make([]sessions.VisitorID, 0, len(visitors))
	for _, v := range numbers(visitors) {
		members = append(members, sessions.VisitorID(v))
	}
	return sessions.Roots(tx, members)
}

// loadWithheld counts what was not sent in a period because of an order: what was
// decided so, and what was found so when it was about to go out.
func loadWithheld(tx *gorm.DB, p period) ([]Withheld, error) {
	withheld := []Withheld{}
	err := tx.Raw(`SELECT flow, step, SUM(n) AS messages FROM (
			SELECT flow, step, COUNT(*) AS n FROM decisions
			WHERE dry = 0 AND outcome = 'suppress' AND reason IN @reasons AND decided_at >= @from AND decided_at < @to
			GROUP BY flow, step
			UNION ALL
			SELECT t.flow, t.step, COUNT(DISTINCT t.id) AS n
			FROM endings AS e JOIN triggers AS t ON t.id = e.trigger_id LEFT JOIN carts AS c ON c.id = t.cart
			WHERE e.outcome = 'suppressed' AND e.at >= @from AND e.at < @to AND t.dry = 0 AND t.kind IN @kinds
				AND (e.reason IN @reasons OR e.reason = 'cart_closed' AND c.status = 'ordered')
			GROUP BY t.flow, t.step
		) AS both_ways GROUP BY flow, step ORDER BY flow, step`,
		map[string]any{
			"from": int64(p.from), "to": int64(p.to), "kinds": shopperMessages(),
			"reasons": []string{string(OrderOfCart), string(OrderOfCheckout), string(OrderOfVisitor), string(OrderOfCustomer), string(OrderOfEmail)},
		}).Scan(&withheld).Error
	if err != nil {
		return nil, fmt.Errorf("count what an order made needless: %w", err)
	}
	return withheld, nil
}
