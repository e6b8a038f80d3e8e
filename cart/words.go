package cart

import (
	"fmt"
	"strings"
	"time"

	"cartwright/cart/flow"
)

// reasonWords says of each reason what stands behind it.
var reasonWords = map[Reason]string{
	Idle:            "nothing stood against it",
	OrderOfCart:     "an order named this cart",
	OrderOfCheckout: "an order named its checkout",
	OrderOfVisitor:  "its shopper ordered",
	OrderOfCustomer: "there was an order under a customer id of its shopper",
	OrderOfEmail:    "there was an order under an address of its shopper",
	ShopperActive:   "the shopper was in the shop",
	CartInUse:       "the cart was in use",
	TooOld:          "it was left longer ago than the flow's maximum age",
	CartClosed:      "the cart was ordered, emptied or merged meanwhile",
	CartChanged:     "the cart was changed meanwhile, and is decided on anew",
	InHoldout:       "the shopper is in the holdout, which is compared with the others",
	NoFlow:          "it fits the conditions of no flow",
	InOtherFlow:     "the shopper was in another flow of at least this priority",
	Superseded:      "the shopper entered a flow of a higher priority",
	FlowRemoved:     "the flow, or this step of it, is no longer configured",
	Overdue:         "a later step was due, too: the shopper gets one message, not several at once",
	OutOfStock:      "nothing of it was in stock",
	CoolingDown:     "the shopper had ordered something within the cool-down",
	Capped:          "the shopper was written to within the frequency cap",
	QuietHours:      "it was within the quiet hours where the shopper is",
	HasCart:         "the shopper has filled a cart meanwhile",
	MailOff:         "no mail server is configured",
	NoAddress:       "nobody told an address",
	AddressUnproven: "only a browser claimed the address, which anybody can",
	NoConsent:       "nothing is known of a consent to mails",
	ConsentDenied:   "mails were refused",
	Suppressed:      "the address unsubscribed, complained, bounced, or is held back by the shop",
	AddressLimit:    "the address had as many mails lately as it may get",
	NetworkLimit:    "carts from its network led to as many mails lately as may be",
	AddressChanged:  "the address is another one than when it was decided",
}

// Words says a reason for people.
func (r Reason) Words() string {
	if words, known := reasonWords[r]; known {
		return words
	}
	return strings.ReplaceAll(string(r), "_", " ")
}

// Words tells the decision in a sentence, without its time.
func (d Decision) Words() string {
	what := "Step " + fmt.Sprint(d.Step) + " of the flow " + d.Flow
	if d.Step == 0 {
		what = d.left()
	}
	why := d.Reason.Words()
	switch d.Outcome {
	case Fire:
		return d.told(what)
	case Suppress:
		if d.Step > 0 {
			return fmt.Sprintf("%s was not told, and the sequence ended, because %s%s.", what, why, d.order())
		}
		return fmt.Sprintf("%s; nobody was told, because %s%s.", what, why, d.order())
	case Expire:
		return fmt.Sprintf("%s was let go, because %s.", what, why)
	case Skip:
		return fmt.Sprintf("%s was left out, because %s.", what, why)
	case HoldOut, Pass:
		return fmt.Sprintf("%s; nobody was told, because %s.", what, why)
	}
	if d.NextAt != 0 {
		return fmt.Sprintf("%s was held until %s, because %s.", what, d.NextAt.Time().Format(time.RFC3339), why)
	}
	return fmt.Sprintf("%s; it was held, because %s.", what, why)
}

// left says what was abandoned, and when.
func (d Decision) left() string {
	what := map[flow.Kind]string{flow.Checkout: "The checkout was abandoned", flow.Browse: "The shopper left without a cart"}[d.Kind]
	if what == "" {
		what = "The cart was abandoned"
	}
	return fmt.Sprintf("%s at %s", what, d.AbandonedAt.Time().Format(time.RFC3339))
}

func (d Decision) told(what string) string {
	would := " was"
	if d.Dry {
		would = " would have been"
	}
	if d.Step > 0 {
		var ways []string
		for _, c := range d.Channels {
			ways = append(ways, map[Channel]string{Email: "mail", Webhook: "the shop's endpoints"}[c])
		}
		not := ""
		if d.Refusal != "" {
			not = ", not by mail, because " + d.Refusal.Words()
		}
		return fmt.Sprintf("%s%s due, to go out by %s%s.", what, would, strings.Join(ways, " and "), not)
	}
	if d.NextAt != 0 {
		return fmt.Sprintf("%s, and entered the flow %s, whose first step is due at %s.", what, d.Flow, d.NextAt.Time().Format(time.RFC3339))
	}
	return fmt.Sprintf("%s; the shop%s told.", what, would)
}

func (d Decision) order() string {
	if d.Order == "" {
		return ""
	}
	return fmt.Sprintf(" (order %s)", d.Order)
}
