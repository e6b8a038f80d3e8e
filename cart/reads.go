package cart

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"cartwright/sessions"
)

// Cart returns a cart; the error is [sessions.ErrNotFound] if there is none.
func (s *Store) Cart(ctx context.Context, id ID) (Cart, error) {
	return one(s.db.Read(ctx).Where("id = ?", int64(id)), fmt.Sprintf("cart %d", id))
}

// CartNamed returns the cart of the shop's own id; the error is
// [sessions.ErrNotFound] if there is none.
func (s *Store) CartNamed(ctx context.Context, name sessions.CartID) (Cart, error) {
	return one(s.db.Read(ctx).Where("cart_id = ? AND cart_id <> ''", string(name)), "a cart by the shop's id")
}

func one(query *gorm.DB, what string) (Cart, error) {
	var rows []cartRow
	if err := query.Find(&rows).Error; err != nil {
		return Cart{}, fmt.Errorf("load %s: %w", what, err)
	}
	if len(rows) == 0 {
		return Cart{}, fmt.Errorf("%s: %w", what, sessions.ErrNotFound)
	}
	return rows[0].cart()
}

// Carts lists up to limit carts, the newest first. After is the last one of the
// page before, 0 for the first page.
func (s *Store) Carts(ctx context.Context, after ID, limit int) ([]Cart, error) {
	query := s.db.Read(ctx).Order("id DESC").Limit(limit)
	if after != 0 {
		query = query.Where("id < ?", int64(after))
	}
	var rows []cartRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list carts: %w", err)
	}
	return cartsOf(rows)
}

func cartsOf(rows []cartRow) ([]Cart, error) {
	carts := make([]Cart, len(rows))
	for i, r := range rows {
		var err error
		if carts[i], err = r.cart(); err != nil {
			return nil, err
		}
	}
	return carts, nil
}

// Order returns an order; the error is [sessions.ErrNotFound] if it was never
// completed.
func (s *Store) Order(ctx context.Context, id sessions.OrderID) (Order, error) {
	return orderOf(s.db.Read(ctx), id)
}

func orderOf(tx *gorm.DB, id sessions.OrderID) (Order, error) {
	var rows []orderRow
	if err := tx.Where("order_id = ? AND seq > 0", string(id)).Find(&rows).Error; err != nil {
		return Order{}, fmt.Errorf("load an order by its id: %w", err)
	}
	if len(rows) == 0 {
		return Order{}, fmt.Errorf("load an order by its id: %w", sessions.ErrNotFound)
	}
	return rows[0].order()
}

// Orders lists up to limit completed orders, the newest first. After is the seq
// of the last one of the page before, 0 for the first page.
func (s *Store) Orders(ctx context.Context, after sessions.Seq, limit int) ([]Order, error) {
	query := s.db.Read(ctx).Where("seq > 0").Order("seq DESC").Limit(limit)
	if after != 0 {
		query = query.Where("seq < ?", int64(after))
	}
	var rows []orderRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list orders: %w", err)
	}
	orders := make([]Order, len(rows))
	for i, r := range rows {
		var err error
		if orders[i], err = r.order(); err != nil {
			return nil, err
		}
	}
	return orders, nil
}

// Flows returns the flows that hold, see [Rules.LoadFlows].
func (s *Store) Flows(ctx context.Context, r Rules) (Configured, error) {
	return r.LoadFlows(s.db.Read(ctx))
}

// Decisions lists what was decided of a cart and why, the oldest first.
func (s *Store) Decisions(ctx context.Context, id ID) ([]Decision, error) {
	return s.decisions(ctx, subject{cart: id})
}

// SessionDecisions lists what was decided of a session of somebody who left without a
// cart, the oldest first. Of most sessions nothing is: no browse flow took them.
func (s *Store) SessionDecisions(ctx context.Context, id sessions.SessionID) ([]Decision, error) {
	return s.decisions(ctx, subject{session: id})
}

// decisions lists those of all episodes of a subject.
func (s *Store) decisions(ctx context.Context, of subject) ([]Decision, error) {
	var rows []decisionRow
	if err := s.db.Read(ctx).Where("cart = ? AND session = ?", int64(of.cart), int64(of.session)).Order("seq").Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list decisions on %s: %w", of, err)
	}
	return rowsOf(rows, decisionRow.decision), nil
}

// EachDecision calls f with all decisions in the order in which they were made, with
// the shop's ids of carts and with visitors as they are known now. Cost: a pass over all.
func (s *Store) EachDecision(ctx context.Context, f func(Decision) error) error {
	tx := s.db.Read(ctx)
	rows, err := tx.Raw(`SELECT decisions.*, carts.cart_id AS name, COALESCE(carts.visitor_id, enrolments.visitor_id, 0) AS visitor_id
		FROM decisions LEFT JOIN carts ON carts.id = decisions.cart
		LEFT JOIN enrolments ON enrolments.cart = decisions.cart AND enrolments.session = decisions.session AND enrolments.episode = decisions.episode
		ORDER BY decisions.seq`).Rows()
	if err != nil {
		return fmt.Errorf("read decisions: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var row struct {
			Row       decisionRow `gorm:"embedded"`
			Name      string
			VisitorID int64
		}
		if err := tx.ScanRows(rows, &row); err != nil {
			return fmt.Errorf("read decisions: %w", err)
		}
		d := row.Row.decision()
		d.Name, d.Visitor = sessions.CartID(row.Name), sessions.VisitorID(row.VisitorID)
		if err := f(d); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Trigger returns a trigger; the error is [sessions.ErrNotFound] if there is
// none.
func (s *Store) Trigger(ctx context.Context, id string) (Trigger, error) {
	return triggerOf(s.db.Read(ctx), id)
}

func triggerOf(tx *gorm.DB, id string) (Trigger, error) {
	var rows []triggerRow
	if err := tx.Where("id = ?", id).Find(&rows).Error; err != nil {
		return Trigger{}, fmt.Errorf("load trigger %q: %w", id, err)
	}
	if len(rows) == 0 {
		return Trigger{}, fmt.Errorf("trigger %q: %w", id, sessions.ErrNotFound)
	}
	return rows[0].trigger(), nil
}

// Triggers lists up to limit triggers, dry ones too, the newest first. After is
// the id of the last one of the page before, empty for the first page.
func (s *Store) Triggers(ctx context.Context, after string, limit int) ([]Trigger, error) {
	query := s.db.Read(ctx).Order("seq DESC, id DESC").Limit(limit)
	if after != "" {
		last, err := s.Trigger(ctx, after)
		if err != nil {
			return nil, err
		}
		query = query.Where("(seq, id) < (?, ?)", int64(last.Seq), last.ID)
	}
	var rows []triggerRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list triggers: %w", err)
	}
	return rowsOf(rows, triggerRow.trigger), nil
}

// Counts are what the log holds of carts and orders.
type Counts struct {
	Carts     int64 `json:"carts"`           // that ever held a line
	OpenCarts int64 `json:"open_carts"`      // that hold units now
	OpenUnits int64 `json:"open_cart_units"` // what those hold
	Orders    int64 `json:"orders"`          // completed
}

// ReadCounts counts carts and orders. Cost: a pass over each.
func ReadCounts(tx *gorm.DB) (Counts, error) {
	var c Counts
	err := tx.Raw(`SELECT COALESCE(SUM(held), 0) AS carts,
		COALESCE(SUM(CASE WHEN status = 'open' THEN 1 ELSE 0 END), 0) AS open_carts,
		COALESCE(SUM(CASE WHEN status = 'open' THEN units ELSE 0 END), 0) AS open_units,
		(SELECT COUNT(*) FROM orders WHERE seq > 0) AS orders FROM carts`).Scan(&c).Error
	if err != nil {
		return c, fmt.Errorf("count carts and orders: %w", err)
	}
	return c, nil
}
