package wire_test

import (
	"fmt"
	"strings"
	"time"

	"cartwright/sessions"
	"cartwright/sessions/wire"
)

// A call of the Segment API becomes an event, its price in cents.
func ExampleDecoder_Item() {
	d := wire.Decoder{Currency: "EUR"}
	arrival := wire.Arrival{
		Received: sessions.MillisOf(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)),
		Source:   sessions.Browser,
	}
	e, _ := d.Item(0, []byte(`{"type":"track","event":"Product Added","anonymousId":"b1",
		"properties":{"product_id":"mug","price":5.5,"quantity":2}}`), arrival)
	fmt.Println(e.Kind, e.Anonymous, e.Lines[0].Quantity, e.Lines[0].Product, *e.Lines[0].UnitPrice, e.Currency)

	_, rejected := d.Item(1, []byte(`{"type":"track","event":"Order Completed","userId":"u"}`), arrival)
	fmt.Println(rejected.Index, rejected.Code)
	// Output:
	// product_added b1 2 mug 550 EUR
	// 1 order_id_missing
}

// All mistakes of a form are told at once, each with the place where it stands.
func ExampleDecoder_Cart() {
	d := wire.Decoder{Currency: "EUR"}
	_, errs := d.Cart("c1", []byte(`{"visitor":{"mail":"x"},"lines":[{"product_id":"mug","quantity":1.5}]}`), 0)
	for _, e := range errs {
		fmt.Println(e.Pointer, e.Code)
	}
	// Output:
	// /visitor/mail unknown_field
	// /lines/0/quantity invalid_quantity
}

// Rows are counted apart from events: here two make one order.
func ExampleOpen() {
	file := wire.File{Name: "march.csv", Reader: strings.NewReader(
		`event_time,event_type,product_id,price,user_id,user_session
2026-03-01 12:00:05 UTC,purchase,1,2.50,7,s
2026-03-01 12:00:00 UTC,view,1,2.50,7,s
2026-03-01 12:00:09 UTC,purchase,2,1.00,7,s
`)}
	im, err := wire.Open("rees46", []wire.File{file}, wire.Options{Currency: "EUR"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for b, err := range im.Batches() {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, e := range b.Events {
			fmt.Println(e.Occurred.Time().Format(time.TimeOnly), e.Kind, "of rows:", b.Rows[i])
		}
		fmt.Printf("%+v\n", b.Tally(sessions.Receipt{Accepted: len(b.Events)}))
	}
	// Output:
	// 12:00:00 product_viewed of rows: 1
	// 12:00:05 order_completed of rows: 2
	// {Read:3 Accepted:3 Duplicates:0 Rejected:0}
}
