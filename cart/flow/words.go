package flow

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Words says in sentences what the flow will do, a paragraph of what it takes and a
// line for each step with its total delay from the last activity.
func (f Flow) Words() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", f.Name, f.subject())
	fmt.Fprintf(&b, "  It takes %s.\n", f.Conditions.words())
	if len(f.Steps) == 0 {
		b.WriteString("  It has no steps: the shop's endpoints are told of the abandonment, once, and nobody is written to.\n")
	}
	for i, s := range f.Steps {
		fmt.Fprintf(&b, "  Step %d, %s after the last activity (%s), %s%s.\n", i+1, spoken(f.total(s.Offset)), f.sum(s.Offset), s.way(), s.extra(i == 0))
	}
	if len(f.Steps) > 0 {
		fmt.Fprintf(&b, "  %s\n", f.restraint())
	}
	fmt.Fprintf(&b, "  What is older than %s is let go.%s\n", spoken(f.MaximumAge), f.holdout())
	return b.String()
}

func (f Flow) subject() string {
	what := map[Kind]string{
		Browse: "shoppers who looked at products and left without a cart", Cart: "carts that were left",
		Checkout: "carts that were left during checkout",
	}[f.Kind]
	return fmt.Sprintf("%s, %s ago (priority %d)", what, spoken(f.Wait), f.Priority)
}

// sum shows how a total delay comes about.
func (f Flow) sum(offset time.Duration) string {
	return fmt.Sprintf("wait %s + offset %s", formatDuration(f.Wait), formatDuration(offset))
}

func (s Step) way() string {
	ways := map[Channel]string{Email: "mails", Webhook: "tells the shop's endpoints"}
	var words []string
	for _, c := range s.Channels {
		words = append(words, ways[c])
	}
	return strings.Join(words, " and ")
}

func (s Step) extra(first bool) string {
	switch {
	case s.Coupon && first:
		return ", with a coupon code although it is the first"
	case s.Coupon:
		return ", with a coupon code"
	}
	return ""
}

func (f Flow) restraint() string {
	var words []string
	if q := f.Quiet.String(); q != "" {
		words = append(words, "not between "+strings.Replace(q, "-", " and ", 1)+" by the shopper's clock")
	}
	if f.Cap > 0 {
		words = append(words, "not within "+spoken(f.Cap)+" after another message to the same person")
	}
	if f.CoolDown > 0 {
		words = append(words, "not within "+spoken(f.CoolDown)+" after an order")
	}
	if slices.ContainsFunc(f.Steps, func(s Step) bool { return slices.Contains(s.Channels, Email) }) {
		words = append(words, "a mail as long as its address or network has had as many lately as the settings mail-… allow")
	}
	if len(words) == 0 {
		return "Nothing holds a step back but an order, an active shopper and missing consent."
	}
	return "A step waits: " + strings.Join(words, ", ") + "."
}

func (f Flow) holdout() string {
	if f.Holdout == 0 {
		return " Nobody is held out, so that it will not be seen what the others would have bought anyway."
	}
	return fmt.Sprintf(" %d in 100 people are held out: they are never written to, and compared with the others.", f.Holdout)
}

func (c Conditions) words() string {
	var words []string
	add := func(format string, values ...any) { words = append(words, fmt.Sprintf(format, values...)) }
	if c.MinimumValue != nil {
		add("of at least %d in minor units", *c.MinimumValue)
	}
	if c.MaximumValue != nil {
		add("of at most %d in minor units", *c.MaximumValue)
	}
	for _, list := range []struct {
		what   string
		values []string
	}{
		{"in the currency", c.Currencies}, {"from the country", c.Countries}, {"with the product", c.Products},
		{"with a product of the category", c.Categories}, {"on the device", c.Devices}, {"who came by", c.Channels},
	} {
		if len(list.values) > 0 {
			add("%s %s", list.what, strings.Join(list.values, " or "))
		}
	}
	if c.Visitors != "" {
		add("of %s visitors", c.Visitors)
	}
	if len(words) == 0 {
		return "all of them"
	}
	return "those " + strings.Join(words, ", ")
}

// spoken writes a time in words.
func spoken(d time.Duration) string {
	var words []string
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := d / unit.of
		d -= n * unit.of
		if n == 1 {
			words = append(words, "1 "+unit.name)
		} else if n > 1 {
			words = append(words, fmt.Sprintf("%d %ss", n, unit.name))
		}
	}
	if len(words) == 0 {
		return "no time"
	}
	return strings.Join(words, " ")
}
