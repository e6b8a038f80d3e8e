package cart

import (
	"context"
	"encoding/json"
	"fmt"

	"cartwright/sessions"
)

// InCarts returns the products in the open carts of a customer.
func (s *Store) InCarts(ctx context.Context, customer sessions.CustomerID) ([]sessions.ProductID, error) {
	return s.held(ctx, customer, "carts", "status = 'open'")
}

// Bought returns the products of all orders of a customer that were not cancelled.
func (s *Store) Bought(ctx context.Context, customer sessions.CustomerID) ([]sessions.ProductID, error) {
	return s.held(ctx, customer, "orders", "cancelled = 0 AND seq > 0")
}

// held returns the products of a customer's rows, in no order and with repeats.
func (s *Store) held(ctx context.Context, customer sessions.CustomerID, table, which string) ([]sessions.ProductID, error) {
	tx := s.db.Read(ctx)
	visitor, err := sessions.FindVisitor(tx, "", customer, "")
	if err != nil || visitor == 0 {
		return nil, err
	}
	var bodies [][]byte
	if err := tx.Table(table).Where("visitor_id = ?", int64(visitor)).Where(which).Pluck("lines", &bodies).Error; err != nil {
		return nil, fmt.Errorf("load the %s of visitor %d: %w", table, visitor, err)
	}
	return productsOf(bodies)
}

func productsOf(bodies [][]byte) ([]sessions.ProductID, error) {
	var products []sessions.ProductID
	for _, body := range bodies {
		var lines []sessions.Line
		if err := json.Unmarshal(body, &lines); err != nil {
			return nil, fmt.Errorf("read lines: %w", err)
		}
		for _, line := range lines {
			products = append(products, line.Product)
		}
	}
	return products, nil
}
