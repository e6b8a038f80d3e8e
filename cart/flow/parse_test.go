package flow_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"cartwright/cart/flow"
)

func TestParseFillsIn(t *testing.T) {
	flows, err := flow.Parse([]byte("flows:\n  - {name: carts, kind: cart}\n  - {name: browsing, kind: browse, steps: []}\n  - {name: pay, kind: checkout}\ncart-wait: 1h\n"))
	if err != nil {
		t.Fatal(err)
	}
	carts := flow.Default()
	carts.Name, carts.Steps = "carts", flow.DefaultSteps()
	if !reflect.DeepEqual(flows[0], carts) {
		t.Errorf("%+v\nwant %+v", flows[0], carts)
	}
	if f := flows[1]; f.Wait != 4*time.Hour || len(f.Steps) != 0 || f.Active != 30*time.Minute || f.Priority >= carts.Priority {
		t.Errorf("browsing: %+v", f)
	}
	if f := flows[2]; f.Wait != 30*time.Minute || f.Priority <= carts.Priority {
		t.Errorf("checkout: %+v", f)
	}
}

func TestParseTakesEverything(t *testing.T) {
	flows, err := flow.Parse([]byte(`[{"name": "big", "kind": "cart", "wait": "45m", "maximum_age": "10d",
		"conditions": {"minimum_value": 5000, "maximum_value": 90000, "currencies": ["EUR"], "countries": ["DE", "AT"], "products": ["a"],
			"categories": ["Shoes"], "visitors": "returning", "devices": ["mobile"], "channels": ["email"]},
		"steps": [{"offset": "0s"}, {"offset": "1d2h", "channels": ["webhook", "email"], "coupon": true}],
		"quiet_hours": "21:30-08:00", "frequency_cap": "2d", "cool_down": "0s", "holdout": "15%", "priority": 7}]`))
	if err != nil {
		t.Fatal(err)
	}
	low, high := int64(5000), int64(90000)
	want := flow.Flow{
		Name: "big", Kind: flow.Cart, Wait: 45 * time.Minute, MaximumAge: 240 * time.Hour, Active: 30 * time.Minute,
		Conditions: flow.Conditions{MinimumValue: &low, MaximumValue: &high, Currencies: []string{"EUR"}, Countries: []string{"DE", "AT"},
			Products: []string{"a"}, Categories: []string{"Shoes"}, Visitors: "returning", Devices: []string{"mobile"}, Channels: []string{"email"}},
		Steps: []flow.Step{{Channels: []flow.Channel{flow.Webhook}},
			{Offset: 26 * time.Hour, Channels: []flow.Channel{flow.Email, flow.Webhook}, Coupon: true}},
		Quiet: flow.Quiet{From: 21*60 + 30, To: 8 * 60}, Cap: 48 * time.Hour, Holdout: 15, Priority: 7,
	}
	if !reflect.DeepEqual(flows, []flow.Flow{want}) {
		t.Errorf("%+v\nwant %+v", flows[0], want)
	}
}

// Every mistake is told with its line and its place, all at once.
func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "line 1: flows: there is nothing: expected a list of flows",
		"wait: 1h":                              "line 1: flows: there is no key “flows”",
		"flows: 3":                              "line 1: flows: expected a list",
		"- 3":                                   "line 1: flows/0: expected keys with values",
		"- {name: a}":                           "line 1: flows/0: kind is missing",
		"- {name: A, kind: cart}":               `line 1: flows/0/name: "A" is no name: small letters, digits, - and _, at most 64`,
		"- {name: order, kind: cart}":           `line 1: flows/0/name: "order" is a name of Cartwright's own`,
		"- {name: a, kind: basket}":             `line 1: flows/0/kind: "basket" is none of browse, cart, checkout`,
		"- name: a\n  kind: cart\n  wiat: 1h":   `line 3: flows/0/wiat: there is no key "wiat"; there are name, kind, wait, maximum_age, conditions, steps, quiet_hours, frequency_cap, cool_down, holdout, priority, coupon_on_first_step`,
		"- name: a\n  kind: cart\n  kind: cart": "line 3: flows/0/kind: stands here twice",
		"- {name: a, kind: cart}\n- {name: a, kind: cart}":             "line 2: flows/1/name: there are two flows of this name",
		"- {name: a, kind: cart, wait: soon}":                          `line 1: flows/0/wait: "soon" is no time such as 90m, 23h or 7d`,
		"- {name: a, kind: cart, wait: -1h}":                           `line 1: flows/0/wait: "-1h" is no time such as 90m, 23h or 7d`,
		"- {name: a, kind: cart, wait: 0s}":                            "line 1: flows/0/wait: wait 0s: a shopper must be idle for some time to have left",
		"- {name: a, kind: cart, wait: 8d, steps: []}":                 "line 1: flows/0/wait: maximum age 168h0m0s: must be longer than the wait of 192h0m0s",
		"- {name: a, kind: cart, steps: [{offset: 2h}, {offset: 1h}]}": "line 1: flows/0/steps/1/offset: steps come one after another: expected more than 2h",
		"- {name: a, kind: cart, steps: [{offset: 7d}]}":               "line 1: flows/0/steps/0/offset: is 7d1h after the last activity, when the flow has let go at its maximum_age of 7d",
		"- {name: a, kind: cart, steps: [{channels: [sms]}]}": `line 1: flows/0/steps/0/channels/0: "sms" is none of email, webhook
line 1: flows/0/steps/0: offset is missing`,
		"- {name: a, kind: cart, steps: [{offset: 1h, channels: []}]}":                                 "line 1: flows/0/steps/0/channels: expected at least one",
		"- {name: a, kind: cart, quiet_hours: 9pm}":                                                    `line 1: flows/0/quiet_hours: "9pm" are no hours such as 21:00-08:00`,
		"- {name: a, kind: cart, quiet_hours: 24:00-08:00}":                                            `line 1: flows/0/quiet_hours: "24:00-08:00" are no hours such as 21:00-08:00`,
		"- {name: a, kind: cart, holdout: 0.1}":                                                        `line 1: flows/0/holdout: "0.1" is no share from 0% to 90%, in whole percent`,
		"- {name: a, kind: cart, steps: [{offset: 0s, coupon: true}]}":                                 "line 1: flows/0/steps/0/coupon: the first step carries no coupon code, lest shoppers leave carts to get one: set coupon_on_first_step of the flow if it is to",
		"- {name: a, kind: cart, coupon_on_first_step: yes}":                                           `line 1: flows/0/coupon_on_first_step: "yes" is neither true nor false`,
		"- {name: a, kind: cart, priority: high}":                                                      "line 1: flows/0/priority: expected a whole number from 0 to 1000",
		"- {name: a, kind: cart, conditions: {minimum_value: 5}}":                                      "line 1: flows/0/conditions: a value is in minor units of a currency: name the one it is of in currencies",
		"- {name: a, kind: cart, conditions: {minimum_value: 9, maximum_value: 5, currencies: [EUR]}}": "line 1: flows/0/conditions: the minimum_value is above the maximum_value: nothing fits",
		"- {name: a, kind: browse, conditions: {currencies: [EUR]}}":                                   "line 1: flows/0/conditions: who only browses has no cart: there is no value and no currency to ask for",
		"- {name: a, kind: cart, conditions: {currencies: [euro]}}":                                    `line 1: flows/0/conditions/currencies/0: "euro" is not 3 capital letters`,
		"- {name: a, kind: cart, conditions: {countries: [DE, DE]}}":                                   `line 1: flows/0/conditions/countries/1: "DE" stands here twice`,
		"- {name: a, kind: cart, conditions: {products: [\"a\\x7fb\"]}}": `line 1: flows/0/conditions/products/0: expected a text of at most 200 bytes, without control characters
line 1: flows/0/conditions/products/0: expected a text that is not empty`,
		"- {name: a, kind: cart, conditions: {visitors: some}}": `line 1: flows/0/conditions/visitors: "some" is none of new, returning`,
	} {
		_, err := flow.Parse([]byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\nsays  %v\nwant  %s", text, err, want)
		}
		if m, is := errors.AsType[flow.Mistakes](err); !is || m[0].Line == 0 {
			t.Errorf("%s: %T", text, err)
		}
	}
	if _, err := flow.Parse([]byte("{")); err == nil {
		t.Error("what is no YAML is accepted")
	}
}

// drawFlow draws a flow that makes sense.
func drawFlow(t *rapid.T) flow.Flow {
	f := flow.New(time.Duration(rapid.Int64Range(1, 300).Draw(t, "wait"))*time.Minute, 20*24*time.Hour)
	f.Name = rapid.StringMatching(`[a-f][a-z0-9_-]{0,8}`).Draw(t, "name")
	f.Kind = rapid.SampledFrom([]flow.Kind{flow.Cart, flow.Checkout, flow.Browse}).Draw(t, "kind")
	f.Steps = []flow.Step{}
	offset := time.Duration(0)
	for range rapid.IntRange(0, 4).Draw(t, "steps") {
		channels := rapid.SampledFrom([][]flow.Channel{{flow.Email}, {flow.Webhook}, {flow.Email, flow.Webhook}}).Draw(t, "channels")
		f.Steps = append(f.Steps, flow.Step{Offset: offset, Channels: channels, Coupon: rapid.Bool().Draw(t, "coupon")})
		offset += time.Duration(rapid.Int64Range(1, 5000).Draw(t, "offset")) * time.Minute
	}
	f.CouponFirst = len(f.Steps) > 0 && f.Steps[0].Coupon || rapid.Bool().Draw(t, "coupon on first step")
	f.Quiet = flow.Quiet{From: rapid.IntRange(0, 1439).Draw(t, "from"), To: rapid.IntRange(0, 1439).Draw(t, "to")}
	if f.Quiet.From == f.Quiet.To {
		f.Quiet = flow.Quiet{}
	}
	f.Holdout, f.Priority = rapid.IntRange(0, 90).Draw(t, "holdout"), rapid.IntRange(0, 1000).Draw(t, "priority")
	if f.Kind != flow.Browse && rapid.Bool().Draw(t, "conditions") {
		low := rapid.Int64Range(0, 1<<40).Draw(t, "low")
		f.Conditions = flow.Conditions{MinimumValue: &low, Currencies: []string{"EUR"}, Visitors: "new"}
	}
	return f
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFlow(t)
		text, err := json.Marshal([]flow.Flow{f})
		if err != nil {
			t.Fatal(err)
		}
		read, err := flow.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var one flow.Flow
		if alone, err := json.Marshal(f); err != nil || json.Unmarshal(alone, &one) != nil || !reflect.DeepEqual(one, f) {
			t.Fatalf("%s is read alone as %+v", alone, one)
		}
		if !reflect.DeepEqual(read, []flow.Flow{f}) {
			t.Fatalf("%s\nis read as %+v\nwant %+v", text, read[0], f)
		}
	})
}

// Whatever is read is written so that the same is read, and said without a word missing.
func FuzzParse(f *testing.F) {
	f.Add("- {name: a, kind: cart}")
	f.Add(`{"flows":[{"name":"b","kind":"browse","conditions":{"categories":["x"]},"steps":[{"offset":"1d","channels":["email"]}],"quiet_hours":"22:00-07:15"}]}`)
	f.Add("- name: a\n  kind: checkout\n  wait: 1h30m\n  holdout: 10%\n  conditions: {minimum_value: 1, currencies: [EUR]}")
	f.Add("- &a {name: a, kind: cart}\n- *a")
	f.Fuzz(func(t *testing.T, text string) {
		flows, err := flow.Parse([]byte(text))
		if err != nil {
			return
		}
		for _, one := range flows {
			if words := one.Words(); strings.Contains(words, "%!") {
				t.Errorf("words: %s", words)
			}
		}
		written, err := json.Marshal(flows)
		if err != nil {
			t.Fatal(err)
		}
		again, err := flow.Parse(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if second, _ := json.Marshal(again); string(second) != string(written) {
			t.Errorf("%s\nis read as\n%s", written, second)
		}
	})
}
