package cart_test

import (
	"slices"
	"testing"
	"time"

	"cartwright/cart"
	"cartwright/cart/flow"
)

func TestRuleStep(t *testing.T) {
	f := flow.Default()
	f.Quiet = flow.Quiet{From: 21 * 60, To: 8 * 60}
	mail := flow.Step{Channels: []flow.Channel{flow.Email}}
	both := flow.Step{Channels: []flow.Channel{flow.Email, flow.Webhook}}
	told := flow.Step{Channels: []flow.Channel{flow.Webhook}}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	week := millis(60).Add(-7 * 24 * time.Hour) // now is an hour after start
	for name, tt := range map[string]struct {
		step    flow.Step
		change  func(*cart.Situation)
		outcome cart.Outcome
		reason  cart.Reason
		until   int // minutes after start
	}{
		"nothing stands against it":   {told, func(*cart.Situation) {}, cart.Fire, cart.Idle, 0},
		"closed":                      {told, func(s *cart.Situation) { s.Closed = cart.CartChanged }, cart.Suppress, cart.CartChanged, 0},
		"ordered":                     {told, func(s *cart.Situation) { s.Order, s.Identity = "1", cart.OrderOfEmail }, cart.Suppress, cart.OrderOfEmail, 0},
		"an order beats the shopper":  {told, func(s *cart.Situation) { s.Order, s.Identity, s.Seen = "1", cart.OrderOfEmail, millis(59) }, cart.Suppress, cart.OrderOfEmail, 0},
		"exactly as old as may be":    {told, func(s *cart.Situation) { s.Cart.LastActivity = week }, cart.Fire, cart.Idle, 0},
		"older":                       {told, func(s *cart.Situation) { s.Cart.LastActivity = week - 1 }, cart.Expire, cart.TooOld, 0},
		"the shopper is here":         {told, func(s *cart.Situation) { s.Seen = millis(40) }, cart.Hold, cart.ShopperActive, 70},
		"was here half an hour ago":   {told, func(s *cart.Situation) { s.Seen = millis(30) }, cart.Fire, cart.Idle, 0},
		"sold out":                    {told, func(s *cart.Situation) { s.SoldOut = true }, cart.Hold, cart.OutOfStock, 60 + 6*60},
		"ordered an hour ago":         {told, func(s *cart.Situation) { s.LastOrder = millis(0) }, cart.Hold, cart.CoolingDown, 24 * 60},
		"ordered a day ago":           {told, func(s *cart.Situation) { s.LastOrder = millis(60 - 24*60) }, cart.Fire, cart.Idle, 0},
		"written to an hour ago":      {told, func(s *cart.Situation) { s.LastSent = millis(0) }, cart.Hold, cart.Capped, 16 * 60},
		"written to 16 hours ago":     {told, func(s *cart.Situation) { s.LastSent = millis(60 - 16*60) }, cart.Fire, cart.Idle, 0},
		"at night in the shop":        {told, func(s *cart.Situation) { s.Zone = time.FixedZone("", 11*3600) }, cart.Hold, cart.QuietHours, 11 * 60},
		"by day where the shopper is": {told, func(s *cart.Situation) { s.Zone = berlin }, cart.Fire, cart.Idle, 0},
		"held, but not beyond its age": {told, func(s *cart.Situation) {
			s.Cart.LastActivity, s.LastSent = week+1000, millis(0)
		}, cart.Hold, cart.Capped, 60},
		"nobody to mail":              {mail, func(s *cart.Situation) { s.To.Refusal = "no_consent" }, cart.Skip, "no_consent", 0},
		"nobody to mail, but told":    {both, func(s *cart.Situation) { s.To.Refusal = "no_consent" }, cart.Fire, cart.Idle, 0},
		"no mail server":              {mail, func(s *cart.Situation) { s.Mails = false }, cart.Skip, cart.MailOff, 0},
		"the address had its share":   {mail, func(s *cart.Situation) { s.To.Refusal = cart.AddressLimit }, cart.Hold, cart.AddressLimit, 120},
		"so had the network":          {mail, func(s *cart.Situation) { s.To.Refusal = cart.NetworkLimit }, cart.Hold, cart.NetworkLimit, 120},
		"the endpoints have no limit": {both, func(s *cart.Situation) { s.To.Refusal = cart.AddressLimit }, cart.Fire, cart.Idle, 0},
	} {
		s := cart.Situation{Facts: cart.Facts{Cart: cart.Cart{LastActivity: millis(0)}}, Zone: time.UTC, Mails: true}
		tt.change(&s)
		got := cart.RuleStep(f, tt.step, s, millis(60))
		until := int(int64(got.Until-millis(0)) / 60_000)
		if got.Until == 0 {
			until = 0
		}
		if got.Outcome != tt.outcome || got.Reason != tt.reason || until != tt.until {
			t.Errorf("%s: %s, %s until %d; want %s, %s until %d", name, got.Outcome, got.Reason, until, tt.outcome, tt.reason, tt.until)
		}
		if len(got.Channels) > 0 != (got.Outcome == cart.Fire) {
			t.Errorf("%s: goes out on %v", name, got.Channels)
		}
	}
	s := cart.Situation{Facts: cart.Facts{Cart: cart.Cart{LastActivity: millis(0)}}, Zone: time.UTC, Mails: true, To: cart.Addressee{Refusal: "no_consent"}}
	if got := cart.RuleStep(f, both, s, millis(60)); !slices.Equal(got.Channels, told.Channels) {
		t.Errorf("without consent a step of both channels goes out on %v", got.Channels)
	}
	if len(both.Channels) != 2 {
		t.Error("the flow's own step was changed")
	}
}
