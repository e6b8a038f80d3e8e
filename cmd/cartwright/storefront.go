package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// A storefront is the tour's shop: it talks to Cartwright over HTTP as a shop's
// backend does.
type storefront struct {
	address string // http://127.0.0.1:port
	secret  string
}

// putCart tells the whole cart that became an invoice.
func (s storefront) putCart(ctx context.Context, i invoice) error {
	return s.call(ctx, http.MethodPut, "/v1/carts/"+url.PathEscape("cart-"+i.number), cartBody(i), nil)
}

// postOrder tells that the cart was paid.
func (s storefront) postOrder(ctx context.Context, i invoice) error {
	body := cartBody(i)
	body["order_id"], body["cart_id"], body["total"] = i.number, "cart-"+i.number, i.value()
	return s.call(ctx, http.MethodPost, "/v1/orders", body, nil)
}

func cartBody(i invoice) map[string]any {
	type line struct {
		Product   string `json:"product_id"`
		Quantity  int64  `json:"quantity"`
		UnitPrice int64  `json:"unit_price"`
	}
	lines := make([]line, len(i.lines))
	for n, l := range i.lines {
		lines[n] = line{l.code, l.quantity, l.pence}
	}
	return map[string]any{"visitor": map[string]string{"user_id": i.customer}, "currency": "GBP", "lines": lines}
}

// recommendation is one recommended product.
type recommendation struct {
	Product string `json:"product_id"`
	Reason  string `json:"reason"`
	Details *struct {
		Name string `json:"name"`
	} `json:"product"`
}

func (r recommendation) name() string {
	if r.Details == nil {
		return r.Product
	}
	return r.Details.Name
}

// recommend asks what goes with a product.
func (s storefront) recommend(ctx context.Context, product string, n int) ([]recommendation, error) {
	var answer struct {
		Items []recommendation `json:"items"`
	}
	query := url.Values{"context": {"product"}, "item": {product}, "n": {strconv.Itoa(n)}}
	err := s.call(ctx, http.MethodGet, "/v1/recommendations?"+query.Encode(), nil, &answer)
	return answer.Items, err
}

// call sends one request and reads the answer into out, unless that is nil.
func (s storefront) call(ctx context.Context, method, path string, in, out any) error {
	var body io.Reader
	if in != nil {
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.address+path, body)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.secret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, answer)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}
