// Package recommend answers what a shopper may want next, from what shoppers
// before did.
//
// # Words
//
// A click is one act of a shopper on one item: it was viewed, added to a cart
// or purchased. A session is a shopper's clicks in the order in which the log tells
// them; the [Index] knows it by a [SessionKey], the number of its visitor and a digest of
// their network. The
// recency of a session is the latest time of its clicks, ties going to the higher
// key: of two sessions the one with the greater recency is the newer. An item's
// postings are the sessions that contain it, ordered by recency. The neighbours
// of a query are the sessions most like the one that is going on now. Support is
// the number of distinct sessions that speak for an answer; it is the figure
// behind "viewed together by 41 sessions".
//
// # The index
//
// Index holds sessions in segments that never change, in flat arrays: an item is a
// number, a session is one too, its place in the segment, where sessions stand in the
// order of their recency. So an item's postings are ascending numbers, the newest last,
// and to find the newest sessions that share any of some items is to merge a few lists
// of numbers from their ends. Product ids and session keys are translated at the edge.
// Beside the segments stands what is counted of each item over all sessions: clicks,
// those in the newest tenth of sessions, sessions that contain it; and how often shoppers
// return to what they saw.
//
// What clicks say is gathered in drafts, one for each session they come for, and becomes
// a segment of its own; the older self of a session that went on dies where it stands.
// Small segments are merged as they gather, so that there are a dozen at the most. This is a
// log-structured merge (O'Neil et al., 1996), with sessions for keys. A view is the
// whole at one moment: a few slices, with pages of counters of which only those are copied
// that changed. Questions load it by one atomic pointer, and wait for nobody.
//
// Segments are complete within the window; how far postings are read is a matter of each
// query alone. Nothing derived is stored: no float, no similarity, no count that could not
// be taken back by exactly what it was raised by. So a session can be taken out again and the
// index answers as if it had never been there, and the same clicks in the same order give
// the same answers however they were cut into batches.
//
// Floats appear only while a query is answered, are summed in an order that the
// query's documentation states, and equal scores are ordered by item id. What is
// kept of them from one query to the next, the rows of items, says of which edition of its
// sessions it is, and is made anew when one of them changed.
//
// # What may come next
//
// [Index.Neighbours] looks for sessions like the one that is going on: it is
// session-kNN in the family of VS-kNN (Ludewig and Jannach, "Evaluation of
// Session-based Recommendation Algorithms", 2018, and their framework session-rec),
// with the decays by position and age of STAN (Garg et al., "Sequence and Time Aware
// Neighborhood for Session-based Recommendations", 2019), over an index of recent
// sessions an item as VMIS-kNN has it (Kersbergen, Sprangers and Schelter, "Serenade",
// 2022). [Index.Blend] takes its scores together with sequential rules, with what stands
// near the newest items, and with what stands near that, in one linear judgement.
// Where sessions are many and short that is worth three to five points of hit rate.
//
// # Whose word counts
//
// Whoever wants a product recommended can invent visitors for nothing, but not networks of
// addresses. So a session knows its visitor and a digest of its network, and of every item
// that is about to be answered the index knows, from its newest 192 sessions, who speaks
// of it too often: a network with more visitors than one, one in 96 of them and four
// times its share of all sessions, a visitor with more than three sessions. They are muted
// for that item. Muting lowers what neighbours say to what the others say, and never below:
// an item cannot be knocked out there by speaking of it; a pair is weighed against all
// sessions of its items, though. A session of more than 200 clicks says nothing at all. A
// pair takes two visitors from two networks, and so does an answer where there are 50
// neighbours. Sessions without a network are all believed, and so is everybody as long as the
// index is thin. That is counted when a question is asked, from the sessions that are there,
// so that forgetting stays exact. The attacks are the push and the nuke of Mobasher et al., "Toward Trustworthy Recommender Systems", 2007.
//
// # The window
//
// [Limits] bounds the index by sessions, clicks and days before the newest click,
// never by bytes or by the time on the wall. The oldest session leaves whole.
//
// # Answers
//
// A [Recommender] follows the log and answers from memory. A [Context] is the
// place in the shop where an answer is shown; it has a chain of strategies, each
// of which fills what those before it left empty, and every item says which
// [Strategy] found it and why. The [Catalog] is what the shop sells, in the
// database; the shelf is the same in memory. What there is to read stands on it, too, and
// has clicks from the views of its pages, but answers are of products or, in the context
// content, of what there is to read. A [Shopper] is who asks: the memory
// knows the steps of their stream's current session and their holding, which is
// what is in the cart and what was bought. What is hidden, out of stock or held is
// left out when a request is answered, and the list is filled up without it.
package recommend
