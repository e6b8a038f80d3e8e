// Package sessions holds the log of what shoppers did and everything that
// describes them: the event vocabulary, visitors and session histories.
//
// # Vocabulary
//
// An [Event] is one thing that happened: a page was viewed, a product added, an
// order completed. Events are appended to the [Log], which gives each the next
// [Seq], and are never changed. A [Visitor] is one shopper as far as we can
// tell, known by identifiers: anonymous ids, a customer id, email addresses. A
// stream is what one browser sends, its anonymous id; a [Session] is a run of
// one stream's events without a long pause.
//
// # Three kinds of table
//
// Log: events. Our own decisions and settings are events too. The log is the
// truth, and nothing in it is ever changed.
//
// Projections: rows that follow from the log alone. They read no clock, draw no
// random number and use no setting that is not itself in the log, so that
// [Replay] gives the same rows byte for byte, and [Verify] can tell whether they
// are right. A [Projection] that decisions rest on (visitors, identities, carts,
// orders, triggers, clicks, decisions, consents, suppressions, products, settings) is applied in the transaction that
// appends. What only describes (sessions) is written by a [Follower], behind
// the log, with a cursor.
//
// Records: everything else (head, hashes, the keys of hashes, rejected, counters, cursors, keys,
// endpoints, deliveries and their attempts, mails, links, coupons, leases, job runs). Backed up, never replayed.
//
// # Promises
//
// When [Log.Append] returns without an error, the events are on disk and with
// them everything a decision can rest on. The order of [Seq] is the order of
// commits, without gaps.
package sessions
