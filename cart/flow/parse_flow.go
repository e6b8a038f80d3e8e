package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// nameForm is what a flow may be called: its name stands in ids of triggers and in
// addresses.
var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

// flow reads one flow, and puts the defaults of its kind where it says nothing.
func (r *reader) flow(node *yaml.Node, pointer string) Flow {
	f := Flow{Wait: -1, MaximumAge: DefaultAge, Cap: DefaultCap, CoolDown: DefaultCoolDown, Steps: nil}
	var kind string
	priority, steps := int64(-1), false
	r.mapping(node, pointer,
		field{"name", true, parsed(r, &f.Name, parseName)},
		field{"kind", true, r.text(&kind, string(Browse), string(Cart), string(Checkout))},
		field{"wait", false, parsed(r, &f.Wait, ParseDuration)},
		field{"maximum_age", false, parsed(r, &f.MaximumAge, ParseDuration)},
		field{"conditions", false, func(n *yaml.Node, at string) { r.conditions(&f.Conditions, n, at) }},
		field{"steps", false, func(n *yaml.Node, at string) { f.Steps, steps = r.steps(n, at), true }},
		field{"quiet_hours", false, parsed(r, &f.Quiet, parseQuiet)},
		field{"frequency_cap", false, parsed(r, &f.Cap, ParseDuration)},
		field{"cool_down", false, parsed(r, &f.CoolDown, ParseDuration)},
		field{"holdout", false, parsed(r, &f.Holdout, parsePercent)},
		field{"priority", false, r.number(&priority, 0, 1000)},
		field{"coupon_on_first_step", false, parsed(r, &f.CouponFirst, parseTruth)},
	)
	f.Kind = Kind(kind)
	if f.Wait < 0 {
		f.Wait = DefaultWait(f.Kind)
	}
	if f.Priority = int(priority); priority < 0 {
		f.Priority = defaultPriority(f.Kind)
	}
	if f.Active = min(f.Wait, active); !steps {
		f.Steps = DefaultSteps()
	}
	if kind != "" {
		r.sense(f, node, pointer)
	}
	return f
}

// sense refuses flows whose parts do not go together.
func (r *reader) sense(f Flow, node *yaml.Node, pointer string) {
	if err := f.Check(); err != nil {
		r.wrong(node, pointer+"/wait", err.Error())
	}
	for i, s := range f.Steps {
		at := pointer + "/steps/" + strconv.Itoa(i) + "/offset"
		if i > 0 && s.Offset <= f.Steps[i-1].Offset {
			r.wrong(node, at, "steps come one after another: expected more than "+formatDuration(f.Steps[i-1].Offset))
		}
		if f.Wait+s.Offset >= f.MaximumAge {
			r.wrong(node, at, fmt.Sprintf("is %s after the last activity, when the flow has let go at its maximum_age of %s",
				formatDuration(f.Wait+s.Offset), formatDuration(f.MaximumAge)))
		}
	}
	if len(f.Steps) > 0 && f.Steps[0].Coupon && !f.CouponFirst {
		r.wrong(node, pointer+"/steps/0/coupon", "the first step carries no coupon code, lest shoppers leave carts to get one: set coupon_on_first_step of the flow if it is to")
	}
	if f.Kind == Browse && (f.Conditions.MinimumValue != nil || f.Conditions.MaximumValue != nil || f.Conditions.Currencies != nil) {
		r.wrong(node, pointer+"/conditions", "who only browses has no cart: there is no value and no currency to ask for")
	}
	c := f.Conditions
	if c.MinimumValue != nil && c.MaximumValue != nil && *c.MinimumValue > *c.MaximumValue {
		r.wrong(node, pointer+"/conditions", "the minimum_value is above the maximum_value: nothing fits")
	}
	if (c.MinimumValue != nil || c.MaximumValue != nil) && len(c.Currencies) != 1 {
		r.wrong(node, pointer+"/conditions", "a value is in minor units of a currency: name the one it is of in currencies")
	}
}

func (r *reader) steps(node *yaml.Node, pointer string) []Step {
	steps := []Step{}
	for i, item := range r.items(node, pointer) {
		s, at := Step{Channels: []Channel{Webhook}}, pointer+"/"+strconv.Itoa(i)
		r.mapping(item, at,
			field{"offset", true, parsed(r, &s.Offset, ParseDuration)},
			field{"channels", false, func(n *yaml.Node, at string) { s.Channels = r.channels(n, at) }},
			field{"coupon", false, parsed(r, &s.Coupon, parseTruth)},
		)
		steps = append(steps, s)
	}
	if len(steps) > maximumSteps {
		r.wrong(node, pointer, fmt.Sprintf("at most %d steps, here are %d", maximumSteps, len(steps)))
	}
	return steps
}

func (r *reader) channels(node *yaml.Node, pointer string) []Channel {
	var texts []string
	r.list(&texts, node, pointer, string(Email), string(Webhook))
	slices.Sort(texts)
	channels := make([]Channel, len(texts))
	for i, text := range texts {
		channels[i] = Channel(text)
	}
	return channels
}

// list reads a list of different texts, of which there has to be one.
func (r *reader) list(into *[]string, node *yaml.Node, pointer string, allowed ...string) {
	var texts []string
	for i, item := range r.items(node, pointer) {
		var text string
		r.text(&text, allowed...)(item, pointer+"/"+strconv.Itoa(i))
		if text != "" && slices.Contains(texts, text) {
			r.wrong(item, pointer+"/"+strconv.Itoa(i), strconv.Quote(text)+" stands here twice")
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		r.wrong(node, pointer, "expected at least one")
	}
	if len(texts) > maximumListed {
		r.wrong(node, pointer, fmt.Sprintf("at most %d", maximumListed))
	}
	*into = texts
}

// maximumListed bounds the lists of conditions.
const maximumListed = 1000

func (r *reader) conditions(c *Conditions, node *yaml.Node, pointer string) {
	listed := func(into *[]string, form func(string) error) func(*yaml.Node, string) {
		return func(n *yaml.Node, at string) {
			r.list(into, n, at)
			for i, text := range *into {
				if err := form(text); err != nil {
					r.wrong(n, at+"/"+strconv.Itoa(i), err.Error())
				}
			}
		}
	}
	amount := func(into **int64) func(*yaml.Node, string) {
		return func(n *yaml.Node, at string) {
			*into = new(int64)
			r.number(*into, 0, 1<<53)(n, at)
		}
	}
	r.mapping(node, pointer,
		field{"minimum_value", false, amount(&c.MinimumValue)},
		field{"maximum_value", false, amount(&c.MaximumValue)},
		field{"currencies", false, listed(&c.Currencies, letters(3))},
		field{"countries", false, listed(&c.Countries, letters(2))},
		field{"products", false, listed(&c.Products, some)},
		field{"categories", false, listed(&c.Categories, some)},
		field{"visitors", false, r.text(&c.Visitors, NewVisitor, ReturningVisitor)},
		field{"devices", false, listed(&c.Devices, some)},
		field{"channels", false, listed(&c.Channels, some)},
	)
}

func parseName(text string) (string, error) {
	if !nameForm.MatchString(text) {
		return "", fmt.Errorf("%q is no name: small letters, digits, - and _, at most 64", text)
	}
	if text == "order" || text == "click" || text == "consent" {
		return "", fmt.Errorf("%q is a name of Cartwright's own", text)
	}
	return text, nil
}

// parsePercent reads a share such as “10%” or 10.
func parsePercent(text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSuffix(text, "%"))
	if err != nil || n < 0 || n > 90 {
		return 0, fmt.Errorf("%q is no share from 0%% to 90%%, in whole percent", text)
	}
	return n, nil
}

func parseTruth(text string) (bool, error) {
	if text != "true" && text != "false" {
		return false, fmt.Errorf("%q is neither true nor false", text)
	}
	return text == "true", nil
}

// letters accepts capital letters, so many of them.
func letters(n int) func(string) error {
	form := regexp.MustCompile(fmt.Sprintf("^[A-Z]{%d}$", n))
	return func(text string) error {
		if !form.MatchString(text) {
			return fmt.Errorf("%q is not %d capital letters", text, n)
		}
		return nil
	}
}

func some(text string) error {
	if text == "" {
		return fmt.Errorf("expected a text that is not empty")
	}
	return nil
}

// total is how long after the last activity something of an offset is due.
func (f Flow) total(offset time.Duration) time.Duration { return f.Wait + offset }
