// Package enrich says what a request tells about its sender: which device and
// browser, whether it is a bot, which campaign brought it and by which channel.
// Everything here is decided once, before an event is appended, and stored with
// it, so that a newer list never changes history.
//
// # Vocabulary
//
// A [Client] is what a user agent string says of itself: device, browser,
// operating system, bot or not. Strings can lie; we take them at their word.
//
// A bot is a client that the bundled list crawler-user-agents names, or one that
// carries a contact address as crawlers do ("+https://…"). Headless browsers are
// bots because the list has them; [NewUserAgents] takes exceptions. A client
// without a user agent is unknown, not a bot.
//
// A [Campaign] is what the shop, or an advertising network, wrote into the
// landing page's address: utm parameters and click ids.
//
// A channel is the kind of way somebody came, in the words of Google Analytics
// 4's default channel group: see [ChannelOf].
//
// # Promises
//
// The empty string means unmeasured, never "none". Nothing here reads a clock,
// the network or the disk, and nothing panics, whatever the input: all of it
// comes from strangers. What is returned is short, valid UTF-8 without control
// characters, so that it can be stored as it is.
package enrich
