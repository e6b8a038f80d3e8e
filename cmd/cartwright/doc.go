// Command cartwright keeps the session histories of an online shop, recommends
// products from them, and notices carts that were left behind.
//
// This package is the program's edge: it reads the configuration, joins the
// packages to a [Shop], and offers the subcommands. Nothing is decided here.
package main
