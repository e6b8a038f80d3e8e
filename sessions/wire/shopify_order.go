package wire

// shopifyOrderBody is an order.
type shopifyOrderBody struct {
	ID              value
	CartToken       value `json:"cart_token"`
	CheckoutToken   value `json:"checkout_token"`
	Email           value
	ContactEmail    value `json:"contact_email"`
	Customer        shopifyCustomer
	Ticked          value `json:"buyer_accepts_marketing"`
	Currency        value
	TotalPrice      value         `json:"total_price"`
	FinancialStatus value         `json:"financial_status"`
	LineItems       []shopifyLine `json:"line_items"`
	Notes           []shopifyNote `json:"note_attributes"`
	Refunds         []shopifyRefundBody
	CreatedAt       value `json:"created_at"`
	ProcessedAt     value `json:"processed_at"`
	UpdatedAt       value `json:"updated_at"`
	CancelledAt     value `json:"cancelled_at"`
}

// shopifyOrder reads an order. Shopify makes one when the shopper has placed it, so
// also one whose payment is pending counts; not any more when it was cancelled, or
// its payment was voided or has expired.
func (t *teller) shopifyOrder() *refusal {
	var b shopifyOrderBody
	if r := t.read(&b, anOrder); r != nil {
		return r
	}
	status := textOf(b.FinancialStatus)
	currency, places := t.money(b.Currency)
	o := order{
		id: idOf(b.ID), purchased: true, cancelled: given(b.CancelledAt) || status == "voided" || status == "expired",
		at: when(b.ProcessedAt), updated: when(b.UpdatedAt),
		buyer: b.Customer.consenting(buyerOf(anonymousOf(b.Notes), b.Customer.ID, b.Email, b.ContactEmail, b.Customer.Email), ticked(b.Ticked)),
		cart:  shopifyCartName(b.CartToken, b.CheckoutToken), checkout: idOf(b.CheckoutToken),
		currency: currency, total: amount(b.TotalPrice, places), lines: shopifyLines(b.LineItems, places),
	}
	if o.at == 0 {
		o.at = when(b.CreatedAt)
	}
	for _, r := range b.Refunds {
		o.refunds = append(o.refunds, r.refund(places))
	}
	return t.order(o)
}

// shopifyRefundBody is a refund, in an order or by itself.
type shopifyRefundBody struct {
	ID           value
	OrderID      value `json:"order_id"`
	CreatedAt    value `json:"created_at"`
	Transactions []struct{ Kind, Status, Amount, Currency value }
}

// refund adds up what went back, without what failed to.
func (b shopifyRefundBody) refund(places int) refund {
	var sum int64
	for _, tx := range b.Transactions {
		status := textOf(tx.Status)
		if n := amount(tx.Amount, places); n != nil && textOf(tx.Kind) == "refund" && status != "failure" && status != "error" {
			sum = min(sum+*n, maxAmount)
		}
	}
	return refund{idOf(b.ID), when(b.CreatedAt), &sum}
}

// shopifyRefund reads a refund by itself.
func (t *teller) shopifyRefund() *refusal {
	var b shopifyRefundBody
	if r := t.read(&b, aRefund); r != nil {
		return r
	}
	id := idOf(b.OrderID)
	if id == "" || idOf(b.ID) == "" {
		return refuse(CodeOrderIDMissing, "the refund has no id, or no order_id")
	}
	var code value
	if len(b.Transactions) > 0 {
		code = b.Transactions[0].Currency
	}
	currency, places := t.money(code)
	t.refund(id, currency, b.refund(places))
	return nil
}
