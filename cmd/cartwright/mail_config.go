package main

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"cartwright/jobs"
	"cartwright/jobs/mail"
	"cartwright/sessions/wire"
)

// MailConfig is what an operator can set of mails.
type MailConfig struct {
	SMTP              string
	SMTPTLS           string
	SMTPAllowInsecure bool
	SMTPUser          string
	SMTPPassword      string
	MailFrom          string
	MailReplyTo       string
	MailTemplates     string
	MailSchedule      string
	ShopName          string
	ShopURL           string
	ShopLogo          string
	ShopAddress       string
	Locale            string
	DKIMDomain        string
	DKIMSelector      string
	DKIMKey           string
	CouponURL         string
	CouponSecret      string
	CouponPause       time.Duration
}

// mailFlags binds what decides whether and how shoppers are mailed.
func (c *Config) mailFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.SMTP, "smtp", "", "the SMTP server that sends mails, as host:port; empty means that nobody is mailed")
	flags.StringVar(&c.SMTPTLS, "smtp-tls", string(mail.StartTLS), "how the connection to it is encrypted: starttls (required, port 587 as a rule), tls (from the first byte, port 465), or none")
	flags.BoolVar(&c.SMTPAllowInsecure, "smtp-allow-insecure", false, "allow smtp-tls none for a server that is not this machine")
	flags.StringVar(&c.SMTPUser, "smtp-user", "", "the user that the SMTP server knows; empty if it asks for none")
	flags.StringVar(&c.SMTPPassword, "smtp-password", "", "the password of that user")
	flags.StringVar(&c.MailFrom, "mail-from", "", "from whom mails are: shop@example.com, or “The Shop <shop@example.com>”; without a name it is that of the shop")
	flags.StringVar(&c.MailReplyTo, "mail-reply-to", "", "who gets the answers to mails, if not mail-from")
	flags.StringVar(&c.MailTemplates, "mail-templates", "", "a folder with subject.tmpl, text.tmpl and html.tmpl, or some of them, in the place of Cartwright's own")
	flags.StringVar(&c.MailSchedule, "mail-schedule", "@every 5s", "when to look for due mails (cron, UTC)")
	flags.StringVar(&c.ShopName, "shop-name", "", "the shop's name as its customers know it")
	flags.StringVar(&c.ShopURL, "shop-url", "", "the shop's address, such as https://shop.example")
	flags.StringVar(&c.ShopLogo, "shop-logo", "", "the address of a picture that mails show in the place of the name")
	flags.StringVar(&c.ShopAddress, "shop-address", "", "the shop's postal address, as the law of many countries wants it in mails; lines are separated by |")
	flags.StringVar(&c.Locale, "locale", "en-US", "the language and country by whose customs mails write prices, such as de-AT")
	flags.StringVar(&c.DKIMDomain, "dkim-domain", "", "the domain that signs mails by DKIM; empty means that of mail-from, if there is a key")
	flags.StringVar(&c.DKIMSelector, "dkim-selector", "", "the selector under which the domain publishes its key")
	flags.StringVar(&c.DKIMKey, "dkim-key", "", "the file of the private key that signs, in PEM; empty means that mails are not signed here")
	c.couponFlags(flags)
}

// options are how the SMTP server is spoken to.
func (c MailConfig) options() mail.Options {
	name, _ := os.Hostname() // without one it is localhost
	return mail.Options{Server: c.SMTP, Security: mail.Security(c.SMTPTLS), User: c.SMTPUser, Password: c.SMTPPassword,
		AllowPlain: c.SMTPAllowInsecure, Name: name}
}

// shop is how mails speak of the shop.
func (c MailConfig) shop() mail.Shop {
	return mail.Shop{Name: c.ShopName, URL: c.ShopURL, Logo: c.ShopLogo, Address: c.ShopAddress}
}

// sender returns from whom mails are, and who gets the answers.
func (c MailConfig) sender() (from, replyTo mail.Address, err error) {
	if from, err = mail.ParseAddress(c.MailFrom); err != nil {
		return from, replyTo, fmt.Errorf("mail-from: %w", err)
	}
	if from.Name == "" {
		from.Name = c.ShopName
	}
	if c.MailReplyTo != "" {
		if replyTo, err = mail.ParseAddress(c.MailReplyTo); err != nil {
			err = fmt.Errorf("mail-reply-to: %w", err)
		}
	}
	return from, replyTo, err
}

// signer returns what signs mails, nil if they are not signed.
func (c MailConfig) signer() (*mail.Signer, error) {
	if c.DKIMKey == "" {
		if c.DKIMSelector != "" || c.DKIMDomain != "" {
			return nil, errors.New("dkim-key: a domain or selector without a key signs nothing")
		}
		return nil, nil
	}
	key, err := os.ReadFile(c.DKIMKey)
	if err != nil {
		return nil, fmt.Errorf("dkim-key: %w", err)
	}
	domain := c.DKIMDomain
	if domain == "" {
		domain = c.MailFrom[strings.LastIndexByte(c.MailFrom, '@')+1:]
		domain = strings.TrimSuffix(strings.TrimSpace(domain), ">")
	}
	s, err := mail.NewSigner(domain, c.DKIMSelector, key)
	if err != nil {
		return nil, fmt.Errorf("dkim-domain, dkim-selector, dkim-key: %w", err)
	}
	return s, nil
}

// check returns everything that is wrong with the settings of mails. Most matter only
// if there is an SMTP server.
func (c MailConfig) check() error {
	var wrong []error
	add := func(setting string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", setting, err))
		}
	}
	add("mail-schedule", jobs.ParseSchedule(c.MailSchedule))
	add("shop-url", checkWebAddress(c.ShopURL))
	add("shop-logo", checkWebAddress(c.ShopLogo))
	purse, err := mail.NewPurse(c.Locale, wire.Exponent)
	add("locale", err)
	if err == nil && (c.SMTP != "" || c.MailTemplates != "") {
		_, err := mail.LoadTemplates(c.MailTemplates, purse)
		add("mail-templates", err)
	}
	if c.SMTP == "" {
		return errors.Join(wrong...)
	}
	add("smtp, smtp-tls, smtp-user, smtp-password", c.options().Check())
	if c.ShopName == "" {
		add("shop-name", errors.New("mails need the name of the shop"))
	}
	if c.ShopURL == "" {
		add("shop-url", errors.New("mails need the address of the shop"))
	}
	_, _, err = c.sender()
	_, errSigner := c.signer()
	return errors.Join(append(wrong, err, errSigner)...)
}

// checkWebAddress refuses what is no whole address of the web; nothing is fine.
func checkWebAddress(text string) error {
	if text == "" {
		return nil
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil {
		return fmt.Errorf("%q is no address of the web: write https://shop.example", text)
	}
	return nil
}
