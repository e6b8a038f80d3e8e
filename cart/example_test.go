package cart_test

import (
	"fmt"

	"cartwright/cart"
	"cartwright/sessions"
)

func ExampleCart_Fold() {
	price := int64(295)
	added := &sessions.Event{Seq: 1, Kind: sessions.ProductAdded, Source: sessions.Browser}
	added.Currency = "GBP"
	added.Lines = []sessions.Line{{Product: "85123A", Quantity: 6, UnitPrice: &price}}
	removed := &sessions.Event{Seq: 2, Kind: sessions.ProductRemoved, Source: sessions.Browser}
	removed.Lines = []sessions.Line{{Product: "85123A", Quantity: 2}}

	c := cart.Begin(added).Fold(removed)
	fmt.Println(c.Status, c.Units, "units worth", *c.Value, "pence")
	// Output: open 4 units worth 1180 pence
}
