package main

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"cartwright/cart/flow"
	"cartwright/jobs"
	"cartwright/sessions/database"
)

// smtp looks whether the SMTP server can be reached and lets us in.
func (f *findings) smtp(ctx context.Context, c MailConfig, now time.Time) {
	if c.SMTP == "" || c.options().Check() != nil {
		return // nobody is mailed, or it is said of the configuration already
	}
	reached, err := c.options().Probe(ctx)
	left := reached.Expires.Sub(now)
	switch {
	case err != nil:
		f.fail("smtp", "see that the server runs, that this machine may connect to it, and that smtp-tls, smtp-user and smtp-password are right", "%s: %v", c.SMTP, err)
	case !reached.Expires.IsZero() && left < certificateDays*24*time.Hour:
		f.warn("smtp", "renew it", "%s: its certificate expires in %d days", c.SMTP, int(left.Hours()/24))
	default:
		f.ok("smtp", "%s answers at %s in %s, and lets us in", c.SMTP, reached.Address, reached.Took.Round(time.Millisecond))
	}
	if c.ShopAddress == "" {
		f.warn("smtp", "set shop-address", "mails show no postal address of the shop, which the law of many countries wants")
	}
	f.signature(ctx, c)
}

// signature looks whether the domain publishes the key that signs.
func (f *findings) signature(ctx context.Context, c MailConfig) {
	signer, err := c.signer()
	if err != nil {
		return // said of the configuration already
	}
	if signer == nil {
		f.ok("dkim", "mails are not signed here; the SMTP server may sign them")
		return
	}
	name, want, err := signer.Record()
	if err != nil {
		f.fail("dkim", "use an RSA or Ed25519 key", "%v", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	texts, err := net.DefaultResolver.LookupTXT(ctx, name)
	published := slices.ContainsFunc(texts, func(text string) bool { return samePublicKey(text, want) })
	var missing *net.DNSError
	switch {
	case published:
		f.ok("dkim", "%s publishes the key that signs", name)
	case err != nil && (!errors.As(err, &missing) || !missing.IsNotFound):
		f.warn("dkim", "see that name servers can be reached from here", "%v", err)
	default:
		f.fail("dkim", "publish it as a TXT record: "+want, "%s does not publish the key that signs", name)
	}
}

// samePublicKey reports whether two DKIM records have the same key.
func samePublicKey(a, b string) bool {
	key := func(record string) string {
		for part := range strings.SplitSeq(record, ";") {
			if value, found := strings.CutPrefix(strings.TrimSpace(part), "p="); found {
				return strings.Join(strings.Fields(value), "")
			}
		}
		return ""
	}
	return key(a) != "" && key(a) == key(b)
}

// mails tells of the mails of which nobody knows whether they arrived.
func (f *findings) mails(ctx context.Context, db *database.DB) {
	o, err := jobs.LoadMailOutbox(db.Read(ctx))
	if err != nil {
		f.fail("mails", unread, "%v", err)
		return
	}
	lost := o.Ended[jobs.Unknown]
	failed := o.Ended[jobs.Undelivered] + o.Ended[jobs.Refused]
	switch {
	case lost > 0:
		f.warn("mails", "“cartwright mail list --status unknown” shows which; they are not sent again", "of %d nobody knows whether they arrived, %d were not taken, %d wait", lost, failed, o.Waiting)
	case o.Waiting+failed+o.Ended[jobs.Delivered] > 0:
		f.ok("mails", "%d were delivered in the last month, %d were not taken, %d wait", o.Ended[jobs.Delivered], failed, o.Waiting)
	}
}

// flows warns of steps that are to be mailed where nothing is.
func (f *findings) flows(ctx context.Context, c Config, db *database.DB) {
	configured, err := c.rules(db).LoadFlows(db.Read(ctx))
	if err != nil {
		f.fail("flows", unread, "%v", err)
		return
	}
	var mailing []string
	for _, one := range configured.Flows {
		if slices.ContainsFunc(one.Steps, func(s flow.Step) bool { return slices.Contains(s.Channels, flow.Email) }) {
			mailing = append(mailing, one.Name)
		}
	}
	if len(mailing) > 0 && c.SMTP == "" {
		f.warn("flows", "set smtp, or take email out of the channels of their steps", "%s mail, but no SMTP server is configured: those steps are left out", strings.Join(mailing, ", "))
		return
	}
	f.ok("flows", "%d hold, by %s", len(configured.Flows), configured.Origin)
}
