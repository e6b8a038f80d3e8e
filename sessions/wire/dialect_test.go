package wire

import (
	"encoding/json"
	"fmt"
	"testing"

	"cartwright/sessions"
)

// dialects are events as other specifications write them: GA4's, and Segment's
// first. Each must become the same as the event of Segment's second beside it, but for
// its name.
var dialects = []struct{ name, event, properties, like, likeProperties string }{
	{
		"GA4: a product", "view_item",
		`{"currency":"USD","value":30.03,"items":[{"item_id":"SKU_1","item_name":"Cup","item_brand":"B","item_category":"Cups","item_variant":"blue","price":10.01,"quantity":3}]}`,
		"Product Viewed", `{"currency":"USD","product_id":"SKU_1","variant":"blue","price":10.01,"quantity":3}`,
	},
	{
		"GA4: into the cart, two products", "add_to_cart",
		`{"currency":"EUR","items":[{"item_id":"a","price":1.005},{"item_id":"b","quantity":2}]}`,
		"Product Added", `{"currency":"EUR","products":[{"product_id":"a","price":1.005},{"product_id":"b","quantity":2}]}`,
	},
	{
		"GA4: out of the cart, by its name alone", "remove_from_cart", `{"items":[{"item_name":"Cup"}]}`,
		"Product Removed", `{"product_id":"Cup"}`,
	},
	{
		"GA4: fields of the one product beside the event", "view_item", `{"item_id":"a","item_name":"Cup","price":"2"}`,
		"Product Viewed", `{"product_id":"a","price":2}`,
	},
	{
		"GA4: an order", "purchase",
		`{"transaction_id":"T-1","value":72.05,"tax":3.6,"shipping":5.99,"currency":"usd","items":[{"item_id":"a","price":10,"quantity":3},{"item_id":"b","price":42.05}]}`,
		"Order Completed", `{"order_id":"T-1","total":72.05,"currency":"USD","products":[{"product_id":"a","price":10,"quantity":3},{"product_id":"b","price":42.05}]}`,
	},
	{
		"GA4: a refund", "refund", `{"transaction_id":"T-1","value":10,"currency":"JPY"}`,
		"Order Refunded", `{"order_id":"T-1","total":10,"currency":"JPY"}`,
	},
	{"GA4: a search", "search", `{"search_term":"red shoes"}`, "Products Searched", `{"query":"red shoes"}`},
	{
		"GA4: a list", "view_item_list", `{"item_list_id":"l","items":[{"item_id":"a","index":0},{"item_name":"b"},{"index":2}]}`,
		"Product List Viewed", `{"products":[{"product_id":"a"},{"product_id":"b"}]}`,
	},
	{"GA4: the cart", "view_cart", `{"currency":"EUR","items":[{"item_id":"a"}]}`, "Cart Viewed", `{"currency":"EUR","products":[{"product_id":"a"}]}`},
	{
		"GA4: the payment", "add_payment_info", `{"payment_type":"card","items":[{"item_id":"a"}]}`,
		"Payment Info Entered", `{"products":[{"product_id":"a"}]}`,
	},
	{
		"both: Segment's names count", "purchase",
		`{"transaction_id":"T","order_id":"o","search_term":"x","items":[{"item_id":"a","product_id":"p","item_variant":"i","variant":"v"}],"products":[]}`,
		"Order Completed", `{"order_id":"o","products":[]}`,
	},
	{
		"both, Segment's names empty", "purchase",
		`{"transaction_id":"T","order_id":"","items":[{"item_id":"a","product_id":null,"item_variant":"i","variant":""}],"products":null}`,
		"Order Completed", `{"order_id":"T","products":[{"product_id":"a","variant":"i"}]}`,
	},
	{
		"first: a product by its plain id", "Viewed Product", `{"id":507,"name":"Cup","price":18.99}`,
		"Product Viewed", `{"product_id":"507","price":18.99}`,
	},
	{
		"first: an order", "Completed Order",
		`{"orderId":"50314","total":30,"currency":"EUR","products":[{"id":"507","price":10,"quantity":2},{"sku":"46493","price":10}]}`,
		"Order Completed", `{"order_id":"50314","total":30,"currency":"EUR","products":[{"product_id":"507","price":10,"quantity":2},{"product_id":"46493","price":10}]}`,
	},
	{
		// What the first calls id, the second and the catalog call product_id; both have a sku beside it.
		"first: the plain id comes before the sku", "Completed Order", `{"orderId":"o","products":[{"id":"507","sku":"G-32"},{"id":"","sku":"G-33"},{"id":"x","product_id":"508","sku":"G-34"}]}`,
		"Order Completed", `{"order_id":"o","products":[{"product_id":"507","sku":"G-32"},{"product_id":"G-33"},{"product_id":"508"}]}`,
	},
	{"first: so it does of one product", " added PRODUCT to cart", `{"id":507,"sku":"G-32"}`, "Product Added", `{"product_id":"507"}`},
	{"second: the sku comes before a plain id", "Product Added", `{"id":"x","sku":"G-32"}`, "Product Added", `{"product_id":"G-32"}`},
	{"GA4: the sku comes before a plain id", "add_to_cart", `{"items":[{"id":"x","sku":"G-32"}]}`, "Product Added", `{"product_id":"G-32"}`},
	{
		"first: an order that changed", "Updated Order", `{"id":"50314","revenue":20,"currency":"EUR","products":[{"id":"507","price":10}]}`,
		"Order Updated", `{"order_id":"50314","total":20,"currency":"EUR","products":[{"product_id":"507","price":10}]}`,
	},
	{"first: the plain id is the order's", "Refunded Order", `{"id":"50314","value":3}`, "Order Refunded", `{"order_id":"50314","value":3}`},
	{"the plain id of a cart is no product's", "Viewed Cart", `{"id":"c-1"}`, "Cart Viewed", `{}`},
	{"the plain id of an order is no product's", "Completed Order", `{"id":"o-1","total":1}`, "Order Completed", `{"order_id":"o-1","total":1}`},
}

func TestDialects(t *testing.T) {
	for _, c := range dialects {
		t.Run(c.name, func(t *testing.T) {
			got, want := dialect(t, c.event, c.properties), dialect(t, c.like, c.likeProperties)
			if got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

// dialect renders what an event becomes, without its name.
func dialect(t *testing.T, event, properties string) string {
	t.Helper()
	in := fmt.Sprintf(`{"type":"track","event":%q,"anonymousId":"a","properties":%s}`, event, properties)
	if !json.Valid([]byte(in)) {
		t.Fatalf("no JSON: %s", in)
	}
	e, r := shop.Item(0, []byte(in), Arrival{Received: received, Source: sessions.Browser})
	if r != nil {
		t.Fatalf("%s: rejected: %s", in, r.Reason)
	}
	e.Name = ""
	return show(e)
}

func TestDialectsAreJudged(t *testing.T) {
	for in, code := range map[string]string{
		`{"type":"track","event":"purchase","userId":"u","properties":{"value":5}}`:                                                   CodeOrderIDMissing,
		`{"type":"track","event":"Order Updated","userId":"u","properties":{"total":5}}`:                                              CodeOrderIDMissing,
		`{"type":"track","event":"add_to_cart","userId":"u","properties":{"items":[{"price":5}]}}`:                                    CodeProductIDMissing,
		`{"type":"track","event":"add_to_cart","userId":"u","properties":{"items":[{"item_id":"a","quantity":-1}]}}`:                  CodeInvalidQuantity,
		`{"type":"track","event":"add_to_cart","userId":"u","properties":{"items":[{"item_id":"a","price":"1,5"}]}}`:                  CodeInvalidAmount,
		`{"type":"track","event":"purchase","userId":"u","properties":{"transaction_id":"t","value":1,"currency":"EURO"}}`:            CodeInvalidCurrency,
		`{"type":"track","event":"Added Product","userId":"u","properties":{"id":{}}}`:                                                CodeProductIDMissing,
		`{"type":"track","event":"Removed Product","userId":"u","properties":{"name":"Cup"}}`:                                         CodeProductIDMissing,
		`{"type":"track","event":"refund","userId":"u","properties":{"transaction_id":"t","value":-1,"items":[{"item_id":"a"}]}}`:     CodeInvalidAmount,
		`{"type":"track","event":"Completed Order","userId":"u","properties":{"orderId":"o","products":[{"id":"a","price":"much"}]}}`: CodeInvalidAmount,
	} {
		if _, r := shop.Item(0, []byte(in), Arrival{Received: received, Source: sessions.Browser}); r == nil || r.Code != code {
			t.Errorf("%s: %+v, want %s", in, r, code)
		}
	}
}

// RudderStack's browser client says that nobody referred the shopper.
func TestNoReferrer(t *testing.T) {
	in := `{"type":"page","anonymousId":"a","context":{"page":{"url":"https://shop/","referrer":"$direct"}}}`
	e, r := shop.Item(0, []byte(in), Arrival{Received: received})
	if r != nil || e.Page.Referrer != "" || e.Page.URL != "https://shop/" {
		t.Errorf("%+v, %v", e, r)
	}
}
