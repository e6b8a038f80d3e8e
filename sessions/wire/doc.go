// Package wire reads the shapes in which events arrive and turns them into the
// one [sessions.Event]. It reads no clock and stores nothing: bytes in, events or
// reasons out. It opens nothing but the temporary file in which an import sorts
// more rows than memory should hold.
//
// # Vocabulary
//
// An item is one call of the Segment tracking API, alone or in a batch's
// envelope. A [Decoder] turns an item into an event, or into a
// [sessions.Rejected] that names what is wrong by one of the codes of this package.
// An [Arrival] is what the request around an item tells: when it came, who
// sent it, from which browser.
//
// A form is a body of our own REST interface. It is read strictly, and all its
// mistakes are told at once, each a [FieldError] at a JSON pointer.
//
// An [Import] reads files of history. Its data rows are counted, because
// several rows may make one event (an order's lines) and some events stand for no
// row (a name learned on the way): see [Batch] and [Tally].
//
// # Numbers
//
// No amount passes through a float. A decimal is read from its digits and
// brought to the minor units of its currency, half up; see [Exponent]. Ids
// that senders wrote as numbers keep their digits as text.
package wire
