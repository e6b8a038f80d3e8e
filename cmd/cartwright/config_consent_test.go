package main

import (
	"strings"
	"testing"
	"time"

	"cartwright/cart"
)

// What a shop that sets nothing mails is what the rules say by default; whatever could
// flood a mailbox is refused, with the setting's name.
func TestMailRulesOfTheSettings(t *testing.T) {
	c := defaultConfig()
	if got := c.mailRules(); got != cart.DefaultMailRules() {
		t.Errorf("%+v", got)
	}
	if err := c.check(); err != nil {
		t.Error(err)
	}
	c.MailConsent, c.MailBrowserAddresses = consentNotRequired, true
	if got := c.mailRules(); got.RequireConsent || !got.BrowserAddresses || c.check() != nil {
		t.Errorf("%+v, %v", got, c.check())
	}
	for setting, change := range map[string]func(*Config){
		"mail-consent":       func(c *Config) { c.MailConsent = "no" },
		"mail-address-pause": func(c *Config) { c.MailAddressPause = time.Minute },
		"mail-address-week":  func(c *Config) { c.MailAddressWeek = 0 },
		"mail-network-day":   func(c *Config) { c.MailNetworkDay = -1 },
	} {
		c := defaultConfig()
		change(&c)
		if err := c.check(); err == nil || !strings.Contains(err.Error(), setting) {
			t.Errorf("%s: %v", setting, err)
		}
	}
}
