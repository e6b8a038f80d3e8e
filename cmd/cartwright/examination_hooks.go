package main

import (
	"context"
	"time"

	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions/database"
)

// madeEndpoints are the URLs of the endpoints that were made over the API, as far as a database that was opened, or
// not, tells them. What is wrong with it is said elsewhere.
func madeEndpoints(ctx context.Context, db *database.DB, opened error, now time.Time) (urls []string) {
	if opened != nil {
		return nil
	}
	list, err := jobs.NewEndpoints(db, webhook.Options{}, nil).List(ctx, now)
	if err != nil {
		return nil
	}
	for _, e := range list {
		if e.Enabled && e.ManagedBy == "api" {
			urls = append(urls, e.URL)
		}
	}
	return urls
}

// endpoints looks whether the endpoints can be reached, those that are configured and those that were made otherwise.
func (f *findings) endpoints(ctx context.Context, c Config, made []string, now time.Time) {
	wanted, err := c.endpoints()
	if err != nil {
		return // said of the configuration already
	}
	urls := made
	for _, e := range wanted {
		urls = append(urls, e.URL)
	}
	if len(urls) == 0 {
		f.warn("endpoints", "name them in the setting webhooks, or make one with “cartwright webhooks add”", "there is none that is enabled: nobody is told of abandoned carts")
	}
	for _, url := range urls {
		f.endpoint(ctx, c.webhookOptions(), url, now)
	}
}

func (f *findings) endpoint(ctx context.Context, options webhook.Options, url string, now time.Time) {
	reached, err := options.Probe(ctx, url)
	left := reached.Expires.Sub(now)
	switch {
	case err != nil:
		f.fail("endpoints", "see that the server runs, and that this machine may connect to it", "%s: %v", url, err)
	case !reached.Expires.IsZero() && left < certificateDays*24*time.Hour:
		f.warn("endpoints", "renew it", "%s: its certificate expires in %d days", url, int(left.Hours()/24))
	default:
		f.ok("endpoints", "%s answers at %s in %s", url, reached.Address, reached.Took.Round(time.Millisecond))
	}
}

// disabled tells of the endpoints that nothing is sent to any more, and of those that may come to that.
func (f *findings) disabled(ctx context.Context, db *database.DB, now time.Time) {
	list, err := jobs.NewEndpoints(db, webhook.Options{}, nil).List(ctx, now)
	if err != nil {
		f.fail("endpoints", unread, "%v", err)
	}
	for _, e := range list {
		enable := "see that it works, for which there is “cartwright webhooks test”, then switch it on with “cartwright webhooks enable”"
		switch reason := word(e.DisabledReason); {
		case reason == "gone":
			f.warn("endpoints", enable, "%s answered that it is gone (410): nothing is sent there any more", e.URL)
		case reason == "failing":
			f.warn("endpoints", enable, "%s was disabled at %s, because every attempt had failed since %s: %s",
				e.URL, instant(e.DisabledAt), instant(e.FailingSince), word(e.LastError))
		case e.Enabled && e.FailingSince != nil:
			f.warn("endpoints", "see that the server runs and takes the messages; “cartwright webhooks deliveries” shows what it answers",
				"at %s every attempt failed since %s: %s", e.URL, instant(e.FailingSince), word(e.LastError))
		}
	}
}

// word is a text that may be missing.
func word(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
