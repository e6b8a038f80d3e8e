// Package flow is the configuration of recovery: which shoppers are reminded of
// what they left, when, and on which channel.
//
// # Vocabulary
//
// A [Flow] is for one [Kind] of abandonment: of a cart, of a checkout, or of
// browsing without a cart. Its wait is how long the shopper must have been idle;
// last activity plus wait is the abandonment, from which everything is counted. Its
// [Conditions] say which subjects it takes. Its [Step]s are the messages of the
// sequence, each at its offset from the abandonment: with a wait of 1 h, an offset of
// 23 h is 24 h after the last activity.
//
// Quiet hours are when nobody is written to, by the clock of the shopper. The
// frequency cap is how long after one message the next to the same person has to
// wait, whatever flow it is of. The cool-down is how long nobody is written to after
// an order. The holdout is the share of people who are not written to at all, so
// that it can be seen what the others bought because of it.
//
// # Configuration
//
// [Parse] reads flows from YAML, of which JSON is a part, so that the configuration
// file and the API are read by the same code. It reports all mistakes at once, each
// with its line and JSON pointer, and refuses unknown keys.
// [Flow.MarshalJSON] writes what Parse reads, with every default spelled out.
//
// The package decides nothing: package cart does, by what stands here.
package flow
