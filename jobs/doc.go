// Package jobs does what has to be done from time to time: it finds abandoned
// carts, delivers triggers to the shop's servers, mails them to shoppers, closes
// sessions, and clears away what is kept for a while only.
//
// # Vocabulary
//
// A [Job] is a line of one visible table: a name, a schedule, a purpose, a
// deadline, and what to run. The [Runner] wakes each by its schedule, in UTC,
// never two runs of one job at once, and remembers how runs went. Of several
// processes on one database each job is run by one, the one that has its lease;
// every transaction of a run confirms that it still has it. A schedule
// only wakes: what is due stands in the database, so that a missed tick, a
// restart or a clock change alters nothing but punctuality. A run answers with
// a [Report], which counts in words what it did.
//
// An endpoint is an address of the shop's that wants to hear of triggers, of all or of
// its topics, which are kinds of triggers. Some stand in the configuration, see
// [Configure]; others are made while the program runs, see [Endpoints]. One that answers
// that it is gone, or at which every attempt failed for too long, is disabled until
// somebody enables it. The outbox holds one delivery for each trigger and endpoint. An
// attempt is one message sent for a delivery; the package webhook makes it, and what was
// sent and answered is on record for a while. Whether the
// trigger is still right is asked anew in the transaction that starts each
// attempt, the same that keeps everybody from appending, so that an order
// committed before it is never missed. A delivery ends delivered, failed (no
// attempt left), suppressed (no longer right) or cancelled (its endpoint is
// disabled), and its end is an event of the log. It may be sent again after that, under
// its same id, and then ends once more.
//
// A mail is a trigger on its way to a shopper, over the shop's SMTP server; the
// package mail writes and sends it. It is asked anew whether it is right, too, and
// besides to whom it goes and whether they may be mailed: a [Composer] knows. It ends
// delivered (the server took it over), failed (no attempt left), refused (the server
// takes no such mail), suppressed, or unknown.
//
// A mail may carry a coupon code. Where the shop makes codes itself a [CouponIssuer] asks
// it before the mail goes, and stores its answer first, so that every attempt shows the
// same code.
//
// # Promises
//
// A mail is at most once: when nobody knows whether the server took it, because no
// answer came, or because the program died between sending and noting the outcome, it
// ends as unknown and is not sent again. What failed before the end of its data was
// sent is tried again for about a day.
//
// A delivery is at least once: when the program dies between sending and
// noting the outcome, the message is sent again under the same id after
// [ClaimTimeout]. One endpoint that does not answer delays no other.
package jobs
