package cart

import (
	"cartwright/sessions"
)

// touches reports whether events of a kind are about a cart.
func touches(k sessions.Kind) bool {
	switch k {
	case sessions.ProductAdded, sessions.ProductRemoved, sessions.CartUpdated,
		sessions.CartViewed, sessions.CheckoutStarted, sessions.CheckoutStep:
		return true
	}
	return false
}

// fills reports whether e puts units into a cart.
func fills(e *sessions.Event) bool {
	if e.Kind != sessions.ProductAdded && e.Kind != sessions.CartUpdated {
		return false
	}
	for _, l := range e.Lines {
		if l.Quantity > 0 {
			return true
		}
	}
	return false
}

// Begin returns the cart that e begins, with e folded into it. A named snapshot
// begins one even without lines: the shop's backend has written it from then on.
func Begin(e *sessions.Event) Cart {
	c := Cart{
		ID: ID(e.Seq), Name: e.Cart, Visitor: e.Visitor, Status: Emptied, Currency: e.Currency,
		Began: e.Received, LastActivity: e.Received, Episode: 1, EpisodeBegan: e.Seq, EpisodeAt: e.Occurred,
	}
	return c.Fold(e)
}

// Fold returns the cart after e, an event that is about it. What e may change
// depends on who sent it (see the package's comment); a remove that takes
// nothing, and whatever comes after an order without beginning anew, changes
// nothing at all, nor does an older state than one that was told. The currency is that of a snapshot, or of the first line of a
// cart without any; an add in another one counts its units at an unknown price.
func (c Cart) Fold(e *sessions.Event) Cart {
	if e.Updated != 0 && e.Updated < c.Updated {
		return c // an older state, told late or again
	}
	after := c.after(e)
	if e.Updated == 0 {
		return after
	}
	if e.Updated == c.Updated && c.says(after) {
		return c // the same state once more is no activity either
	}
	after.Updated = e.Updated
	return after
}

// says reports whether all that other tells of its shopper and products c tells too.
func (c Cart) says(other Cart) bool {
	return c.Visitor == other.Visitor && c.Checkout == other.Checkout && c.Email == other.Email && c.Status == other.Status &&
		sameUnits(c.Lines, other.Lines)
}

// after returns the cart after e, whenever that was so.
func (c Cart) after(e *sessions.Event) Cart {
	writable := c.writableBy(e)
	if c.closed() {
		if !writable || !c.reopenedBy(e) {
			return c
		}
		c = c.reopened(e)
	}
	if writable {
		lines, currency := c.linesAfter(e)
		if e.Kind == sessions.ProductRemoved && sameUnits(lines, c.Lines) {
			return c
		}
		c = c.withLines(e, lines, currency)
	}
	return c.active(e)
}

// belongs reports whether e's sender may speak for c's shopper: anyone but a
// browser of another visitor.
func (c Cart) belongs(e *sessions.Event) bool {
	return e.Source != sessions.Browser || c.Visitor == 0 || c.Visitor == e.Visitor
}

// writableBy reports whether e may change c's lines.
func (c Cart) writableBy(e *sessions.Event) bool {
	return e.Source == sessions.Backend || !c.Owned && c.belongs(e)
}

// reopenedBy reports whether e uses a cart again that was ordered. What happened
// before the order and was only told late does not, nor does a platform: its carts
// are new ones after an order.
func (c Cart) reopenedBy(e *sessions.Event) bool {
	return e.Updated == 0 && c.Status == Ordered && c.Name != "" && fills(e) && e.Occurred >= c.OrderedAt
}

func (c Cart) reopened(e *sessions.Event) Cart {
	c.Lines, c.Order, c.OrderedAt, c.Checkout, c.Browsers = nil, "", 0, "", nil
	return c.nextEpisode(e)
}

func (c Cart) nextEpisode(e *sessions.Event) Cart {
	c.Episode++
	c.EpisodeBegan, c.EpisodeAt, c.Decided, c.CheckingOut = e.Seq, e.Occurred, "", false
	return c
}

// linesAfter returns c's lines and their currency after e.
func (c Cart) linesAfter(e *sessions.Event) (lines []sessions.Line, currency string) {
	lines, currency = c.Lines, c.Currency
	switch e.Kind {
	case sessions.CartUpdated:
		return whole(e.Lines), e.Currency
	case sessions.ProductAdded:
		if len(lines) == 0 {
			currency = e.Currency
		}
		for _, l := range e.Lines {
			if e.Currency != currency {
				l = unpriced(l)
			}
			lines = add(lines, l)
		}
	case sessions.ProductRemoved:
		for _, l := range e.Lines {
			lines = remove(lines, l)
		}
	}
	return lines, currency
}

// withLines returns c with lines that e gave it, in a new episode when one that
// is decided has changed.
func (c Cart) withLines(e *sessions.Event, lines []sessions.Line, currency string) Cart {
	if c.Decided != "" && !sameUnits(lines, c.Lines) {
		c = c.nextEpisode(e)
	}
	if e.Source == sessions.Backend && writes(e.Kind) {
		c.Owned = true
	}
	if writes(e.Kind) {
		c = c.filledBy(e)
	}
	c.Lines, c.Currency = lines, currency
	c.Units, c.Value = units(lines), value(lines)
	c.Status = Emptied
	if c.Units > 0 {
		c.Status, c.Held = Open, true
	}
	return c
}

func writes(k sessions.Kind) bool {
	return k == sessions.ProductAdded || k == sessions.ProductRemoved || k == sessions.CartUpdated
}

// active returns c after the activity that e is. Activity is never taken back:
// history that is imported late counts only where it is the newest.
func (c Cart) active(e *sessions.Event) Cart {
	live := e.Source != sessions.Imported
	if live || e.Received >= c.LastActivity {
		c.LastActivity, c.Live = max(c.LastActivity, e.Received), live
	}
	c.LastSeq = e.Seq
	if !c.belongs(e) {
		return c
	}
	if e.Visitor != 0 && c.Visitor != e.Visitor && (c.Visitor == 0 || e.Source != sessions.Browser) {
		c.Visitor, c.Checkout, c.Email = e.Visitor, "", "" // those were another's
		c.Address, c.Customer, c.Browsers = "", "", ofSender(e)
	}
	if e.Kind == sessions.CheckoutStarted || e.Kind == sessions.CheckoutStep {
		if c.CheckingOut = true; c.Decided == Pass {
			c.Decided = "" // a flow of checkouts may take what none of carts did
		}
	}
	told := e.Source != sessions.Browser || !c.Owned // a public key does not speak over the backend
	if e.Checkout != "" && (told || c.Checkout == "") {
		c.Checkout = e.Checkout
	}
	if e.Email != "" && (told || c.Email == "") {
		c.Email = e.Email
	}
	return c.introducedBy(e)
}
