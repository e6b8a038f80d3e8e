package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/jobs"
)

// one is a command on one endpoint.
func (h *hookCommands) one(use, short, long, example string, do func(context.Context, *jobs.Endpoints, jobs.EndpointID) error) *cobra.Command {
	return &cobra.Command{
		Use: use + " ID", Short: short, Long: long, Example: "  cartwright webhooks " + example, Args: oneEndpoint,
		RunE: func(cmd *cobra.Command, args []string) error {
			return h.with(cmd, func(ctx context.Context, e *jobs.Endpoints) error { return do(ctx, e, endpointID(args)) })
		},
	}
}

func (h *hookCommands) test() *cobra.Command {
	return h.one("test", "Send a test message to an endpoint now",
		`Sends one message of type cartwright.test, signed like any other, and waits for the
answer, 15 seconds at most. The exit code is 1 if the endpoint did not take it.`, "test 1",
		func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
			trial, err := e.Test(ctx, id, time.Now())
			if err != nil {
				return err
			}
			err = h.show(trial, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "sent %s in %d ms: %s\n%s\n", trial.ID, trial.TookMS, answered(trial), trial.Answer)
				return err
			})
			if err == nil && !trial.Delivered {
				err = errors.New("the endpoint did not take the message: " + word(trial.Error))
			}
			return err
		})
}

// answered is how an endpoint answered a test, in a word.
func answered(t jobs.Trial) string {
	if t.Status == nil {
		return "no answer"
	}
	return fmt.Sprint("answered ", *t.Status)
}

func (h *hookCommands) rotate() *cobra.Command {
	overlap := jobs.UsualOverlap
	cmd := h.one("rotate", "Make a new signing secret and show it, this once",
		`Makes a new secret for an endpoint. Messages are signed with it and with the one before,
so that none is refused until the receiver knows the new one: for 24 hours, unless
--overlap says otherwise, or until “webhooks retire”. Two sign at most. If the secret
became known to somebody, say --overlap 0s, which ends it at once.`, "rotate 1 --overlap 72h",
		func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
			made, err := e.Rotate(ctx, id, overlap, time.Now())
			if err != nil {
				return err
			}
			return h.show(made, func(w io.Writer) error { return printSecret(w, made) })
		})
	cmd.Flags().DurationVar(&overlap, "overlap", jobs.UsualOverlap, "how long the secret before stays valid")
	return cmd
}

func (h *hookCommands) retire() *cobra.Command {
	return h.one("retire", "Let the older of two signing secrets end now",
		"Ends the older of two secrets at once. With one alone nothing changes.", "retire 1",
		func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
			state, err := e.Retire(ctx, id, time.Now())
			return h.changed(state, err)
		})
}

// turn is the command that switches an endpoint on or off.
func (h *hookCommands) turn(use string, on bool) *cobra.Command {
	short, long := "Send to an endpoint again", `Switches an endpoint on that was disabled, by somebody or because it failed. What was
cancelled stays so; the API can send it again.`
	if !on {
		short, long = "Send nothing to an endpoint any more", `Switches an endpoint off until it is enabled again. What is on the way to it is
cancelled.`
	}
	return h.one(use, short, long, use+" 1", func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
		state, err := e.Change(ctx, id, jobs.Wish{Enabled: &on}, time.Now())
		return h.changed(state, err)
	})
}

// changed shows an endpoint as it is now.
func (h *hookCommands) changed(state jobs.EndpointState, err error) error {
	if err != nil {
		return err
	}
	return h.show(state, func(w io.Writer) error { return printEndpoints(w, []jobs.EndpointState{state}) })
}

func (h *hookCommands) remove() *cobra.Command {
	return h.one("remove", "Forget an endpoint",
		`Forgets an endpoint, and cancels what is on the way to it. One of the setting webhooks
is taken out there.`, "remove 1",
		func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
			return e.Remove(ctx, id, time.Now())
		})
}

func (h *hookCommands) deliveries() *cobra.Command {
	var status string
	var limit int
	cmd := h.one("deliveries", "List what was and is to be delivered to an endpoint",
		`Lists deliveries, the newest first, with the last answer of each. They are kept for 30
days after their end. The API shows every attempt, and sends one again.`, "deliveries 1 --status failed",
		func(ctx context.Context, e *jobs.Endpoints, id jobs.EndpointID) error {
			if limit < 1 {
				return usage("--limit takes a number from 1 on")
			}
			list, err := e.Deliveries(ctx, id, status, "", limit)
			if err != nil {
				return err
			}
			return h.show(list, func(w io.Writer) error { return printDeliveries(w, list) })
		})
	cmd.Flags().StringVar(&status, "status", "", "only those that are pending, sending, delivered, failed, suppressed or cancelled")
	cmd.Flags().IntVar(&limit, "limit", 20, "how many")
	return cmd
}

func printDeliveries(w io.Writer, list []jobs.DeliveryState) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "There are none.")
		return err
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TRIGGER\tMADE\tSTATUS\tATTEMPTS\tNEXT\tLAST ERROR")
	for _, d := range list {
		next := instant(d.NextAt)
		if d.EndedAt != nil {
			next = "–"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\n", d.Trigger, instant(&d.CreatedAt), d.Status, d.Attempts, next, word(d.Error))
	}
	return table.Flush()
}
