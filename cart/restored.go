package cart

import (
	"time"

	"cartwright/sessions"
)

// Standing words of a restored cart. They say no more than the shop's page needs
// to know what to show.
const (
	RestoredOpen    = "open"    // here it is
	RestoredEmpty   = "empty"   // nothing is left in it
	RestoredOrdered = "ordered" // it was ordered; there is nothing to restore
)

// Restored is a cart as a link shows it to whoever has the token: the cart as it
// is now, since the shopper may have gone on with it elsewhere, priced and
// checked by the catalog. It says nothing of the shopper, nor any id but those of
// products: the link may have been forwarded.
type Restored struct {
	Status   string         `json:"status"`
	Currency string         `json:"currency,omitempty"` // ISO 4217, of every amount
	Lines    []RestoredLine `json:"lines"`
	Value    *int64         `json:"value"`   // minor units, of all that can be bought now; null when no price is known
	Changes  []LineChange   `json:"changes"` // what is not as it was when the message was written
	Expires  time.Time      `json:"expires_at"`
}

// RestoredLine is a line of a restored cart. What the catalog does not say is
// missing.
type RestoredLine struct {
	Product   sessions.ProductID `json:"product_id"`
	Variant   sessions.VariantID `json:"variant_id,omitempty"`
	Name      string             `json:"name,omitempty"`
	URL       string             `json:"url,omitempty"`
	ImageURL  string             `json:"image_url,omitempty"`
	Quantity  int64              `json:"quantity"`
	UnitPrice *int64             `json:"unit_price"` // the catalog's, else that of the cart; null when neither is known
	InStock   bool               `json:"in_stock"`   // as far as is known
	Sold      bool               `json:"sold"`       // false: the shop sells it no longer
}

// Change says in which way a line is not as it was.
type Change string

// The changes of a line.
const (
	PriceChanged    Change = "price_changed"    // before and after are minor units
	QuantityChanged Change = "quantity_changed" // before and after are units
	LineAdded       Change = "added"            // to the cart since; after is units
	LineRemoved     Change = "removed"          // from the cart since; before is units
	LineOutOfStock  Change = "out_of_stock"
	LineUnsold      Change = "no_longer_sold"
)

// LineChange is one thing that is not as it was when the message was written.
type LineChange struct {
	Product sessions.ProductID `json:"product_id"`
	Variant sessions.VariantID `json:"variant_id,omitempty"`
	What    Change             `json:"what"`
	Before  *int64             `json:"before"`
	After   *int64             `json:"after"`
}

// closedCart says that a cart holds nothing to restore.
func closedCart(c Cart, l Link) Restored {
	r := Restored{Status: RestoredEmpty, Lines: []RestoredLine{}, Changes: []LineChange{}, Expires: l.Expires.Time()}
	if c.Status == Ordered {
		r.Status = RestoredOrdered
	}
	return r
}

// restore returns an open cart as a link shows it. A product that the catalog does
// not know is taken as it stands in the cart: many shops keep no catalog here, or
// not of everything. One that it hides is sold no longer; that is also how shops'
// platforms tell that they deleted one. Prices in another currency than the
// cart's are passed over, since amounts of two are never mixed.
func restore(c Cart, l Link, entries map[sessions.ProductID]sessions.Product) Restored {
	r := Restored{
		Status: RestoredOpen, Currency: c.Currency, Lines: []RestoredLine{}, Changes: []LineChange{}, Expires: l.Expires.Time(),
	}
	var buyable []sessions.Line
	for _, line := range c.Lines {
		entry, known := entries[line.Product]
		now := RestoredLine{
			Product: line.Product, Variant: line.Variant, Quantity: line.Quantity, UnitPrice: line.UnitPrice, InStock: true, Sold: true,
		}
		if known {
			now = now.as(entry, c.Currency)
		}
		r.Lines = append(r.Lines, now)
		r.Changes = append(r.Changes, changesOf(line, now, l.lines)...)
		if now.InStock && now.Sold {
			line.UnitPrice = now.UnitPrice
			buyable = append(buyable, line)
		}
	}
	for _, before := range l.lines {
		if find(c.Lines, before) < 0 {
			r.Changes = append(r.Changes, LineChange{before.Product, before.Variant, LineRemoved, &before.Quantity, nil})
		}
	}
	r.Value = value(buyable)
	return r
}

// as returns the line with what the catalog says of its product.
func (r RestoredLine) as(p sessions.Product, currency string) RestoredLine {
	r.Name, r.URL, r.ImageURL = p.Name, p.URL, p.ImageURL
	r.InStock = p.InStock == nil || *p.InStock
	r.Sold = !p.Hidden
	if price := believable(p.Price); price != nil && p.Currency == currency {
		r.UnitPrice = price
	}
	return r
}

// changesOf returns how a line of a cart is not as it was in the message, which
// showed the lines before, at the prices for which they were put in.
func changesOf(line sessions.Line, now RestoredLine, before []sessions.Line) []LineChange {
	var changes []LineChange
	change := func(what Change, before, after *int64) {
		changes = append(changes, LineChange{line.Product, line.Variant, what, before, after})
	}
	was := line.UnitPrice
	if i := find(before, line); i < 0 {
		change(LineAdded, nil, &line.Quantity)
	} else {
		if before[i].Quantity != line.Quantity {
			change(QuantityChanged, &before[i].Quantity, &line.Quantity)
		}
		if before[i].UnitPrice != nil {
			was = before[i].UnitPrice
		}
	}
	switch {
	case !now.Sold:
		change(LineUnsold, nil, nil)
	case !now.InStock:
		change(LineOutOfStock, nil, nil)
	case was != nil && now.UnitPrice != nil && *was != *now.UnitPrice:
		change(PriceChanged, was, now.UnitPrice)
	}
	return changes
}
