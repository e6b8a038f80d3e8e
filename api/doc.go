// Package api is what outsiders call over HTTP: events in; visitors, sessions,
// carts, triggers and recommendations out. It decodes, calls one thing and answers;
// it decides nothing.
//
// # Vocabulary
//
// A [Key] says who calls. A write key stands in a shop's pages and is therefore
// public: it may send what browsers see and ask for its own shopper's
// recommendations. A secret key belongs to the shop's backend: it may do
// everything. The [Keys] of a shop are stored as hashes.
//
// A route is one method and path with the scope it needs; the routes stand in
// one table. Those that a browser may call from another origin answer CORS.
//
// A call is one request on its way through a route, with the key it came with.
// An item is one event as a sender wrote it, alone or among others in a batch.
//
// A receipt is the answer to an append. Its seq is the end of the log once the
// items were in it: a reader that passes it as after_seq sees them.
//
// A question is a request for recommendations, as an address or a body tells it. It is
// refined by what it wants of products.
//
// A [Storefront] is where the shop's pages are. Links in messages lead there and
// nowhere else, to a landing page, and its scripts may read the cart of a link.
//
// A pace counts how often an address or a key calls; its allowance is what it has
// left of what [Limits] say. Room is the memory that the bodies of all requests share.
//
// An endpoint is an address of the shop's that is told what happens; what is asked about
// those and about deliveries to them, [Webhooks] answers.
//
// A [Problem] is an answer that is not a success, as RFC 9457 has it, with a code
// that programs may rely on and a detail that says what to do. All errors become
// problems in one place.
//
// # Promises
//
// An answer of 200 to an append means that the events are on disk, with
// everything that decisions rest on. 503, always with Retry-After, means that the
// same request may be sent again, as it is: message ids keep it from counting
// twice. Clients throw events away after any other answer, so nothing that is our own
// trouble is answered otherwise.
package api
