package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/jobs"
	"cartwright/jobs/mail"
	"cartwright/jobs/webhook"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// ShopOptions are what a shop takes from its surroundings.
type ShopOptions struct {
	Logger    *slog.Logger
	Transport http.RoundTripper // carries webhooks instead of the network; for tests
}

// A Shop is one shop's Cartwright, wired over its own database. It holds no
// socket: [Shop.Handler] answers requests, whoever accepts them. Several may live
// in one process.
type Shop struct {
	// MadeKeys are the values of the keys that were made at this start, to be
	// shown once.
	MadeKeys struct{ Write, Secret string }

	// MadeSecrets are the endpoints for which a signing secret was made.
	MadeSecrets []jobs.Endpoint

	config      Config
	options     ShopOptions
	db          *database.DB
	log         *sessions.Log
	follower    *sessions.Follower
	carts       *cart.Store
	preferences *cart.Preferences
	recommender *recommend.Recommender
	detector    *cart.Detector
	delivery    *jobs.Delivery
	endpoints   *jobs.Endpoints
	sender      *webhook.Sender
	mailing     *jobs.Mailing // nil: nobody is mailed
	mailer      *mail.Sender
	coupons     *couponSource
	runner      *jobs.Runner
	server      *api.Server
	metrics     *Metrics
}

// defaultConfig is the configuration of a shop that sets nothing.
func defaultConfig() Config {
	var c Config
	flags := pflag.NewFlagSet("default", pflag.ContinueOnError)
	c.databaseFlag(flags)
	c.historyFlags(flags)
	c.recommendFlags(flags)
	c.recoveryFlags(flags)
	c.linkFlags(flags)
	c.mailFlags(flags)
	c.addresseeFlags(flags)
	c.serveFlags(flags)
	return c
}

// projections are all that is written in the transaction that appends, besides
// the log's own.
func projections(db *database.DB) []sessions.Projection {
	return []sessions.Projection{cart.NewStore(db), recommend.NewCatalog(db)}
}

// OpenShop opens the database, brings everything up and starts the jobs. What was
// opened is closed again if that fails.
func OpenShop(ctx context.Context, c Config, o ShopOptions) (*Shop, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("the configuration has mistakes:\n%w", err)
	}
	db, err := c.openDatabase(ctx, o.Logger)
	if err != nil {
		return nil, err
	}
	if c.Durability != database.Full {
		o.Logger.Warn("a power failure may take back events that were answered with success", "durability", c.Durability)
	}
	s := &Shop{config: c, options: o, db: db, carts: cart.NewStore(db), metrics: newMetrics()}
	for _, step := range []func(context.Context) error{s.openLog, s.openKeys, s.openDelivery, s.openMailing, s.openServer, s.openJobs} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close(ctx))
		}
	}
	return s, nil
}

// Handler answers the shop's HTTP requests.
func (s *Shop) Handler() http.Handler { return s.server }

// Unready tells load balancers to send no more requests here.
func (s *Shop) Unready() { s.server.Unready() }

// Stats are what “cartwright stats” prints.
type Stats struct {
	sessions.Stats
	cart.Counts
}

// Stats counts what the shop holds, once sessions are written to the end of the log.
func (s *Shop) Stats(ctx context.Context) (Stats, error) {
	if err := s.follower.WaitFor(ctx, s.log.Head().Seq); err != nil {
		return Stats{}, err
	}
	return readStats(ctx, s.db)
}

// closeSending waits for the webhooks and mails under way, for both at once.
func (s *Shop) closeSending(ctx context.Context) {
	var ends sync.WaitGroup
	defer ends.Wait()
	if s.delivery != nil {
		ends.Go(func() { s.delivery.Close(ctx); s.sender.Close() })
	}
	if s.mailing != nil {
		ends.Go(func() { s.mailing.Close(ctx); s.mailer.Close() })
	}
}

// Close stops the jobs, commits what was taken in, writes the sessions and closes
// the database. Whatever of it was never opened is passed over.
func (s *Shop) Close(ctx context.Context) error {
	ctx = context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var errs []error
	if s.runner != nil {
		errs = append(errs, s.runner.Stop(ctx))
	}
	s.closeSending(ctx)
	if s.runner != nil {
		errs = append(errs, s.runner.Release(ctx))
	}
	if s.log != nil {
		s.log.Close()
	}
	if s.recommender != nil {
		s.recommender.Close()
	}
	if s.follower != nil {
		s.follower.Close()
	}
	return errors.Join(append(errs, s.db.Close())...)
}
