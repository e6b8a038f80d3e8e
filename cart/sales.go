package cart

import (
	"cmp"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// saleIndex finds sales by their shopper and carts.
type saleIndex struct {
	sales     []Sale
	byVisitor map[sessions.VisitorID][]int
	byCart    map[ID][]int
}

func indexSales(sales []Sale) saleIndex {
	x := saleIndex{sales, map[sessions.VisitorID][]int{}, map[ID][]int{}}
	for i, s := range sales {
		if s.Visitor != 0 {
			x.byVisitor[s.Visitor] = append(x.byVisitor[s.Visitor], i)
		}
		for _, c := range s.Carts {
			x.byCart[c] = append(x.byCart[c], i)
		}
	}
	return x
}

// of returns the sales of a shopper, and of a cart, each once.
func (x saleIndex) of(v sessions.VisitorID, c ID) []Sale {
	places := slices.Concat(x.byVisitor[v], x.byCart[c])
	slices.Sort(places)
	var sales []Sale
	for _, i := range slices.Compact(places) {
		sales = append(sales, x.sales[i])
	}
	return sales
}

// clickIndex finds clicks by their shopper and cart.
type clickIndex struct {
	byVisitor map[sessions.VisitorID][]Click
	byCart    map[ID][]Click
}

func indexClicks(clicks []Click) clickIndex {
	x := clickIndex{map[sessions.VisitorID][]Click{}, map[ID][]Click{}}
	for _, c := range clicks {
		x.byVisitor[c.Visitor] = append(x.byVisitor[c.Visitor], c)
		x.byCart[c.Cart] = append(x.byCart[c.Cart], c)
	}
	return x
}

// near returns the clicks that a sale may follow, some twice.
func (x clickIndex) near(s Sale) []Click {
	clicks := slices.Clone(x.byVisitor[s.Visitor])
	for _, c := range s.Carts {
		clicks = append(clicks, x.byCart[c]...)
	}
	return clicks
}

// period is a stretch of time, without its end.
type period struct{ from, to sessions.Millis }

// loadSales returns the orders that were placed in a period by some living
// visitors, or ended some carts, by their ids. Cost: some queries by index for
// some hundreds of either.
func loadSales(tx *gorm.DB, visitors []int64, carts []int64, p period) ([]Sale, error) {
	var ended []cartRow // those of carts that an order may have ended
	names, orders := map[string]bool{}, map[string]bool{}
	err := database.Each(carts, func(part []int64) error {
		var rows []cartRow
		err := tx.Select("id", "cart_id", "order_id").Where("id IN ?", part).Find(&rows).Error
		ended = append(ended, rows...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("load the carts of sales: %w", err)
	}
	byName, byOrder := map[string][]ID{}, map[string][]ID{}
	for _, r := range ended {
		if r.CartID != "" {
			names[r.CartID], byName[r.CartID] = true, append(byName[r.CartID], ID(r.ID))
		}
		if r.OrderID != "" {
			orders[r.OrderID], byOrder[r.OrderID] = true, append(byOrder[r.OrderID], ID(r.ID))
		}
	}
	found := map[string]orderRow{}
	if err := findOrders(tx, found, p, "visitor_id IN ?", visitors); err != nil {
		return nil, err
	}
	if err := findOrders(tx, found, p, "cart_id IN ? AND cart_id <> ''", texts(names)); err != nil {
		return nil, err
	}
	if err := findOrders(tx, found, p, "order_id IN ?", texts(orders)); err != nil {
		return nil, err
	}
	sales := make([]Sale, 0, len(found))
	for _, r := range found {
		o, err := r.order()
		if err != nil {
			return nil, err
		}
		s := Sale{Order: o, Carts: slices.Concat(byName[r.CartID], byOrder[r.OrderID])}
		slices.Sort(s.Carts)
		s.Carts = slices.Compact(s.Carts)
		sales = append(sales, s)
	}
	slices.SortFunc(sales, func(a, b Sale) int { return cmp.Compare(a.ID, b.ID) })
	return sales, nil
}

// findOrders adds the completed orders of a period that have one of some values.
func findOrders[T any](tx *gorm.DB, found map[string]orderRow, p period, where string, values []T) error {
	return database.Each(values, func(part []T) error {
		var rows []orderRow
		err := tx.Where(where, part).Where("seq > 0 AND occurred_at >= ? AND occurred_at < ?", int64(p.from), int64(p.to)).Find(&rows).Error
		if err != nil {
			return fmt.Errorf("load sales: %w", err)
		}
		for _, r := range rows {
			found[r.OrderID] = r
		}
		return nil
	})
}

// confirmed returns those sales that the shop's backend told of: what a browser
// says is no revenue.
func confirmed(sales []Sale) []Sale {
	return slices.DeleteFunc(slices.Clone(sales), func(s Sale) bool { return !trusted(s.Source) })
}
