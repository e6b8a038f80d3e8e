package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"cartwright/fixtures/onlineretail"
	"cartwright/jobs/webhook"
)

// The tour's shop is impatient: a cart is abandoned after seconds, not an hour.
const tourWait = 3 * time.Second

func tourCommand(s streams) *cobra.Command {
	return &cobra.Command{
		Use:   "tour",
		Short: "Watch Cartwright do its work on real sales, in about a minute",
		Long: `Starts Cartwright on a database in a temporary folder and lets it do its main job
on a bundled sample of real sales of a British gift shop: it imports the history,
recommends products, receives twenty carts of which half are never paid, finds
those abandoned, and sends signed webhooks to a receiver that checks them. Nothing
is left behind, and nothing outside this machine is talked to.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := os.MkdirTemp("", "cartwright-tour-")
			if err != nil {
				return fmt.Errorf("make a folder for the tour: %w", err)
			}
			defer os.RemoveAll(dir)
			return (&tour{out: s.out, progress: s.err, dir: dir}).run(cmd.Context())
		},
	}
}

// A tour is one telling of the story.
type tour struct {
	out      io.Writer
	progress io.Writer
	dir      string
	shop     *Shop
	front    storefront
	receiver *receiver
	live     []invoice
}

func (t *tour) run(ctx context.Context) (err error) {
	rows, err := onlineretail.Rows()
	if err != nil {
		return err
	}
	history, live, err := splitSample(rows, onlineretail.Live)
	if err != nil {
		return err
	}
	t.live = live
	stop, err := t.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, chapter := range []func(context.Context) error{
		func(ctx context.Context) error { return t.tellHistory(ctx, history) },
		t.tellRecommendations, t.tellCarts, t.tellAbandonment, t.tellReturn, t.tellProof,
	} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	t.tellNext()
	return nil
}

// say prints a paragraph.
func (t *tour) say(format string, args ...any) { fmt.Fprintf(t.out, format+"\n", args...) }

// chapter prints a heading.
func (t *tour) chapter(n int, title string) { t.say("\n%d. %s\n", n, title) }

// open starts the receiver and the shop, and returns what ends both.
func (t *tour) open(ctx context.Context) (stop func() error, err error) {
	secret := webhook.NewSecret().Reveal()
	if t.receiver, err = newReceiver(secret); err != nil {
		return nil, err
	}
	hooks, hooksAddress, err := listenLocally(t.receiver)
	if err != nil {
		return nil, err
	}
	config := defaultConfig()
	config.Database = filepath.Join(t.dir, "tour.db")
	config.Currency = "GBP"
	config.CartWait = tourWait
	config.DetectSchedule = "@every 1s"
	config.Webhooks = []string{hooksAddress + "/hooks " + secret}
	config.WebhookAllowPrivate, config.WebhookAllowInsecure = true, true
	if t.shop, err = OpenShop(ctx, config, ShopOptions{Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, errors.Join(err, hooks.Close())
	}
	front, address, err := listenLocally(t.shop.Handler())
	if err != nil {
		return nil, errors.Join(err, hooks.Close(), t.shop.Close(ctx))
	}
	t.front = storefront{address, t.shop.MadeKeys.Secret}
	return func() error { return errors.Join(front.Close(), t.shop.Close(ctx), hooks.Close()) }, nil
}

// listenLocally serves a handler on a free port of this machine.
func listenLocally(handler http.Handler) (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("listen: %w", err)
	}
	// A new connection has so long until its first request: those of a bench wait for their turn.
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	return server, "http://" + listener.Addr().String(), nil
}

// until waits for something to come true, looking often, for at most a minute.
func until(ctx context.Context, what string, true func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !true() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", what, ctx.Err())
		}
	}
	return nil
}
