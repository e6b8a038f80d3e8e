package main

import (
	"fmt"

	"github.com/spf13/pflag"

	"cartwright/cart"
)

// The values of mail-consent.
const (
	consentRequired    = "required"
	consentNotRequired = "not-required"
)

// addresseeFlags binds what decides whom Cartwright may mail, and how often.
func (c *Config) addresseeFlags(flags *pflag.FlagSet) {
	rules := cart.DefaultMailRules()
	flags.StringVar(&c.MailConsent, "mail-consent", consentRequired, "whether somebody must have consented to be mailed: required, or not-required where the law allows it. Who refused or unsubscribed is never mailed")
	flags.BoolVar(&c.MailBrowserAddresses, "mail-browser-addresses", false, "mail addresses, and believe consents, that only browsers told. Their key is public: anybody can name anybody, who then gets as many mails as the limits below allow")
	flags.DurationVar(&c.MailAddressPause, "mail-address-pause", rules.AddressPause, "one address gets no second mail before it is over")
	flags.IntVar(&c.MailAddressWeek, "mail-address-week", rules.AddressWeek, "one address gets no more mails within seven days")
	flags.IntVar(&c.MailNetworkDay, "mail-network-day", rules.NetworkDay, "carts that browsers of one network (/24, /48) began lead to no more mails within a day; 0 means any number")
}

// mailRules are the rules that the settings make.
func (c Config) mailRules() cart.MailRules {
	return cart.MailRules{
		BrowserAddresses: c.MailBrowserAddresses, RequireConsent: c.MailConsent != consentNotRequired,
		AddressPause: c.MailAddressPause, AddressWeek: c.MailAddressWeek, NetworkDay: c.MailNetworkDay,
	}
}

// checkMailConsent refuses words that mean neither.
func (c Config) checkMailConsent() error {
	if c.MailConsent != consentRequired && c.MailConsent != consentNotRequired {
		return fmt.Errorf("%q is neither %s nor %s", c.MailConsent, consentRequired, consentNotRequired)
	}
	return nil
}
