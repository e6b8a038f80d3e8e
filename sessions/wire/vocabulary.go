package wire

import (
	"bytes"
	"strings"

	"cartwright/sessions"
)

// typeKind returns the kind of a call of the Segment API by its type, and false
// for a type that is none. A track call's kind follows from its event name.
func typeKind(kind string) (sessions.Kind, bool) {
	switch kind {
	case "track", "group":
		return sessions.Custom, true
	case "page":
		return sessions.Page, true
	case "screen":
		return sessions.Screen, true
	case "identify":
		return sessions.Identify, true
	case "alias":
		return sessions.Alias, true
	}
	return "", false
}

// nameKind returns the kind of a track call by its event name, in whatever
// case; a name outside the vocabulary is [sessions.Custom]. First stands the name
// of Segment's second e-commerce specification, then that of the first, which says
// “Viewed Product”, then GA4's. The names of our own kinds are not among
// them: nobody outside can say that a decision was made.
func nameKind(name string) sessions.Kind {
	var lower [32]byte
	trimmed := bytes.TrimSpace(append(lower[:0], name...))
	for i, c := range trimmed {
		if 'A' <= c && c <= 'Z' {
			trimmed[i] = c + ('a' - 'A')
		}
	}
	switch string(trimmed) {
	case "product viewed", "viewed product", "view_item":
		return sessions.ProductViewed
	case "product list viewed", "viewed product list", "product category viewed", "viewed product category", "view_item_list":
		return sessions.ProductListViewed
	case "product clicked", "clicked product", "select_item":
		return sessions.ProductClicked
	case "products searched", "searched products", "search", "view_search_results":
		return sessions.ProductsSearched
	case "product added", "added product", "added product to cart", "add_to_cart":
		return sessions.ProductAdded
	case "product removed", "removed product", "removed product from cart", "remove_from_cart":
		return sessions.ProductRemoved
	case "cart viewed", "viewed cart", "view_cart":
		return sessions.CartViewed
	case "checkout started", "started checkout", "begin_checkout":
		return sessions.CheckoutStarted
	case "checkout step viewed", "checkout step completed", "payment info entered", "viewed checkout step", "completed checkout step",
		"entered payment info", "add_shipping_info", "add_payment_info":
		return sessions.CheckoutStep
	case "order completed", "completed order", "purchase":
		return sessions.OrderCompleted
	case "order updated", "updated order":
		return sessions.OrderUpdated
	case "order refunded", "refunded order", "refund":
		return sessions.OrderRefunded
	case "order cancelled", "cancelled order", "order canceled", "canceled order":
		return sessions.OrderCancelled
	}
	return sessions.Custom
}

// verbFirst reports whether a name of the vocabulary is one of Segment's first
// e-commerce specification: “Viewed Product”. All its names begin with what happened,
// and no others do.
func verbFirst(name string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(name), " ")
	return len(verb) > 2 && strings.EqualFold(verb[len(verb)-2:], "ed")
}

// aboutProduct reports whether events of the kind are about one product.
func aboutProduct(k sessions.Kind) bool {
	switch k {
	case sessions.ProductViewed, sessions.ProductClicked, sessions.ProductAdded, sessions.ProductRemoved:
		return true
	}
	return false
}

// aboutOrder reports whether events of the kind are about an order.
func aboutOrder(k sessions.Kind) bool {
	switch k {
	case sessions.OrderCompleted, sessions.OrderUpdated, sessions.OrderRefunded, sessions.OrderCancelled:
		return true
	}
	return false
}

// commercial reports whether events of the kind carry products, money or ids of
// carts and orders. The properties of other kinds are kept but not judged: what
// a shop calls value there is its own affair.
func commercial(k sessions.Kind) bool {
	switch k {
	case sessions.ProductListViewed, sessions.CartViewed, sessions.CheckoutStarted, sessions.CheckoutStep:
		return true
	}
	return aboutProduct(k) || aboutOrder(k)
}
