package cart

import (
	"context"
	"fmt"

	"cartwright/sessions"
)

// InCarts returns the products in the open carts of a customer, in no order and with repeats.
func (s *Store) InCarts(ctx context.Context, customer sessions.CustomerID) (products []sessions.ProductID, err error) {
	err = s.held(ctx, customer, "carts", "0", "status = 'open'", func(p sessions.ProductID, _ sessions.Millis) {
		products = append(products, p)
	})
	return products, err
}

// Bought returns the products of all orders of a customer that were not cancelled, and when
// each was ordered last.
func (s *Store) Bought(ctx context.Context, customer sessions.CustomerID) (map[sessions.ProductID]sessions.Millis, error) {
	bought := map[sessions.ProductID]sessions.Millis{}
	err := s.held(ctx, customer, "orders", "occurred_at", "cancelled = 0 AND seq > 0", func(p sessions.ProductID, at sessions.Millis) {
		bought[p] = max(bought[p], at)
	})
	return bought, err
}

// held calls f for the products of a customer's rows, with the time in a column of theirs.
func (s *Store) held(ctx context.Context, customer sessions.CustomerID, table, at, which string, f func(sessions.ProductID, sessions.Millis)) error {
	tx := s.db.Read(ctx)
	visitor, err := sessions.FindVisitor(tx, "", customer, "")
	if err != nil || visitor == 0 {
		return err
	}
	var rows []struct {
		Lines []byte
		At    int64
	}
	if err := tx.Table(table).Select("lines", at+" AS at").Where("visitor_id = ?", int64(visitor)).Where(which).Find(&rows).Error; err != nil {
		return fmt.Errorf("load the %s of visitor %d: %w", table, visitor, err)
	}
	for _, row := range rows {
		lines, err := decodeLines(row.Lines)
		if err != nil {
			return fmt.Errorf("read lines: %w", err)
		}
		for _, line := range lines {
			f(line.Product, sessions.Millis(row.At))
		}
	}
	return nil
}
