package wire

import (
	"fmt"
	"testing"

	"cartwright/sessions"
)

// TestLinesChooseTheirSource tells where products are taken from: an event
// about one product has it in fields of its own, the others in products.
func TestLinesChooseTheirSource(t *testing.T) {
	for _, c := range []struct{ event, properties, want string }{
		{"Product Added", `{"product_id":"p"}`, "p"},
		{"Product Added", `{"sku":"s"}`, "s"},
		{"Product Added", `{"productId":"p","sku":"s"}`, "p"},
		{"Product Added", `{"product_id":"","sku":"s"}`, "s"},
		{"Product Added", `{"product_id":"p","products":[{"sku":"q"}]}`, "p"},
		{"Product Added", `{"products":[{"sku":"q"},{"sku":"r"}]}`, "q r"},
		{"Cart Viewed", `{"product_id":"p","products":[{"sku":"q"}]}`, "q"},
		{"Cart Viewed", `{"product_id":"p"}`, "p"},
		{"Cart Viewed", `{"products":{"sku":"q"}}`, ""},
		{"Cart Viewed", `{"products":[]}`, ""},
		{"Cart Viewed", `{"products":[[],{"name":"x"},{"product_id":3}]}`, "3"},
		{"Cart Viewed", `{}`, ""},
		{"Video Played", `{"product_id":"p"}`, ""},
	} {
		in := fmt.Sprintf(`{"type":"track","event":%q,"userId":"u","properties":%s}`, c.event, c.properties)
		e, r := shop.Item(0, []byte(in), Arrival{Received: received})
		if r != nil {
			t.Errorf("%s: %s", in, r.Reason)
			continue
		}
		got := ""
		for i, l := range e.Lines {
			if i > 0 {
				got += " "
			}
			got += string(l.Product)
		}
		if got != c.want {
			t.Errorf("%s: products %q, want %q", in, got, c.want)
		}
	}
}

func TestCurrencyIsOfTheAmounts(t *testing.T) {
	for properties, want := range map[string]string{
		`{"product_id":"p"}`:                               "",
		`{"product_id":"p","price":1}`:                     "EUR",
		`{"product_id":"p","currency":" sek "}`:            "SEK",
		`{"product_id":"p","price":1,"currency":null}`:     "EUR",
		`{"product_id":"p","price":"","currency":""}`:      "",
		`{"products":[{"sku":"a"},{"sku":"b","price":0}]}`: "EUR",
	} {
		in := fmt.Sprintf(`{"type":"track","event":"Product Viewed","userId":"u","properties":%s}`, properties)
		e, r := shop.Item(0, []byte(in), Arrival{Received: received})
		if r != nil || e.Currency != want {
			t.Errorf("%s: %v, %v; want %q", properties, e, r, want)
		}
	}
}

func TestCredible(t *testing.T) {
	price := int64(maxAmount)
	line := func(quantity int64) sessions.Line { return sessions.Line{Quantity: quantity, UnitPrice: &price} }
	for _, c := range []struct {
		lines []sessions.Line
		want  bool
	}{
		{nil, true},
		{[]sessions.Line{{Quantity: maxQuantity}}, true},
		{[]sessions.Line{line(1000)}, true},
		{[]sessions.Line{line(1001)}, false},
		{[]sessions.Line{line(500), line(500)}, true},
		{[]sessions.Line{line(500), line(501)}, false},
		{[]sessions.Line{line(maxQuantity), line(maxQuantity), line(maxQuantity)}, false},
	} {
		if got := credible(c.lines); got != c.want {
			t.Errorf("%d lines: %v, want %v", len(c.lines), got, c.want)
		}
	}
}

func TestNoOrderIsLostForOneProduct(t *testing.T) {
	in := `{"type":"track","event":"Order Completed","userId":"u","properties":{"order_id":"o","products":[{"name":"no id"},null,"x"]}}`
	e, r := shop.Item(0, []byte(in), Arrival{Received: received})
	if r != nil || e.Order != "o" || len(e.Lines) != 0 {
		t.Errorf("%v, %v", e, r)
	}
}
