package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/pflag"

	"cartwright/jobs/webhook"
	"cartwright/recommend"
	"cartwright/sessions/database"
)

// Config is everything a shop's operator can set. Every setting has one name:
// the key in the configuration file, the flag, and in capitals with the prefix
// CARTWRIGHT_ the environment variable. Flags beat the environment, which beats
// the file.
type Config struct {
	Database   string
	Durability database.Durability
	Host       string
	Port       int

	WriteKey  string
	SecretKey string

	Currency        string
	SessionTimeout  time.Duration
	SessionMaximum  time.Duration
	SessionEvents   int
	DuplicateWindow time.Duration

	Recovery       bool
	CartWait       time.Duration
	CartMaximumAge time.Duration
	Flows          flowsSetting
	Timezone       zoneSetting

	MailConsent          string
	MailBrowserAddresses bool
	MailAddressPause     time.Duration
	MailAddressWeek      int
	MailNetworkDay       int
	PublicURL            string
	ShopOrigins          []string
	RestoreURL           string
	LinkLife             time.Duration
	AttributionWindow    time.Duration

	RecommendChains []string
	RecommendMemory int
	RecommendDays   int

	RecommendSnapshot string

	ShopifySecrets     []string
	WooCommerceSecrets []string

	MailConfig

	Webhooks             []string
	WebhookAllowPrivate  bool
	WebhookAllowInsecure bool
	WebhookDisableAfter  time.Duration

	DetectSchedule  string
	DeliverSchedule string
	CloseSchedule   string
	UpkeepSchedule  string

	TrustedProxies   []string
	RateLimitAddress float64
	RateLimitKey     float64
	LogLevel         string
	ShutdownDelay    time.Duration
}

// defaultConfigFile is read if it exists and no other file is named.
const defaultConfigFile = "cartwright.yaml"

// databaseFlag binds the settings that every subcommand has.
func (c *Config) databaseFlag(flags *pflag.FlagSet) {
	flags.StringVar(&c.Database, "db", "cartwright.db", "the database: a file, or a postgres:// URL")
	flags.TextVar(&c.Durability, "durability", database.Full, "what a power failure may take back: nothing (full, refused if the database does not confirm it), what was answered last (normal), everything (off)")
}

// historyFlags binds what decides how events become history.
func (c *Config) historyFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.Currency, "currency", "USD", "the shop's currency (ISO 4217), where an event names none")
	flags.DurationVar(&c.SessionTimeout, "session-timeout", 30*time.Minute, "a longer pause ends a session")
	flags.DurationVar(&c.SessionMaximum, "session-maximum", 24*time.Hour, "no session is longer than this")
	flags.IntVar(&c.SessionEvents, "session-events", 5000, "no session has more events than this")
	flags.DurationVar(&c.DuplicateWindow, "duplicate-window", 7*24*time.Hour, "how long a message id is remembered, so that a repeated event counts once")
}

// recoveryFlags binds what decides when a cart is abandoned.
func (c *Config) recoveryFlags(flags *pflag.FlagSet) {
	flags.DurationVar(&c.CartWait, "cart-wait", time.Hour, "a cart is abandoned after so long without activity")
	flags.DurationVar(&c.CartMaximumAge, "cart-maximum-age", 7*24*time.Hour, "carts idle for longer are let go")
	flags.Var(&c.Flows, "flows", "recovery flows: in a file the list itself, elsewhere the name of a file with it; see cartwright flows. "+
		"Without any, abandoned carts are told to the webhooks by cart-wait and cart-maximum-age, and nobody is written to. A change over the API holds until the file changes")
	c.timezoneFlag(flags)
}

// timezoneFlag binds by which clock the shop goes.
func (c *Config) timezoneFlag(flags *pflag.FlagSet) {
	c.Timezone.Location = time.UTC
	flags.Var(&c.Timezone, "timezone", "where the shop is, such as Europe/Berlin: by its clock the days of reports begin, and quiet hours go where a shopper's own is not known")
}

// zoneSetting is a time zone, by its name in the IANA database.
type zoneSetting struct{ *time.Location }

// Set takes the name of a zone.
func (z *zoneSetting) Set(name string) error {
	zone, err := time.LoadLocation(name)
	if err == nil {
		z.Location = zone
	}
	return err
}

// Type is how the setting is shown.
func (z *zoneSetting) Type() string { return "string" }

// serveFlags binds everything else that serve needs.
func (c *Config) serveFlags(flags *pflag.FlagSet) {
	flags.StringVar(&c.Host, "host", "", "the address to listen on; empty means all of this machine's")
	flags.IntVar(&c.Port, "port", 8080, "the port to listen on; 0 means any that is free")
	flags.StringVar(&c.WriteKey, "write-key", "", "the storefront's public key; made at the first start if not given")
	flags.StringVar(&c.SecretKey, "secret-key", "", "the backend's secret key; made at the first start if not given")
	flags.BoolVar(&c.Recovery, "recovery", true, "look for abandoned carts")
	flags.StringSliceVar(&c.Webhooks, "webhooks", nil, "endpoints that receive triggers: URL, or URL and secrets (whsec_…) with spaces between")
	c.webhookFlags(flags)
	flags.DurationVar(&c.WebhookDisableAfter, "webhook-disable-after", 120*time.Hour, "an endpoint at which every attempt failed for so long is disabled; 0 means never")
	flags.StringVar(&c.DetectSchedule, "detect-schedule", "@every 1m", "when to look for abandoned carts (cron, UTC)")
	flags.StringVar(&c.DeliverSchedule, "deliver-schedule", "@every 1s", "when to look for due webhooks (cron, UTC)")
	flags.StringVar(&c.CloseSchedule, "close-schedule", "@every 1m", "when to close idle sessions (cron, UTC)")
	flags.StringVar(&c.UpkeepSchedule, "upkeep-schedule", "17 * * * *", "when to drop what is kept for a while only (cron, UTC)")
	flags.StringSliceVar(&c.ShopifySecrets, "shopify-secrets", nil, "secrets of Shopify's webhooks to /v1/inbound/shopify; several while one takes the place of another")
	flags.StringSliceVar(&c.WooCommerceSecrets, "woocommerce-secrets", nil, "secrets of WooCommerce's webhooks to /v1/inbound/woocommerce; several while one takes the place of another")
	flags.StringSliceVar(&c.TrustedProxies, "trusted-proxies", nil, "addresses or networks whose X-Forwarded-For is believed")
	flags.Float64Var(&c.RateLimitAddress, "rate-limit-address", 50, "requests a second of one client address, ten times that in a burst; 0 means any. Valid secret keys, and private addresses that connect directly, are not counted")
	flags.Float64Var(&c.RateLimitKey, "rate-limit-key", 0, "requests a second with one key; 0 means any, since anybody can use up what a public key may")
	flags.StringVar(&c.LogLevel, "log-level", "info", "debug, info, warn or error")
	flags.DurationVar(&c.ShutdownDelay, "shutdown-delay", 0, "asked to end, go on so long with /readyz at 503, that load balancers see it first: longer than from one of their checks to the next; at most 5m")
}

// webhookFlags binds where webhooks may be sent.
func (c *Config) webhookFlags(flags *pflag.FlagSet) {
	flags.BoolVar(&c.WebhookAllowPrivate, "webhook-allow-private", false, "allow endpoints at private addresses, such as this machine's")
	flags.BoolVar(&c.WebhookAllowInsecure, "webhook-allow-insecure", false, "allow endpoints without TLS (http://)")
}

// webhookOptions say where webhooks may be sent.
func (c Config) webhookOptions() webhook.Options {
	return webhook.Options{AllowPrivate: c.WebhookAllowPrivate, AllowPlain: c.WebhookAllowInsecure}
}

// recommendFlags binds what is recommended where, and from how much of the past.
func (c *Config) recommendFlags(flags *pflag.FlagSet) {
	flags.StringSliceVar(&c.RecommendChains, "recommend-chains", recommend.DefaultChains().Texts(),
		"the strategies of each place in the shop, each of which fills what those before it left empty; in a file “cart: [bought_together, popular]”, elsewhere “cart=bought_together popular”. "+
			"A place that is not named keeps its default. What is popular, and the catalog by product id, follow at the end of a chain that does not name them")
	_ = flags.SetAnnotation("recommend-chains", takesMapping, nil) // it was bound just now
	c.windowFlags(flags)
	flags.StringVar(&c.RecommendSnapshot, "recommend-snapshot", "", "the file in which what recommendations are made from is kept from one start to the next; empty means beside a SQLite database (shop.db.recommendations), and none with PostgreSQL; none means none")
}

// load fills in, for every flag not given, what the environment says or else the
// configuration file. All mistakes are reported at once.
func load(flags *pflag.FlagSet, file string, environ []string) error {
	env, errs := readEnvironment(environ, flags)
	optional := file == ""
	if optional {
		file = defaultConfigFile
	}
	fromFile, wrong := readFile(file, optional)
	errs = append(errs, wrong...)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			return
		}
		if value, ok := env[variable(f.Name)]; ok {
			if err := flags.Set(f.Name, value); err != nil {
				errs = append(errs, fmt.Errorf("environment: %s: %w", variable(f.Name), err))
			}
		} else if value, ok := fromFile[f.Name]; ok {
			if err := setFromFile(f, value); err != nil {
				errs = append(errs, fmt.Errorf("%s:%d: %s: %w", file, value.line, f.Name, err))
			}
		}
	})
	return errors.Join(errs...)
}

// allSettings are the names that may stand in a configuration file, whichever
// of them a subcommand uses.
func allSettings() map[string]*pflag.Flag {
	all := map[string]*pflag.Flag{}
	for _, g := range groups() {
		for _, f := range g.settings() {
			all[f.Name] = f
		}
	}
	return all
}
