package wire

import (
	"strings"
	"testing"

	"cartwright/sessions"
)

func TestNameKind(t *testing.T) {
	for want, names := range map[sessions.Kind][]string{
		sessions.ProductViewed:     {"Product Viewed", "Viewed Product", "view_item"},
		sessions.ProductListViewed: {"Product List Viewed", "Product Category Viewed", "Viewed Product List", "Viewed Product Category", "view_item_list"},
		sessions.ProductClicked:    {"Product Clicked", "Clicked Product", "select_item"},
		sessions.ProductsSearched:  {"Products Searched", "Searched Products", "search", "view_search_results"},
		sessions.ProductAdded:      {"Product Added", "Added Product", "Added Product to Cart", "add_to_cart"},
		sessions.ProductRemoved:    {"Product Removed", "Removed Product", "Removed Product from Cart", "remove_from_cart"},
		sessions.CartViewed:        {"Cart Viewed", "Viewed Cart", "view_cart"},
		sessions.CheckoutStarted:   {"Checkout Started", "Started Checkout", "begin_checkout"},
		sessions.CheckoutStep: {
			"Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered", "Viewed Checkout Step",
			"Completed Checkout Step", "Entered Payment Info", "add_shipping_info", "add_payment_info",
		},
		sessions.OrderCompleted: {"Order Completed", "Completed Order", "purchase"},
		sessions.OrderUpdated:   {"Order Updated", "Updated Order"},
		sessions.OrderRefunded:  {"Order Refunded", "Refunded Order", "refund"},
		sessions.OrderCancelled: {"Order Cancelled", "Cancelled Order", "Order Canceled", "Canceled Order"},
		sessions.Custom: {
			"", "Bestellung", "page_view", "add_to_wishlist", "view_promotion", "select_promotion",
			"Promotion Viewed", "Viewed Promotion", "Coupon Entered", "product_viewed", "viewitem", "Product  Viewed",
		},
	} {
		for _, name := range names {
			for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name), " " + name + "\t"} {
				if got := nameKind(spelled); got != want {
					t.Errorf("nameKind(%q) = %s, want %s", spelled, got, want)
				}
			}
		}
	}
}

func TestVerbFirst(t *testing.T) {
	for want, names := range map[bool][]string{
		true: {"Viewed Product", "Viewed Product List", "clicked product", "Searched Products", " ADDED PRODUCT", "Removed Product", "Viewed Cart",
			"Started Checkout", "Completed Checkout Step", "Entered Payment Info", "Completed Order", "Refunded Order", "Updated Order", "Canceled Order"},
		false: {"", "ed", "Product Viewed", "Product Added ", "Products Searched", "Cart Viewed", "Checkout Started", "Payment Info Entered",
			"Order Completed", "Order Updated", "view_item", "select_item", "add_to_cart", "begin_checkout", "purchase", "refund", "search"},
	} {
		for _, name := range names {
			if got := verbFirst(name); got != want {
				t.Errorf("verbFirst(%q) = %t", name, got)
			}
		}
	}
}

// TestNobodySendsOurKinds tries the names of kinds that mean more than a
// shopper can say.
func TestNobodySendsOurKinds(t *testing.T) {
	for _, k := range []sessions.Kind{
		sessions.SettingsChanged, sessions.RecoveryEnabled, sessions.DecisionMade, sessions.DeliveryEnded, sessions.WeightsLearned, sessions.LinkClicked,
		sessions.CartUpdated, sessions.ProductUpdated,
	} {
		if got := nameKind(string(k)); got != sessions.Custom {
			t.Errorf("the event name %q makes %s", k, got)
		}
		if got, ok := typeKind(string(k)); ok {
			t.Errorf("the type %q makes %s", k, got)
		}
	}
}

func TestNameKindAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { nameKind("Checkout Step Completed") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
