package recommend

import (
	"context"
	"fmt"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// Entries returns the entries of products, by their ids; those that the catalog
// does not know are missing.
func (c *Catalog) Entries(ctx context.Context, ids []sessions.ProductID) (map[sessions.ProductID]sessions.Product, error) {
	entries := make(map[sessions.ProductID]sessions.Product, len(ids))
	return entries, database.Each(ids, func(part []sessions.ProductID) error {
		var rows []productRow
		if err := c.db.Read(ctx).Where("product_id IN ?", part).Find(&rows).Error; err != nil {
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
