package wire

import (
	"strings"
	"testing"

	"cartwright/sessions"
)

func TestNameKind(t *testing.T) {
	for name, want := range map[string]sessions.Kind{
		"Product Viewed": sessions.ProductViewed, "Product List Viewed": sessions.ProductListViewed,
		"Product Clicked": sessions.ProductClicked, "Products Searched": sessions.ProductsSearched,
		"Product Added": sessions.ProductAdded, "Product Removed": sessions.ProductRemoved,
		"Cart Viewed": sessions.CartViewed, "Checkout Started": sessions.CheckoutStarted,
		"Checkout Step Viewed": sessions.CheckoutStep, "Checkout Step Completed": sessions.CheckoutStep,
		"Payment Info Entered": sessions.CheckoutStep, "Order Completed": sessions.OrderCompleted,
		"Order Refunded": sessions.OrderRefunded, "Order Cancelled": sessions.OrderCancelled,
		"Order Updated": sessions.Custom, "": sessions.Custom, "Bestellung": sessions.Custom,
	} {
		for _, spelled := range []string{name, strings.ToLower(name), strings.ToUpper(name), " " + name + "\t"} {
			if got := nameKind(spelled); got != want {
				t.Errorf("nameKind(%q) = %s, want %s", spelled, got, want)
			}
		}
	}
}

// TestNobodySendsOurKinds tries the names of kinds that mean more than a
// shopper can say.
func TestNobodySendsOurKinds(t *testing.T) {
	for _, k := range []sessions.Kind{
		sessions.SettingsChanged, sessions.RecoveryEnabled, sessions.DecisionMade, sessions.DeliveryEnded,
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
