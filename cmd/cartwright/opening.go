package main

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/jobs/mail"
	"cartwright/jobs/webhook"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
	"cartwright/sessions/enrich"
	"cartwright/sessions/wire"
)

// openLog opens the log, tells it the settings, and starts what follows it.
func (s *Shop) openLog(ctx context.Context) (err error) {
	s.log, err = sessions.OpenLog(ctx, s.db, sessions.LogOptions{
		Projections: projections(s.db),
		Window:      s.config.DuplicateWindow,
		Logger:      s.options.Logger,
		Observe:     s.metrics.committed,
	})
	if err != nil {
		return err
	}
	if s.preferences, err = cart.OpenPreferences(ctx, s.db, s.log); err != nil {
		return err
	}
	s.detector = cart.NewDetector(s.log, s.config.rules(s.db))
	if err := s.tellSettings(ctx); err != nil {
		return err
	}
	s.follower = sessions.NewFollower(s.db, s.log, s.options.Logger)
	if err := s.follower.Start(ctx); err != nil {
		return err
	}
	chains, err := recommend.ParseChains(s.config.RecommendChains)
	if err != nil {
		return err
	}
	s.recommender = recommend.NewRecommender(s.log, recommend.Options{
		Chains:   chains,
		Snapshot: s.config.snapshot(s.db.Dialect()),
		Limits:   s.config.window(),
		InCart: func(ctx context.Context, who recommend.Shopper) ([]sessions.ProductID, error) {
			return s.carts.InCarts(ctx, who.Customer)
		},
		Bought: func(ctx context.Context, who recommend.Shopper) (map[sessions.ProductID]sessions.Millis, error) {
			return s.carts.Bought(ctx, who.Customer)
		},
		Logger: s.options.Logger,
	})
	s.recommender.Start(ctx)
	return nil
}

// snapshot is the file of what recommendations are made from, empty if there is to be none.
func (c Config) snapshot(d database.Dialect) string {
	switch {
	case c.RecommendSnapshot == "none":
		return ""
	case c.RecommendSnapshot != "" || d != database.SQLite:
		return c.RecommendSnapshot
	}
	return c.Database + ".recommendations"
}

// tellSettings appends what the configuration changes about projections, and that
// recovery is on, unless the log knows already.
func (s *Shop) tellSettings(ctx context.Context) error {
	_, err := s.log.Decide(ctx, func(tx *gorm.DB, _ sessions.Head) ([]*sessions.Event, error) {
		known, err := sessions.LoadSettings(tx)
		if err != nil {
			return nil, err
		}
		wanted := known
		wanted.Currency, wanted.SessionTimeout = s.config.Currency, s.config.SessionTimeout
		wanted.SessionMaximum, wanted.SessionEvents = s.config.SessionMaximum, s.config.SessionEvents
		var events []*sessions.Event
		now := sessions.MillisOf(time.Now())
		if wanted != known {
			e, err := sessions.Own(sessions.SettingsChanged, 0, now, wanted)
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		if s.config.Recovery && known.RecoveryEnabled == 0 {
			e, err := sessions.Own(sessions.RecoveryEnabled, 0, now, struct{}{})
			if err != nil {
				return nil, err
			}
			events = append(events, e)
		}
		return events, nil
	})
	if err != nil {
		return fmt.Errorf("tell the log the settings: %w", err)
	}
	return s.config.rules(s.db).FlowsOfFile(ctx, s.db.Read(ctx), s.log, s.config.Flows.flows, time.Now())
}

// openKeys takes the configured keys, or makes those that are missing.
func (s *Shop) openKeys(ctx context.Context) error {
	keys := api.NewKeys(s.db)
	write, err := keys.Ensure(ctx, api.Write, s.config.WriteKey, time.Now())
	if err != nil {
		return err
	}
	secret, err := keys.Ensure(ctx, api.Secret, s.config.SecretKey, time.Now())
	s.MadeKeys.Write, s.MadeKeys.Secret = write.Value, secret.Value
	return err
}

// openDelivery makes the stored endpoints those of the configuration.
func (s *Shop) openDelivery(ctx context.Context) error {
	endpoints, err := s.config.endpoints()
	if err != nil {
		return err
	}
	options := s.config.webhookOptions()
	options.Transport = s.options.Transport
	if s.MadeSecrets, err = jobs.Configure(ctx, s.db, time.Now(), options, endpoints); err != nil {
		return err
	}
	s.sender = webhook.NewSender(options)
	s.endpoints = jobs.NewEndpoints(s.db, options, s.sender)
	if s.coupons, err = s.config.couponSource(s.db, s.sender, s.options.Logger); err != nil {
		return err
	}
	s.delivery = jobs.NewDelivery(jobs.DeliveryOptions{
		Database: s.db, Log: s.log, Triggers: s.carts, Sender: s.sender,
		Messages: linkedMessages{couponMessages{cart.NewMessages(s.config.rules(s.db)), s.coupons}, s.config, time.Now},
		Logger:   s.options.Logger, DisableAfter: s.config.WebhookDisableAfter,
	})
	return nil
}

// openMailing makes ready to mail, if there is an SMTP server.
func (s *Shop) openMailing(context.Context) (err error) {
	if s.config.SMTP == "" {
		return nil
	}
	writer, err := newMailWriter(s.config.MailConfig)
	if err != nil {
		return err
	}
	if s.mailer, err = mail.NewSender(s.config.MailConfig.options()); err != nil {
		return fmt.Errorf("smtp: %w", err)
	}
	messages := cart.NewMessages(s.config.rules(s.db))
	s.mailing = jobs.NewMailing(jobs.MailingOptions{
		Database: s.db, Log: s.log, Triggers: s.carts, Recheck: messages, Mailer: s.mailer,
		Composer: &composer{mailWriter: writer, sources: s.mailSources(), catalog: recommend.NewCatalog(s.db),
			recommend: s.recommendBuilt, logger: s.options.Logger, now: time.Now},
	})
	return nil
}

// recommendBuilt recommends once the recommender is built: a mail can wait.
func (s *Shop) recommendBuilt(ctx context.Context, q recommend.Request) (recommend.Answer, error) {
	if err := s.recommender.WaitBuilt(ctx); err != nil {
		return recommend.Answer{}, fmt.Errorf("wait for recommendations to be built: %w", err)
	}
	return s.recommender.Recommend(ctx, q)
}

func (s *Shop) openServer(context.Context) error {
	agents, err := enrich.NewUserAgents()
	if err != nil {
		return err
	}
	storefront, err := s.config.storefront()
	if err != nil {
		return err
	}
	s.server, err = api.New(api.Config{
		Log: s.log, Follower: s.follower, Histories: sessions.NewHistories(s.db), Carts: s.carts, Rules: s.config.rules(s.db),
		Preferences: s.preferences, ShopName: s.config.ShopName,
		Products: recommend.NewCatalog(s.db), Recommend: s.recommender, Keys: api.NewKeys(s.db),
		Decoder: &wire.Decoder{Currency: s.config.Currency, Enrich: enricher(agents)},
		Inbound: api.Inbound{Shopify: s.config.ShopifySecrets, WooCommerce: s.config.WooCommerceSecrets},
		Jobs:    s.jobOrders(), Webhooks: s.webhooks(),
		Links: cart.NewLinks(s.db, s.log, recommend.NewCatalog(s.db)), Storefront: storefront, Person: person(agents),
		Reports: s.config.reports(s.db), Coupons: s.coupons.Coupons,
		Metrics: s.metrics.handler(), Observe: s.metrics.answered,
		Ready: s.ready, Logger: s.options.Logger, TrustedProxies: s.config.TrustedProxies,
		Limits: api.Limits{Address: s.config.RateLimitAddress, Key: s.config.RateLimitKey},
	})
	return err
}

// ready says why the shop cannot serve, nil if it can.
func (s *Shop) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // cut off without a word, too
	defer cancel()
	_, err := sessions.ReadHead(s.db.Read(ctx))
	return err
}

// openJobs starts the table of jobs.
func (s *Shop) openJobs(ctx context.Context) (err error) {
	if s.runner, err = jobs.NewRunner(s.db, s.options.Logger, s.jobTable()); err != nil {
		return err
	}
	s.metrics.registry.MustRegister(shopCollector{s})
	return s.runner.Start(ctx)
}

// jobTable is everything that is done from time to time.
func (s *Shop) jobTable() []jobs.Job {
	var table []jobs.Job
	if s.config.Recovery {
		table = append(table, jobs.Detection(s.config.DetectSchedule, s.detector))
	}
	table = append(table, s.delivery.Job(s.config.DeliverSchedule))
	if s.mailing != nil {
		table = append(table, s.mailing.Job(s.config.MailSchedule))
	}
	return append(table,
		jobs.Closing(s.config.CloseSchedule, s.follower, s.log),
		jobs.Upkeep(s.config.UpkeepSchedule, s.db, s.log),
	)
}
