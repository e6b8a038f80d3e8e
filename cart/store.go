package cart

import (
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Store is the projection of carts, orders, decisions and triggers, and what
// reads them. It decides nothing.
type Store struct {
	db *database.DB
}

// NewStore returns the store of a database.
func NewStore(db *database.DB) *Store { return &Store{db} }

var _ sessions.Projection = (*Store)(nil)

// Tables lists the tables of the projection.
func (s *Store) Tables() []sessions.Table {
	return append([]sessions.Table{
		{Name: "carts", Key: "id"}, {Name: "orders", Key: "order_id"}, {Name: "decisions", Key: "seq"}, {Name: "triggers", Key: "id"},
		{Name: "enrolments", Key: "cart, session, episode"}, {Name: "flows", Key: "seq"}, {Name: "clicks", Key: "seq"}, {Name: "endings", Key: "seq"},
	}, registerTables()...)
}

// Apply writes what events mean for carts and orders. Batches without such an
// event, which most browsing is, cost no query; others a few, whatever their
// length, and a statement for each hundred rows that changed.
func (s *Store) Apply(tx *gorm.DB, events []*sessions.Event) error {
	if err := s.register(tx, events); err != nil {
		return err
	}
	if err := s.keepBook(tx, events); err != nil {
		return err
	}
	return applyResponses(tx, events) // to what is in the book by now
}

// keepBook writes what events mean for carts, orders and flows.
func (s *Store) keepBook(tx *gorm.DB, events []*sessions.Event) error {
	var mattering []*sessions.Event
	for _, e := range events {
		if matters(e) {
			mattering = append(mattering, e)
		}
	}
	if len(mattering) == 0 {
		return nil
	}
	n, err := needOf(mattering)
	if err != nil {
		return err
	}
	b, err := load(tx, n)
	if err != nil {
		return err
	}
	for _, e := range mattering {
		if err := b.apply(e); err != nil {
			return err
		}
	}
	if err := b.moveRest(tx, n.joined); err != nil {
		return err
	}
	return b.save(tx)
}

// moveRest hands over what the book did not load: closed carts and old orders of
// visitors that were joined. Most visitors that are joined have none.
func (b *book) moveRest(tx *gorm.DB, joined map[sessions.VisitorID]bool) error {
	owners, err := owning(tx, joined)
	if err != nil {
		return err
	}
	for _, m := range b.moves {
		for _, from := range m.from {
			if !owners[from] {
				continue
			}
			owners[m.to] = true // who may be joined further on in this batch
			for _, table := range []string{"carts", "orders", "enrolments"} {
				err := tx.Exec("UPDATE "+table+" SET visitor_id = ? WHERE visitor_id = ?", int64(m.to), int64(from)).Error
				if err != nil {
					return fmt.Errorf("move the %s of visitor %d to %d: %w", table, from, m.to, err)
				}
			}
		}
	}
	return nil
}

// owning returns those visitors that have any cart, order or enrolment.
func owning(tx *gorm.DB, visitors map[sessions.VisitorID]bool) (map[sessions.VisitorID]bool, error) {
	owners := map[sessions.VisitorID]bool{}
	err := database.Each(numbers(visitors), func(part []int64) error {
		var found []int64
		err := tx.Raw("SELECT visitor_id FROM carts WHERE visitor_id IN ? UNION SELECT visitor_id FROM orders WHERE visitor_id IN ? "+
			"UNION SELECT visitor_id FROM enrolments WHERE visitor_id IN ?", part, part, part).Scan(&found).Error
		for _, v := range found {
			owners[sessions.VisitorID(v)] = true
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("find what is of joined visitors: %w", err)
	}
	return owners, nil
}

// rowsPerInsert is how many rows one statement writes; wider ones gain nothing.
const rowsPerInsert = 100

// save writes what changed.
func (b *book) save(tx *gorm.DB) error {
	if err := b.saveCarts(tx); err != nil {
		return err
	}
	orders, err := changed(b.orders, b.changedOrders, rowOfOrder)
	if err != nil {
		return err
	}
	if err := write(tx, orders, clause.OnConflict{UpdateAll: true}); err != nil {
		return fmt.Errorf("save orders: %w", err)
	}
	// The keys of both are unique for ever: what is decided twice was decided.
	once := clause.OnConflict{DoNothing: true}
	if err := write(tx, rowsOf(b.decisions, rowOfDecision), once); err != nil {
		return fmt.Errorf("save decisions: %w", err)
	}
	if err := write(tx, rowsOf(b.triggers, rowOfTrigger), once); err != nil {
		return fmt.Errorf("save triggers: %w", err)
	}
	if err := write(tx, b.flows, once); err != nil {
		return fmt.Errorf("save flows: %w", err)
	}
	return b.enrolled.save(tx)
}

// saveCarts writes the carts that changed, those apart that stay where the indexes have them.
func (b *book) saveCarts(tx *gorm.DB) error {
	carts, err := changed(b.carts, b.changedCarts, rowOfCart)
	if err != nil {
		return err
	}
	var moved, still []cartRow
	for _, r := range carts {
		was, known := b.stored[ID(r.ID)]
		if known && string(was.Name) == r.CartID && int64(was.Visitor) == r.VisitorID && string(was.Status) == r.Status {
			still = append(still, r)
		} else {
			moved = append(moved, r)
		}
	}
	if err := database.Insert(tx, intoCarts, moved, (*cartRow).values); err != nil {
		return err
	}
	return database.Insert(tx, inCarts, still, (*cartRow).values)
}

// changed returns the rows of the values whose keys are marked, by their keys.
func changed[K ~string | ~int64, T, R any](values map[K]T, marked map[K]bool, row func(T) (R, error)) ([]R, error) {
	ids := make([]K, 0, len(marked))
	for id := range marked {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	rows := make([]R, len(ids))
	for i, id := range ids {
		var err error
		if rows[i], err = row(values[id]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func rowsOf[T, R any](values []T, row func(T) R) []R {
	rows := make([]R, len(values))
	for i, v := range values {
		rows[i] = row(v)
	}
	return rows
}

func write[R any](tx *gorm.DB, rows []R, conflict clause.OnConflict) error {
	if len(rows) == 0 {
		return nil
	}
	return tx.Clauses(conflict).CreateInBatches(rows, rowsPerInsert).Error
}
