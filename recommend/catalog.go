package recommend

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Catalog is the projection of what the shop sells: for each product the entry
// that its backend put last. It is also what reads them.
type Catalog struct{ db *database.DB }

// NewCatalog returns the catalog of a database.
func NewCatalog(db *database.DB) *Catalog { return &Catalog{db} }

var _ sessions.Projection = (*Catalog)(nil)

// Tables lists the table of the projection.
func (c *Catalog) Tables() []sessions.Table {
	return []sessions.Table{{Name: "products", Key: "product_id"}}
}

type productRow struct {
	ProductID string `gorm:"primaryKey"`
	Body      []byte
	Seq       int64
	ToldAt    int64
}

func (productRow) TableName() string { return "products" }

// productsPerInsert is how many rows one statement writes; wider ones gain nothing.
const productsPerInsert = 100

// Apply writes the entries that events put. Batches without one cost nothing,
// others a statement for each hundred products, and another where states of
// products are told, to leave out those older than what is known.
func (c *Catalog) Apply(tx *gorm.DB, events []*sessions.Event) error {
	changed, err := lastChanges(tx, events)
	if err != nil {
		return err
	}
	var rows []productRow
	places := map[sessions.ProductID]int{} // PostgreSQL refuses to write a row twice in one statement
	for _, e := range events {
		p := entryOf(e)
		if p == nil || outdated(e, changed[p.ID]) {
			continue
		}
		body, err := json.Marshal(p)
		if err != nil {
			return fmt.Errorf("encode product %q of event %d: %w", p.ID, e.Seq, err)
		}
		changed[p.ID] = e.Updated
		row := productRow{string(p.ID), body, int64(e.Seq), int64(e.Updated)}
		if i, again := places[p.ID]; again {
			rows[i] = row
			continue
		}
		places[p.ID] = len(rows)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	err = tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, productsPerInsert).Error
	if err != nil {
		return fmt.Errorf("save %d products: %w", len(rows), err)
	}
	return nil
}

// lastChanges returns when the products whose states events tell were last changed,
// as far as that is known.
func lastChanges(tx *gorm.DB, events []*sessions.Event) (map[sessions.ProductID]sessions.Millis, error) {
	changed := map[sessions.ProductID]sessions.Millis{}
	var ids []string
	for _, e := range events {
		if p := entryOf(e); p != nil && e.Updated != 0 {
			ids = append(ids, string(p.ID))
		}
	}
	for part := range slices.Chunk(ids, productsPerInsert) {
		var rows []productRow
		if err := tx.Select("product_id", "told_at").Where("product_id IN ?", part).Find(&rows).Error; err != nil {
			return nil, fmt.Errorf("find what is known of products: %w", err)
		}
		for _, r := range rows {
			changed[sessions.ProductID(r.ProductID)] = sessions.Millis(r.ToldAt)
		}
	}
	return changed, nil
}

// outdated reports whether an event tells an older state of a product than the one
// that was changed at a time.
func outdated(e *sessions.Event, changed sessions.Millis) bool {
	return e.Updated != 0 && e.Updated < changed
}

// entryOf returns the catalog entry that an event puts, nil if it puts none. What
// a public key says of the catalog is not believed.
func entryOf(e *sessions.Event) *sessions.Product {
	if e.Kind != sessions.ProductUpdated || e.Product == nil || e.Product.ID == "" || e.Source == sessions.Browser {
		return nil
	}
	return e.Product
}

// Product returns the entry of a product; the error is [sessions.ErrNotFound] if
// there is none.
func (c *Catalog) Product(ctx context.Context, id sessions.ProductID) (sessions.Product, error) {
	var rows []productRow
	if err := c.db.Read(ctx).Where("product_id = ?", string(id)).Find(&rows).Error; err != nil {
		return sessions.Product{}, fmt.Errorf("load product %q: %w", id, err)
	}
	if len(rows) == 0 {
		return sessions.Product{}, fmt.Errorf("product %q: %w", id, sessions.ErrNotFound)
	}
	return rows[0].product()
}

// Products lists up to limit entries in the order of their ids, byte by byte.
// After is the last id of the page before, empty for the first page.
func (c *Catalog) Products(ctx context.Context, after sessions.ProductID, limit int) ([]sessions.Product, error) {
	var rows []productRow
	err := c.db.Read(ctx).Where("product_id > ?", string(after)).Order("product_id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("list products: %w", err)
	}
	products := make([]sessions.Product, len(rows))
	for i, r := range rows {
		if products[i], err = r.product(); err != nil {
			return nil, err
		}
	}
	return products, nil
}

// Entries returns the entries of those products that have one, as of tx.
func (c *Catalog) Entries(tx *gorm.DB, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error) {
	entries := make(map[sessions.ProductID]sessions.Product, len(ids))
	return entries, database.Each(ids, func(part []sessions.ProductID) error {
		var rows []productRow
		if err := tx.Where("product_id IN ?", part).Find(&rows).Error; err != nil {
			return fmt.Errorf("load %d products: %w", len(part), err)
		}
		for _, r := range rows {
			p, err := r.product()
			if err != nil {
				return err
			}
			entries[p.ID] = p
		}
		return nil
	})
}

func (r productRow) product() (sessions.Product, error) {
	var p sessions.Product
	if err := json.Unmarshal(r.Body, &p); err != nil {
		return p, fmt.Errorf("decode product %q: %w", r.ProductID, err)
	}
	return p, nil
}
