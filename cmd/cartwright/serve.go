package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/recommend"
	"cartwright/sessions/wire"
)

// drainTime is how long requests under way may take once the program is asked
// to end. With what follows it stays within 20 s.
const drainTime = 4 * time.Second

func serveCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run Cartwright for a shop",
		Long: `Starts Cartwright: it takes events over HTTP, writes session histories, recommends
products, and looks for abandoned carts, until it is told to end. Without any
configuration it keeps its data in ./cartwright.db and listens on port 8080. At the
first start it makes two keys and prints them once.

Asked to end (SIGTERM or Ctrl-C), it says so on /readyz, goes on for --shutdown-delay or
until it is asked again, finishes what it took in, commits it, and stops within 20
seconds.`,
		Example: `  cartwright serve
  cartwright serve --db postgres://shop@db.example/cartwright --port 80
  cartwright serve --cart-wait 90m --webhooks "https://shop.example/hooks whsec_…"`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := configure(cmd, s, func() error { return c.check() }); err != nil {
				return err
			}
			return serve(cmd.Context(), c, s)
		},
	}
	c.databaseFlag(cmd.Flags())
	c.historyFlags(cmd.Flags())
	c.recommendFlags(cmd.Flags())
	c.recoveryFlags(cmd.Flags())
	c.linkFlags(cmd.Flags())
	c.mailFlags(cmd.Flags())
	c.addresseeFlags(cmd.Flags())
	c.serveFlags(cmd.Flags())
	return cmd
}

// serve runs a shop until ctx ends.
func serve(ctx context.Context, c Config, s streams) error {
	level, _ := logLevel(c.LogLevel) // checked
	logger := newLogger(s.err, level)
	go collectSeldom(ctx)
	shop, err := OpenShop(ctx, c, ShopOptions{Logger: logger})
	if err != nil {
		return err
	}
	announce(s, shop)
	listener, err := net.Listen("tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), shop.Close(ctx))
	}
	server := acceptor(shop.Handler(), logger)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintf(s.err, "Cartwright is listening on http://%s\n", listener.Addr())
	select {
	case err = <-failed:
	case <-ctx.Done():
		logger.Info("asked to end: finishing what was taken in", "after", c.ShutdownDelay.String())
		err = linger(ctx, shop, failed)
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if shutdown := server.Shutdown(drain); shutdown != nil {
		logger.Warn("requests were still under way", "error", shutdown)
		_ = server.Close()
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, shop.Close(ctx))
}

// linger makes /readyz say that the program was asked to end, and lets it go on for a while, so that load
// balancers see that before connections are refused: until it is asked again, or the server fails.
func linger(ctx context.Context, shop *Shop, failed <-chan error) error {
	again, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer stop()
	shop.Unready()
	select {
	case err := <-failed:
		return err
	case <-again.Done():
	case <-time.After(shop.config.ShutdownDelay):
	}
	return nil
}

// acceptor returns a server that lets no client hold a connection for nothing: one that
// sends its headers or its body too slowly, or does not read its answer.
func acceptor(h http.Handler, logger *slog.Logger) *http.Server {
	return sayingLittle(&http.Server{
		Handler: h, MaxHeaderBytes: 32 << 10,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute,
	}, logger)
}

// announce shows, once, what was made at this start.
func announce(s streams, shop *Shop) {
	if shop.MadeKeys.Write != "" {
		fmt.Fprintf(s.err, "write key (public, for the storefront):  %s\n", shop.MadeKeys.Write)
	}
	if shop.MadeKeys.Secret != "" {
		fmt.Fprintf(s.err, "secret key (for the backend):            %s\n", shop.MadeKeys.Secret)
	}
	for _, e := range shop.MadeSecrets {
		fmt.Fprintf(s.err, "signing secret of %s: %s\n", e.URL, e.Secrets[0].Reveal())
	}
	if shop.MadeKeys.Write+shop.MadeKeys.Secret != "" || len(shop.MadeSecrets) > 0 {
		fmt.Fprintln(s.err, "Keep them: they are not shown again.")
	}
}

// maximumShutdownDelay is longer than any load balancer needs to see that a program will end.
const maximumShutdownDelay = 5 * time.Minute

// check returns everything that is wrong with the settings.
func (c Config) check() error {
	var wrong []error
	add := func(setting string, err error) {
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", setting, err))
		}
	}
	if _, known := wire.Exponent(c.Currency); !known {
		add("currency", fmt.Errorf("%q is no ISO 4217 currency", c.Currency))
	}
	positive := func(setting string, d time.Duration) {
		if d < time.Millisecond {
			add(setting, fmt.Errorf("%s is not a time to wait", d))
		}
	}
	positive("session-timeout", c.SessionTimeout)
	positive("session-maximum", c.SessionMaximum)
	positive("duplicate-window", c.DuplicateWindow)
	if c.SessionEvents < 1 {
		add("session-events", fmt.Errorf("%d is too few", c.SessionEvents))
	}
	if c.Port < 0 || c.Port > 65535 {
		add("port", fmt.Errorf("%d is not between 0 and 65535", c.Port))
	}
	if c.ShutdownDelay < 0 || c.ShutdownDelay > maximumShutdownDelay {
		add("shutdown-delay", fmt.Errorf("%s is not between none and %s", c.ShutdownDelay, maximumShutdownDelay))
	}
	add("cart-wait, cart-maximum-age", c.fallback().Check())
	c.checkLinks(add)
	c.checkCoupons(add)
	add("mail-consent", c.checkMailConsent())
	add("mail-address-pause, mail-address-week, mail-network-day", c.mailRules().Check())
	add("detect-schedule", jobs.ParseSchedule(c.DetectSchedule))
	add("deliver-schedule", jobs.ParseSchedule(c.DeliverSchedule))
	add("close-schedule", jobs.ParseSchedule(c.CloseSchedule))
	add("upkeep-schedule", jobs.ParseSchedule(c.UpkeepSchedule))
	_, err := recommend.ParseChains(c.RecommendChains)
	add("recommend-chains", err)
	wrong = append(wrong, c.checkWindow())
	_, err = c.endpoints()
	add("webhooks", err)
	if c.WebhookDisableAfter < 0 {
		add("webhook-disable-after", fmt.Errorf("%s is less than no time", c.WebhookDisableAfter))
	}
	_, err = logLevel(c.LogLevel)
	add("log-level", err)
	add("shopify-secrets", checkSecrets(c.ShopifySecrets))
	add("woocommerce-secrets", checkSecrets(c.WooCommerceSecrets))
	add("trusted-proxies", checkNetworks(c.TrustedProxies))
	add("rate-limit-address", checkRate(c.RateLimitAddress))
	add("rate-limit-key", checkRate(c.RateLimitKey))
	wrong = append(wrong, c.MailConfig.check())
	if c.WriteKey != "" && c.WriteKey == c.SecretKey {
		add("secret-key", errors.New("it is the same as write-key, which is public"))
	}
	return errors.Join(wrong...)
}

// checkNetworks returns what among addresses and networks is neither.
func checkNetworks(texts []string) error {
	var wrong []error
	for _, text := range texts {
		_, errAddress := netip.ParseAddr(text)
		_, errNetwork := netip.ParsePrefix(text)
		if errAddress != nil && errNetwork != nil {
			wrong = append(wrong, fmt.Errorf("%q is neither an address nor a network", text))
		}
	}
	return errors.Join(wrong...)
}

// checkSecrets refuses empty secrets, with which anybody could sign.
func checkSecrets(secrets []string) error {
	if slices.Contains(secrets, "") {
		return errors.New("a secret is empty")
	}
	return nil
}

// checkRate refuses what is no number of requests a second.
func checkRate(perSecond float64) error {
	if !(perSecond >= 0 && perSecond <= 1e6) { // not a number is neither
		return fmt.Errorf("%v is not between 0 and a million requests a second", perSecond)
	}
	return nil
}

func logLevel(name string) (level slog.Level, err error) {
	if err = level.UnmarshalText([]byte(name)); err != nil {
		err = fmt.Errorf("%q is none of debug, info, warn and error", name)
	}
	return level, err
}

// endpoints reads the configured webhooks: a URL, and secrets with spaces between.
func (c Config) endpoints() ([]jobs.Endpoint, error) {
	options := c.webhookOptions()
	var endpoints []jobs.Endpoint
	var wrong []error
	for _, text := range c.Webhooks {
		fields := strings.Fields(text)
		if len(fields) == 0 {
			wrong = append(wrong, errors.New("an empty endpoint"))
			continue
		}
		e := jobs.Endpoint{URL: fields[0]}
		if err := options.Check(e.URL); err != nil {
			wrong = append(wrong, err)
		}
		for _, field := range fields[1:] {
			secret, err := webhook.ParseSecret(field)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s: %w", e.URL, err))
			}
			e.Secrets = append(e.Secrets, secret)
		}
		endpoints = append(endpoints, e)
	}
	return endpoints, errors.Join(wrong...)
}
