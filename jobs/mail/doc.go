// Package mail writes and sends the mails that remind shoppers of what they left
// behind. It is plumbing: what a mail says and to whom it goes is told to it.
//
// # Vocabulary
//
// A [Content] is what a mail says: the shop, the lines of the cart, what is
// recommended beside them, and the links. [Templates] make of it a [Rendered]
// mail of a subject, a text and a page. An [Envelope] says from whom and to whom.
// [Compose] puts both into a [Message] with its headers, signed by a [Signer] if
// the shop has one. A [Sender] hands messages to the shop's SMTP server, and an
// [Outcome] tells how that went.
//
// # Promises
//
// An SMTP server takes a message over by its answer to the end of the data. What
// fails before that end was sent was not taken, and may be sent again. An answer
// to it is an answer. If none comes the outcome is [Unknown]: the server may have
// taken the message, and whoever sends it again may mail a shopper twice.
//
// Nothing that a shopper or a product is called gets into a header by itself:
// [Compose] refuses line breaks and other control characters in everything that
// becomes one.
package mail
