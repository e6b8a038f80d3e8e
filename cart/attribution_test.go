package cart_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cartwright/cart"
	"cartwright/sessions"
)

func TestAttribute(t *testing.T) {
	const day = 24 * 60 // minutes
	click := func(seq, visitor, of, minutes int) cart.Click {
		return cart.Click{Seq: sessions.Seq(seq), Visitor: sessions.VisitorID(visitor), Cart: cart.ID(of), At: millis(minutes)}
	}
	sale := func(visitor, minutes int, carts ...cart.ID) cart.Sale {
		return cart.Sale{Order: cart.Order{Visitor: sessions.VisitorID(visitor), Occurred: millis(minutes)}, Carts: carts}
	}
	for name, c := range map[string]struct {
		sale   cart.Sale
		clicks []cart.Click
		want   sessions.Seq // 0: none
	}{
		"nobody clicked":                         {sale(7, day), nil, 0},
		"the shopper's click":                    {sale(7, day), []cart.Click{click(1, 7, 0, 0)}, 1},
		"the last of two":                        {sale(7, day), []cart.Click{click(1, 7, 0, 0), click(2, 7, 0, 5)}, 2},
		"the last of two, told in another order": {sale(7, day), []cart.Click{click(2, 7, 0, 5), click(1, 7, 0, 0)}, 2},
		"the last of two at once":                {sale(7, day), []cart.Click{click(2, 7, 0, 5), click(3, 7, 0, 5), click(1, 7, 0, 5)}, 3},
		"a click after the order":                {sale(7, day), []cart.Click{click(1, 7, 0, day+1)}, 0},
		"the last before the order":              {sale(7, day), []cart.Click{click(1, 7, 0, 1), click(2, 7, 0, day+1)}, 1},
		"at the very time of the order":          {sale(7, day), []cart.Click{click(1, 7, 0, day)}, 1},
		"the whole window before":                {sale(7, 5*day), []cart.Click{click(1, 7, 0, 0)}, 1},
		"longer than the window before":          {sale(7, 5*day+1), []cart.Click{click(1, 7, 0, 0)}, 0},
		"somebody else's click":                  {sale(7, day), []cart.Click{click(1, 8, 0, 0)}, 0},
		"somebody else's later click":            {sale(7, day), []cart.Click{click(1, 7, 0, 0), click(2, 8, 0, 5)}, 1},
		"nobody's click and nobody's order":      {sale(0, day), []cart.Click{click(1, 0, 0, 0)}, 0},
		"a click on the cart that was bought":    {sale(0, day, 3), []cart.Click{click(1, 0, 3, 0)}, 1},
		"one of the carts":                       {sale(9, day, 2, 3), []cart.Click{click(1, 8, 3, 0)}, 1},
		"another cart":                           {sale(9, day, 2), []cart.Click{click(1, 8, 3, 0)}, 0},
		"the shopper's click on another cart":    {sale(7, day, 2), []cart.Click{click(1, 7, 3, 0)}, 1},
	} {
		got, found := cart.Attribute(c.sale, c.clicks, cart.DefaultWindow)
		if got.Seq != c.want || found != (c.want != 0) {
			t.Errorf("%s: %+v, %t", name, got, found)
		}
	}
}

// Whatever the order in which clicks are told, the same one has the sale, and it is
// one that may have it.
func TestAttributeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		sale := cart.Sale{Order: cart.Order{Visitor: 1, Occurred: 50}, Carts: []cart.ID{1}}
		clicks := make([]cart.Click, rapid.IntRange(0, 8).Draw(r, "n"))
		for i := range clicks {
			clicks[i] = cart.Click{
				Seq: sessions.Seq(i + 1), Visitor: sessions.VisitorID(rapid.IntRange(0, 2).Draw(r, "visitor")),
				Cart: cart.ID(rapid.IntRange(0, 2).Draw(r, "cart")), At: sessions.Millis(rapid.IntRange(1, 60).Draw(r, "at")),
			}
		}
		const window = 20 * time.Millisecond
		best, found := cart.Attribute(sale, clicks, window)
		for _, c := range clicks {
			if may := (c.Visitor == 1 || c.Cart == 1) && c.At <= 50 && c.At >= 30; may && (!found || c.At > best.At) {
				r.Fatalf("%+v has it, not %+v", best, c)
			}
		}
		if found && (best.Visitor != 1 && best.Cart != 1 || best.At > 50 || best.At < 30) {
			r.Fatalf("%+v has it", best)
		}
		slices.Reverse(clicks)
		if again, _ := cart.Attribute(sale, clicks, window); again != best {
			r.Fatalf("%+v has it, and in reverse %+v", best, again)
		}
	})
}

func TestNet(t *testing.T) {
	amount := func(n int64) *int64 { return &n }
	lines := []sessions.Line{{Product: "cup", Quantity: 2, UnitPrice: amount(300)}, {Product: "pot", Quantity: 1}}
	for name, c := range map[string]struct {
		order cart.Order
		want  int64
	}{
		"what was paid":             {cart.Order{Total: amount(900), Lines: lines}, 900},
		"partly refunded":           {cart.Order{Total: amount(900), Refunded: 250}, 650},
		"refunded":                  {cart.Order{Total: amount(900), Refunded: 900}, 0},
		"refunded more than paid":   {cart.Order{Total: amount(900), Refunded: 2000}, 0},
		"cancelled":                 {cart.Order{Total: amount(900), Cancelled: true}, 0},
		"cancelled and refunded":    {cart.Order{Total: amount(900), Refunded: 100, Cancelled: true}, 0},
		"paid less than nothing":    {cart.Order{Total: amount(-900)}, 0},
		"without a total":           {cart.Order{Lines: lines}, 600},
		"without a total, refunded": {cart.Order{Lines: lines, Refunded: 100}, 500},
		"nothing told":              {cart.Order{Lines: []sessions.Line{{Product: "pot", Quantity: 1}}}, 0},
	} {
		if got := c.order.Net(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
