package api

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cartwright/recommend"
	"cartwright/sessions"
)

// attributePrefix begins the parameters that demand an attribute of products, as in
// attribute.colour=red.
const attributePrefix = "attribute."

// refine reads from a query which products a request for recommendations wants, and
// which it does not. Parameters that nobody knows are passed over, as everywhere.
func refine(query string, q *recommend.Request) error {
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" || strings.Contains(pair, ";") {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || !refines(name) {
			continue
		}
		if value, err = url.QueryUnescape(value); err != nil {
			continue
		}
		if !storable(value) || !storable(name) {
			return notStorable(strconv.Quote(name))
		}
		if err := refineBy(name, value, q); err != nil {
			return err
		}
	}
	return nil
}

// refines reports whether a parameter is one that refine knows.
func refines(name string) bool {
	switch name {
	case "category", "brand", "tag", "exclude", "min_price", "max_price", "in_stock", "explain":
		return true
	}
	return strings.HasPrefix(name, attributePrefix)
}

func refineBy(name, value string, q *recommend.Request) (err error) {
	f := &q.Filter
	switch name {
	case "category":
		f.Categories = append(f.Categories, value)
	case "brand":
		f.Brands = append(f.Brands, value)
	case "tag":
		f.Tags = append(f.Tags, value)
	case "exclude":
		q.Exclude = append(q.Exclude, sessions.ProductID(value))
	case "min_price":
		f.MinimumPrice, err = priceParameter(name, value, f.MinimumPrice)
	case "max_price":
		f.MaximumPrice, err = priceParameter(name, value, f.MaximumPrice)
	case "explain":
		if value != "true" && value != "false" {
			return invalidParameter(name, "true or false")
		}
		q.Explain = value == "true"
	case "in_stock":
		if value != "true" {
			return invalidParameter(name, inStockOnly)
		}
		f.InStock = true
	default:
		demand(f, strings.TrimPrefix(name, attributePrefix), recommend.Spelled(value)...)
	}
	return err
}

// inStockOnly is what in_stock may be.
const inStockOnly = "true; leave it out otherwise, for what is out of stock is never recommended"

// priceParameter reads a price. Of several of a name the first counts.
func priceParameter(name, value string, have *int64) (*int64, error) {
	price, err := strconv.ParseUint(value, 10, 63) // which takes digits only
	if err != nil {
		return nil, invalidParameter(name, priceUnits)
	}
	if have != nil {
		return have, nil
	}
	return new(int64(price)), nil
}

// priceUnits is what a price may be.
const priceUnits = "an integer of minor units, such as cents, of the shop's currency"

// demand adds values that an attribute may have.
func demand(f *recommend.Filter, name string, values ...recommend.Value) {
	i := slices.IndexFunc(f.Attributes, func(a recommend.Attribute) bool { return a.Name == name })
	if i < 0 {
		i = len(f.Attributes)
		f.Attributes = append(f.Attributes, recommend.Attribute{Name: name})
	}
	f.Attributes[i].Any = append(f.Attributes[i].Any, values...)
}

// parameterOf returns the name of the parameter that tells a part of a request.
func parameterOf(part string) string {
	name, rest, _ := strings.Cut(strings.TrimPrefix(part, "filter/"), "/")
	if name != "attribute" {
		return name
	}
	return attributePrefix + strings.NewReplacer("~1", "/", "~0", "~").Replace(rest)
}
