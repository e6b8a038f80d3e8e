// Package webhook sends signed messages to a shop's own servers by the rules of
// Standard Webhooks. It knows nothing of databases or triggers: it is given a
// message and answers how the attempt ended.
//
// An endpoint is the address that a shop's server listens on. A [Message] is one
// thing to tell it, under an id that stays the same in every attempt, so that
// the receiver can drop repetitions. An attempt is one POST of a message; each
// is signed anew, because the signature covers the time of the attempt. A
// [Secret] is the key both sides share; an endpoint may have several at once
// while it changes from one to the next, and then every one of them signs.
//
// An [Outcome] says what to do next: nothing (delivered), try later (retry), or
// never again because the endpoint said that it is gone. [Next] is the schedule
// of the attempts, spread over about three days.
//
// Addresses come from people and names from DNS, so a [Sender] connects to
// public addresses only, looked at after the name was resolved and for every
// address that is dialled, follows no redirects and uses no proxy.
package webhook
