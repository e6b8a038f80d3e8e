package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"gorm.io/gorm"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/enrich"
)

// linkFlags binds what the links in messages are made of, and how what came of
// them is credited.
func (c *Config) linkFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.PublicURL, "public-url", "", "where shoppers reach this program, such as https://recover.shop.example; links in messages begin with it, and without it there are none")
	flags.StringSliceVar(&c.ShopOrigins, "shop-origins", nil, "the origins of the shop's pages, such as https://shop.example: links lead to no other, and no other page may read the cart of a link")
	flags.StringVar(&c.RestoreURL, "restore-url", "", "the shop's page that restores a cart from ?cartwright_restore=; at one of shop-origins. Empty means the root of the first of them")
	flags.DurationVar(&c.LinkLife, "link-life", 7*24*time.Hour, "how long the link in a message works")
	c.attributionFlag(flags)
}

// checkLinks adds what is wrong with those settings.
func (c Config) checkLinks(add func(setting string, err error)) {
	add("public-url", checkPublicURL(c.PublicURL))
	if c.SMTP != "" && c.PublicURL == "" {
		add("public-url", errors.New("mails need it: every one carries a link to unsubscribe, and one back to the shop"))
	}
	_, err := c.storefront()
	add("restore-url, shop-origins", err)
	if c.LinkLife < time.Minute || c.LinkLife > longestLife {
		add("link-life", fmt.Errorf("%s is not between a minute and a year", c.LinkLife))
	}
	if c.AttributionWindow < time.Minute || c.AttributionWindow > longestLife {
		add("attribution-window", fmt.Errorf("%s is not between a minute and a year", c.AttributionWindow))
	}
}

// longestLife is more than any message is remembered.
const longestLife = 366 * 24 * time.Hour

// checkPublicURL refuses what no link can begin with.
func checkPublicURL(text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is no address that links can begin with, such as https://recover.shop.example", text)
	}
	return nil
}

// storefront is where links lead.
func (c Config) storefront() (api.Storefront, error) {
	return api.NewStorefront(c.RestoreURL, c.ShopOrigins)
}

// errNoPublicURL says why no link can be made.
var errNoPublicURL = errors.New("public-url is not set: links in messages need an address at which shoppers reach this program")

// restoreURL returns what makes the restore links of messages that go out on a
// channel, in the transaction that starts the attempt to send one.
func (c Config) restoreURL(on cart.Channel) func(*gorm.DB, cart.Trigger, sessions.Millis) (string, error) {
	return func(tx *gorm.DB, t cart.Trigger, now sessions.Millis) (string, error) {
		if c.PublicURL == "" {
			return "", errNoPublicURL
		}
		token, err := cart.NewLink(tx, t, on, now, c.LinkLife)
		if err != nil {
			return "", err
		}
		return strings.TrimRight(c.PublicURL, "/") + "/r/" + token, nil
	}
}

// person tells the browsers of people from bots, programs and those that say nothing.
func person(agents *enrich.UserAgents) func(userAgent string) bool {
	return func(userAgent string) bool {
		client := agents.Client(userAgent)
		return client.Device != "" && !client.Bot
	}
}

// linkedMessages are messages to the shop's endpoints with links in them.
type linkedMessages struct {
	couponMessages
	config Config
	now    func() time.Time
}

// Message writes a message. A step that the shop brings to the shopper carries the link
// back, made in the transaction that starts the attempt.
func (m linkedMessages) Message(tx *gorm.DB, t cart.Trigger) (cart.Message, error) {
	message, err := m.couponMessages.Message(tx, t)
	if err != nil || t.Kind != cart.StepDue || m.config.PublicURL == "" {
		return message, err
	}
	message.Data.Restore, err = m.config.restoreURL(cart.Webhook)(tx, t, sessions.MillisOf(m.now()))
	return message, err
}
