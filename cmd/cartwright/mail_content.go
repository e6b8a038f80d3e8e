package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"cartwright/jobs/mail"
	"cartwright/recommend"
	"cartwright/sessions"
)

// How much of everything a mail shows.
const (
	mailLines       = 8 // of the cart; the others are counted
	mailRecommended = 4
	mailAtLeast     = 2 // recommendations: one alone looks lost
)

// recommendTime is how long a mail waits for its recommendations. It goes without them then.
const recommendTime = 2 * time.Second

// fill looks up names, pictures, prices and recommendations.
func (c *composer) fill(ctx context.Context, content *mail.Content, s mailSubject) error {
	content.Lines, content.More, content.Total = nil, 0, mail.Amount{}
	total, whole := int64(0), true
	for i, l := range s.Lines {
		p, err := c.product(ctx, l.Product)
		if err != nil {
			return err
		}
		price, currency := l.UnitPrice, s.Currency
		if currency == "" { // of what was only looked at
			currency, whole = p.Currency, false
		}
		if price == nil && p.Currency == currency {
			price = p.Price
		}
		sum, known := product64(price, l.Quantity)
		whole = whole && known && total <= math.MaxInt64-sum
		if whole {
			total += sum
		}
		if i >= mailLines {
			content.More++
			continue
		}
		line := mail.Line{Name: p.Name, Variant: variantOf(l), Image: c.web(p.ImageURL), URL: c.web(p.URL), Quantity: l.Quantity,
			Price: c.purse.Amount(price, currency)}
		if known {
			line.Total = c.purse.Amount(&sum, currency)
		}
		content.Lines = append(content.Lines, line)
	}
	if whole {
		content.Total = c.purse.Amount(&total, s.Currency)
	}
	content.Recommended = c.recommended(ctx, s)
	return nil
}

// product64 is a price times a quantity, and whether that is known and a number.
func product64(price *int64, quantity int64) (sum int64, known bool) {
	if price == nil || *price < 0 || quantity < 0 || *price != 0 && quantity > math.MaxInt64 / *price {
		return 0, false
	}
	return *price * quantity, true
}

// variantOf is how a line's variant is shown. It is the shop's id of it, which means
// something to people only if it has words: sizes and colours do, numbers do not.
func variantOf(l sessions.Line) string {
	text := string(l.Variant)
	if strings.Trim(text, "0123456789-_./:") == "" || strings.Contains(text, "://") || len(text) > 60 {
		return ""
	}
	return text
}

// product returns the catalog's entry of a product, or one with nothing but its id.
func (c *composer) product(ctx context.Context, id sessions.ProductID) (sessions.Product, error) {
	p, err := c.catalog.Product(ctx, id)
	if errors.Is(err, sessions.ErrNotFound) {
		return sessions.Product{ID: id}, nil
	}
	if err != nil {
		return p, fmt.Errorf("write a mail: %w", err)
	}
	return p, nil
}

// web is an address as a mail can show it: whole, and of the web. One that the catalog
// gives from the shop's root on is completed.
func (c *composer) web(address string) string {
	base, err := url.Parse(c.config.ShopURL)
	if err != nil || address == "" {
		return ""
	}
	u, err := base.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}

// recommended are two to four products for the shopper of a mail, or none.
func (c *composer) recommended(ctx context.Context, s mailSubject) []mail.Product {
	if c.recommend == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, recommendTime)
	defer cancel()
	request := recommend.Request{Context: recommend.Email, Anonymous: s.Anonymous, Customer: s.Customer, N: 2 * mailRecommended,
		Filter: recommend.Filter{InStock: true}}
	for _, l := range s.Lines[:min(len(s.Lines), recommend.MaximumTold)] {
		request.Cart = append(request.Cart, l.Product)
		request.Exclude = append(request.Exclude, l.Product)
	}
	answer, err := c.recommend(ctx, request)
	if err != nil {
		c.logger.Warn("a mail goes without recommendations", "error", err)
		return nil
	}
	var list []mail.Product
	for _, item := range answer.Items {
		if item.Product == nil || item.Product.Name == "" {
			continue
		}
		p := item.Product
		list = append(list, mail.Product{Name: p.Name, Image: c.web(p.ImageURL), URL: c.web(p.URL),
			Price: c.purse.Amount(p.Price, p.Currency), Reason: reasonFor(item.Strategy), Way: string(item.Strategy)})
	}
	// Those without a picture would stand among the others as if something were missing.
	if pictured := withPictures(list); len(pictured) >= mailAtLeast {
		list = pictured
	}
	if len(list) < mailAtLeast {
		return nil
	}
	return list[:min(len(list), mailRecommended)]
}

func withPictures(list []mail.Product) []mail.Product {
	return slices.DeleteFunc(slices.Clone(list), func(p mail.Product) bool { return p.Image == "" })
}

// reasonFor says to a shopper why something is recommended, without the numbers that
// the shop sees.
func reasonFor(s recommend.Strategy) string {
	switch s {
	case recommend.BuyAgain:
		return "You bought it before"
	case recommend.BuyTogether:
		return "Often bought together"
	case recommend.ViewTogether:
		return "Often viewed together"
	case recommend.SimilarProducts:
		return "Similar to what you chose"
	case recommend.LikelyNext, recommend.SimilarSessions:
		return "Picked for you"
	case recommend.PopularNow, recommend.CategoryPopular:
		return "Popular right now"
	}
	return ""
}
