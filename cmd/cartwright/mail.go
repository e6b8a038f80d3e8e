package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/jobs"
	"cartwright/jobs/mail"
	"cartwright/sessions/database"
)

func mailCommand(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "mail",
		Short: "Look at the mails that shoppers get, and send one for a trial",
		Long: `Shoppers are mailed if there is an SMTP server (the setting smtp). Mails are written
from templates, any of which a shop can replace by its own (mail-templates): see what
they look like by “cartwright mail preview”, send one to yourself by “cartwright mail
test”, and see what became of those that were due by “cartwright mail list”.`,
		Example: `  cartwright mail preview --out /tmp/mail
  cartwright mail test me@shop.example --config cartwright.yaml
  cartwright mail list --status unknown`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(previewMailCommand(s), testMailCommand(s), listMailsCommand(s))
	return cmd
}

func listMailsCommand(s streams) *cobra.Command {
	var c Config
	var status string
	var limit int
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the newest mails and what became of them",
		Long: `Lists mails, the newest first: pending and sending ones are still to come; delivered
ones the SMTP server took over; failed ones it did not take in any attempt, and refused
ones it never will; suppressed ones were no longer right when they were due; unknown
ones were sent, and no answer came: they may have arrived, and are not sent again.`,
		Example: "  cartwright mail list --status unknown",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if status != "" && !slices.Contains(jobs.MailStatuses(), status) {
				return usage("there is no status %q; there are %s", status, strings.Join(jobs.MailStatuses(), ", "))
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				list, err := jobs.Mails(ctx, db, status, limit)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, list)
				}
				return printMails(s.out, list)
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().StringVar(&status, "status", "", "only those of a status: "+strings.Join(jobs.MailStatuses(), ", "))
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

func printMails(w io.Writer, list []jobs.Mail) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "CREATED\tTRIGGER\tSTATUS\tATTEMPTS\tNEXT\tWHY")
	for _, m := range list {
		created := m.Created
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", instant(&created), m.Trigger, m.Status, m.Attempts, instant(m.Next), m.Reason)
	}
	return table.Flush()
}

func testMailCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   "test ADDRESS",
		Short: "Send one sample mail to an address",
		Long: `Sends a sample mail, without pictures, by the configured SMTP server and says how it
went. Give it the settings that “serve” has.`,
		Example: "  cartwright mail test me@shop.example --config cartwright.yaml",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one mail address", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			err := configure(cmd, s, func() error { return c.MailConfig.check() })
			if err != nil {
				return err
			}
			if c.SMTP == "" {
				return usage("there is no SMTP server: name it in the setting smtp")
			}
			return testMail(cmd.Context(), c.MailConfig, args[0], s.out, time.Now())
		},
	}
	c.mailFlags(cmd.Flags())
	return cmd
}

// testMail sends a sample and says how that went.
func testMail(ctx context.Context, c MailConfig, address string, w io.Writer, now time.Time) error {
	to, err := mail.ParseAddress(address)
	if err != nil {
		return usage("%v", err)
	}
	writer, err := newMailWriter(c)
	if err != nil {
		return err
	}
	content := mail.Sample(mail.Cart, 1, writer.purse, "EUR", c.shop())
	for i := range content.Lines {
		content.Lines[i].Image = ""
	}
	for i := range content.Recommended {
		content.Recommended[i].Image = ""
	}
	content.RestoreURL, content.UnsubscribeURL = c.ShopURL, c.ShopURL
	message, err := writer.message(content, fmt.Sprint("test ", now.UnixNano()), to.Email, now)
	if err != nil {
		return err
	}
	sender, err := mail.NewSender(c.options())
	if err != nil {
		return err
	}
	defer sender.Close()
	switch o := sender.Send(ctx, message); o.Result {
	case mail.Delivered:
		_, err := fmt.Fprintf(w, "%s took the mail, with the Message-ID <%s>. Look whether it arrived, and in which folder.\n", c.SMTP, message.ID)
		return err
	case mail.Unknown:
		return fmt.Errorf("whether %s took the mail is not known: %s", c.SMTP, o.Reason)
	default:
		return fmt.Errorf("%s did not take the mail: %s", c.SMTP, o.Reason)
	}
}
