package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/jobs"
	"cartwright/jobs/webhook"
	"cartwright/sessions/database"
)

func webhooksCommand(s streams) *cobra.Command {
	var c Config
	h := &hookCommands{s: s, c: &c}
	cmd := &cobra.Command{
		Use:   "webhooks",
		Short: "See, make, test and change the endpoints that are told",
		Long: `Lists the endpoints that the shop is told at, where each is managed, and how it does:
since when every attempt failed, or why nothing is sent there any more. Endpoints of
the setting webhooks are changed there; others are made and changed here or over the
API. It all works beside a running “serve”, which obeys from the next attempt on.`,
		Example: `  cartwright webhooks
  cartwright webhooks add https://shop.example/hooks --topics recovery.step_due,cart.recovered
  cartwright webhooks test 1
  cartwright webhooks rotate 1
  cartwright webhooks deliveries 1 --status failed`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return h.with(cmd, func(ctx context.Context, e *jobs.Endpoints) error {
				list, err := e.List(ctx, time.Now())
				if err != nil {
					return err
				}
				return h.show(list, func(w io.Writer) error { return printEndpoints(w, list) })
			})
		},
	}
	c.databaseFlag(cmd.PersistentFlags())
	c.webhookFlags(cmd.PersistentFlags())
	cmd.PersistentFlags().BoolVar(&h.asJSON, "json", false, "print the result as JSON")
	cmd.AddCommand(h.add(), h.test(), h.rotate(), h.retire(), h.turn("enable", true), h.turn("disable", false), h.remove(), h.deliveries())
	return cmd
}

// hookCommands are what can be done with endpoints, and what those commands share.
type hookCommands struct {
	s      streams
	c      *Config
	asJSON bool
}

// with runs f on the endpoints of the configured database.
func (h *hookCommands) with(cmd *cobra.Command, f func(context.Context, *jobs.Endpoints) error) error {
	return withDatabase(cmd, h.s, h.c, func(ctx context.Context, db *database.DB) error {
		sender := webhook.NewSender(h.c.webhookOptions())
		defer sender.Close()
		err := f(ctx, jobs.NewEndpoints(db, h.c.webhookOptions(), sender))
		if r, ok := errors.AsType[*jobs.Refusal](err); ok && r.Wrong {
			return usage("%s", r.Detail)
		}
		return err
	})
}

// show prints a result as JSON, or in words.
func (h *hookCommands) show(result any, words func(io.Writer) error) error {
	if h.asJSON {
		return printJSON(h.s.out, result)
	}
	return words(h.s.out)
}

// oneEndpoint takes the id of one endpoint.
func oneEndpoint(c *cobra.Command, args []string) error {
	if len(args) == 1 {
		if n, err := strconv.ParseInt(args[0], 10, 64); err == nil && n > 0 {
			return nil
		}
	}
	return usage("%s takes the id of one endpoint, a number; “cartwright webhooks” lists them", c.CommandPath())
}

// endpointID reads an argument that oneEndpoint let pass.
func endpointID(args []string) jobs.EndpointID {
	n, _ := strconv.ParseInt(args[0], 10, 64)
	return jobs.EndpointID(n)
}

func (h *hookCommands) add() *cobra.Command {
	var topics []string
	var description string
	cmd := &cobra.Command{
		Use:   "add URL",
		Short: "Make an endpoint and show its signing secret, this once",
		Long: `Makes an endpoint that is told of everything, or of the topics given, from now on, and
prints the secret that its messages are signed with, which cannot be shown again.`,
		Example: "  cartwright webhooks add https://shop.example/hooks --description \"the mailer\"",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("webhooks add takes one URL")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.with(cmd, func(ctx context.Context, e *jobs.Endpoints) error {
				made, err := e.Create(ctx, jobs.Wish{URL: &args[0], Topics: &topics, Description: &description}, time.Now())
				if err != nil {
					return err
				}
				return h.show(made, func(w io.Writer) error { return printSecret(w, made) })
			})
		},
	}
	cmd.Flags().StringSliceVar(&topics, "topics", nil, "the kinds of triggers it is told, with commas between; none means all")
	cmd.Flags().StringVar(&description, "description", "", "what the endpoint is for")
	return cmd
}

func printSecret(w io.Writer, made jobs.MadeSecret) error {
	_, err := fmt.Fprintf(w, "endpoint %d, %s\nsigning secret: %s\nKeep it: it is not shown again.\n", made.ID, made.URL, made.Secret)
	return err
}

func printEndpoints(w io.Writer, list []jobs.EndpointState) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "There are no endpoints: nobody is told of anything. “cartwright webhooks add URL” makes one.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tURL\tMANAGED BY\tTOPICS\tLAST SUCCESS\tSTATE")
	for _, e := range list {
		topics := strings.Join(e.Topics, ", ")
		if topics == "" {
			topics = "all"
		}
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.URL, e.ManagedBy, topics, instant(e.LastSuccessAt), standing(e))
	}
	return table.Flush()
}

// standing is how an endpoint does, in a line of a table.
func standing(e jobs.EndpointState) string {
	switch {
	case !e.Enabled && word(e.DisabledReason) == "failing":
		return fmt.Sprintf("DISABLED since %s: every attempt failed since %s: %s", instant(e.DisabledAt), instant(e.FailingSince), word(e.LastError))
	case !e.Enabled:
		return fmt.Sprintf("disabled since %s: %s", instant(e.DisabledAt), strings.ReplaceAll(word(e.DisabledReason), "_", " "))
	case e.FailingSince != nil:
		return fmt.Sprintf("FAILING since %s: %s", instant(e.FailingSince), word(e.LastError))
	}
	return "enabled"
}
