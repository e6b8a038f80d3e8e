package main

import (
	"cartwright/cart"
	"cartwright/cart/flow"
)

// rules are what decisions are made by besides the flows of the log.
func (c Config) rules() cart.Rules {
	return cart.RulesOf(flow.New(c.CartWait, c.CartMaximumAge))
}
