// Package cart keeps carts and orders, notices carts that were left behind, and
// decides what the shop is told of them.
//
// # Vocabulary
//
// A [Cart] is a pure fold of its events: whole-cart snapshots replace all its
// lines, single adds and removes change one. It is open while it holds units,
// emptied when all are gone, ordered when an [Order] ended it, and merged when a
// whole cart of the same shopper took its place.
//
// An episode is a stretch of a cart's life of which is decided once. The first
// begins with the cart. The next begins with a change of its products or
// quantities after a final decision, or when the cart is used again after an
// order.
//
// A cart is abandoned when it was idle for its [flow.Flow]'s wait: at its last
// activity plus the wait, whenever anybody looks. Its activity is that of its own
// events, by the clock of their receipt; that of its shopper, who may be reading
// on without touching it, is another matter, and only holds a decision back.
//
// A [Decision] is what the flow that takes it makes of an abandoned cart: trigger, suppress
// (an order under any identity of the shopper stands against it), expire (it was
// left too long ago), holdout (its shopper is among those who are compared with), pass
// (no flow takes it), or hold (the shopper is active now, or in another flow). All but hold are
// final for the episode. Each is kept with its [Reason], as an event of our own.
// What was decided is asked again before each attempt to tell it, and a shopper
// who is back holds the message too.
//
// An [Enrolment] is one subject in one flow: a cart in an episode, or a session of somebody
// who looked at products and left without a cart. It begins with the decision that the
// subject was abandoned, and says which step is due when. Each step is decided on by
// itself, by [RuleStep], from everything that stands against it by then: told, held to be
// looked at again with all asked anew, skipped, or the end of the sequence. One person is
// in one flow at a time. Which flows there are stands in the log (flows.changed), so that
// all replicas decide alike, and a change counts from the next decision on.
//
// A [Trigger] is what is told to the shop's endpoints, or mailed: that something was abandoned and
// that a step is due from decisions, and from the order that ends a cart exactly one of cart.recovered,
// when cart.abandoned was decided in that episode, or cart.converted. Its id
// follows from cart, episode and kind, and is unique for ever. A dry decision or
// trigger answers what would have been done; it takes the place of no real one
// and is never delivered.
//
// A [Consent] is what was said of whether an address may be mailed: by the backend,
// or by a browser, whose grants count only where the shop believes browsers and whose
// denials always do. A [Suppression] holds mails to an address back, whatever was
// consented; it knows the address by a keyed hash alone, and so outlives an erasure.
// An [Addressee] is where a mail about a cart goes, or why nowhere.
//
// A [Link] leads from a message to one cart. Whoever has its token sees what the
// cart holds, until it expires, and nothing of its shopper. A [Click] is a person's
// following it, as an event of ours; from it follows a trigger recovery.clicked.
//
// A [Sale] is a completed order with the carts that it ended. It is credited to the
// message by whose link its shopper came back last, see [Attribute]. An
// enrolment puts a person into one of two groups, those who are to get messages
// and the holdout; what both then bought is compared ([CompareShares],
// [CompareMeans]). The [Reports] show the two side by side, because they differ:
// who clicks might have come back anyway.
//
// # Parts
//
// [Cart.Fold], [Order] and [Decide] are pure. The [Store] is the projection that
// writes their rows inside the append, so that an answer of 200 means that no
// later decision can miss the order. The [Detector] finds what is due and
// decides, in transactions in which nothing can be appended. [Preferences] are where
// suppressions are made and lifted, and what unsubscribe links lead to. [Links] restore carts
// and take note of clicks. [Coupons] are the codes that messages carry, from a pool or
// from the shop: one for each trigger, and none for whoever got one within the pause.
//
// # Whose word counts
//
// Browser keys are public. Once the shop's backend has written a cart, browser
// events no longer change its lines, or every unit would count twice; they are
// activity only. So are browser events that name the cart of another visitor. An
// order from a browser suppresses and ends like any other, but the backend's
// version of it takes the place of its lines and amounts; only the backend
// refunds and cancels. Imported history counts as the backend's for orders and
// triggers nothing by itself.
//
// A browser may claim to be anybody, and shares that one's visitor from then on. So
// whose mailbox a cart leads to never follows from visitors: it is the address that the
// backend told with the cart, or that of the customer it told with it, or where the
// backend's word leads from the anonymous id of every browser that filled the cart. Who
// can make the backend say an address, as by typing it into a checkout, can still
// cause the few mails that its limits let through, if its owner consented to some.
package cart
