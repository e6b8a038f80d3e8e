package api_test

import (
	"testing"

	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// What an order of WooCommerce means follows from its status.
func TestWooCommerceStatuses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := inboundShop(t, db)
		s.post("/v1/track", writeKey, `{"event":"Product Added","anonymousId":"anon-karl","timestamp":"2026-02-28T12:00:00Z","properties":{"product_id":"7"}}`).receipt(t)
		is := func(status, changed string, more ...string) string {
			return sample(t, "woocommerce/order", append([]string{`"status":"processing"`, `"status":"` + status + `"`, "12:10:03", changed}, more...)...)
		}
		unpaid := []string{`"date_paid_gmt":"2026-02-28T12:10:02"`, `"date_paid_gmt":null`}
		cart := func(want string) {
			t.Helper()
			s.wantRows("SELECT status, checkout_id, email FROM carts", "status checkout_id email\n"+want)
		}
		s.woo("order.created", "d1", is("pending", "12:10:00", unpaid...)).heard(t)
		cart("open wc_order_a1b2c3 karl.beispiel@example.com")
		s.woo("order.updated", "d2", is("failed", "12:10:01", unpaid...)).heard(t)
		s.wantRows("SELECT COUNT(*) AS n FROM orders WHERE seq > 0", "n\n0")
		cart("open wc_order_a1b2c3 karl.beispiel@example.com")
		s.woo("order.updated", "d3", is("processing", "12:10:03")).heard(t)
		cart("ordered wc_order_a1b2c3 karl.beispiel@example.com")
		s.woo("order.updated", "d2", is("failed", "12:10:02", unpaid...)).heard(t) // older, told late, under an id that is known
		s.woo("order.updated", "d4", is("completed", "12:20:00")).heard(t)
		want := func(row string) {
			t.Helper()
			s.wantRows(inboundOrders, "order_id cart_id customer_id email total refunded cancelled\n9007199254740999 \"\" 26 karl.beispiel@example.com "+row)
		}
		want("6500 0 0")
		refunded := []string{`"refunds":[]`, `"refunds":[{"id":9007199254741001,"reason":"","total":"-10.00"}]`}
		s.woo("order.updated", "d5", is("completed", "12:30:00", refunded...)).heard(t)
		s.woo("order.updated", "d6", is("completed", "12:31:00", refunded...)).heard(t)
		want("6500 1000 0")
		s.woo("order.updated", "d7", is("cancelled", "12:40:00")).heard(t)
		want("6500 1000 1")
		s.woo("order.updated", "d8", is("processing", "12:50:00")).heard(t)
		s.woo("order.updated", "d9", is("cancelled", "12:40:00")).heard(t)
		want("6500 1000 0")
		s.woo("order.deleted", "d10", `{"id":9007199254740999}`).heard(t)
		want("6500 1000 1")
		s.wantRows("SELECT kind, COUNT(*) AS n FROM events WHERE kind LIKE 'order_completed' GROUP BY kind", "kind n\norder_completed 1")
	})
}

// What was thrown away may be brought back and thrown away again; a delivery that comes
// again changes nothing.
func TestWooCommerceDeletesAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := inboundShop(t, db)
		order, product := `{"id":9007199254740999}`, `{"id":9007199254740993}`
		want := func(gone string) {
			t.Helper()
			s.wantRows("SELECT cancelled FROM orders", "cancelled\n"+gone)
			s.wantRows(`SELECT CASE WHEN body LIKE '%"hidden":true%' THEN 1 ELSE 0 END AS hidden FROM products`, "hidden\n"+gone)
		}
		deleted := func(delivery string) {
			t.Helper()
			s.woo("order.deleted", delivery, order).heard(t)
			s.woo("product.deleted", delivery, product).heard(t)
		}
		restored := func(changed string) {
			t.Helper()
			s.woo("order.restored", "back "+changed, sample(t, "woocommerce/order", "2026-02-28T12:10:03", changed)).heard(t)
			s.woo("product.restored", "back "+changed, sample(t, "woocommerce/product", "2026-02-01T00:00:00", changed)).heard(t)
			want("0")
		}
		restored("2026-02-28T12:10:04")
		deleted("first")
		want("1")
		restored("2026-03-01T12:00:00") // the second of the deletions
		deleted("first")
		want("0")
		deleted("second")
		want("1")
		restored("2026-03-01T12:00:01")
		deleted("first")
		deleted("second")
		want("0")
	})
}

// WooCommerce makes its delivery ids of the second: one may stand for two records.
func TestWooCommerceDeliveryOfTwoRecords(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := inboundShop(t, db)
		for _, id := range []string{"9007199254740999", "9007199254741000"} {
			s.woo("order.created", "same", sample(t, "woocommerce/order", "9007199254740999", id)).heard(t)
		}
		s.woo("product.updated", "same", sample(t, "woocommerce/product")).heard(t)
		s.woo("product.updated", "same", sample(t, "woocommerce/product", `"status":"publish"`, `"status":"draft"`, "2026-02-01", "2026-02-02")).heard(t)
		s.woo("customer.created", "same", sample(t, "woocommerce/customer")).heard(t)
		s.wantRows("SELECT order_id FROM orders ORDER BY order_id", "order_id\n9007199254740999\n9007199254741000")
		s.wantRows(inboundProducts, `product_id body
			9007199254740993 {"product_id":"9007199254740993","name":"Mug","url":"https://shop.example/product/mug/","image_url":"https://shop.example/mug.jpg","price":1250,"currency":"EUR","category":"Tableware","brand":"Kiln \u0026 Co","in_stock":true,"hidden":true}`)
	})
}
