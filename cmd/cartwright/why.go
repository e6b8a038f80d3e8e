package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

func whyCommand(s streams) *cobra.Command {
	var c Config
	var asJSON, session bool
	cmd := &cobra.Command{
		Use:   "why CART",
		Short: "Tell the story of a cart: what was decided of it, when and why",
		Long: `Tells what became of a cart, in order and in words: every decision with its reason,
those that led to nothing too, how its messages ended, and who came back by them. The
cart is named by the shop's own id, or by Cartwright's, which is a number. With --session
the number is that of a session of somebody who left without a cart. Times are UTC.`,
		Example: "  cartwright why c-1\n  cartwright why 1234 --json\n  cartwright why 5678 --session",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes the id of one cart or session", c.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			tell := whyCart
			if session {
				tell = whySession
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error { return tell(ctx, s.out, db, args[0], asJSON) })
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&session, "session", false, "the id is that of a session")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// whyCart tells the story of a cart.
func whyCart(ctx context.Context, w io.Writer, db *database.DB, name string, asJSON bool) error {
	store := cart.NewStore(db)
	found, err := findCart(ctx, store, name)
	if err != nil {
		return err
	}
	story, err := store.Story(ctx, found)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w, map[string]any{"cart": found, "story": story})
	}
	return tellCart(w, found, story)
}

// whySession tells the story of a session.
func whySession(ctx context.Context, w io.Writer, db *database.DB, name string, asJSON bool) error {
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return fmt.Errorf("there is no session %q: sessions have numbers, see GET /v1/sessions", name)
	}
	found, err := sessions.NewHistories(db).Session(ctx, sessions.SessionID(id))
	if errors.Is(err, sessions.ErrNotFound) {
		return fmt.Errorf("there is no session %d", id)
	}
	if err != nil {
		return err
	}
	story, err := cart.NewStore(db).SessionStory(ctx, found.ID, sessions.MillisOf(found.StartedAt))
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(w, map[string]any{"session": found, "story": story})
	}
	fmt.Fprintf(w, "Session %d of visitor %d; products looked at: %d.\n\n", found.ID, found.Visitor, len(found.Products))
	return tellStory(w, story, fmt.Sprintf("It was last active at %s.", found.EndedAt.Format(time.RFC3339)))
}

// findCart returns the cart of an id of the shop's, or else of ours.
func findCart(ctx context.Context, store *cart.Store, name string) (cart.Cart, error) {
	found, err := store.CartNamed(ctx, sessions.CartID(name))
	if id, wrong := strconv.ParseInt(name, 10, 64); errors.Is(err, sessions.ErrNotFound) && wrong == nil {
		found, err = store.Cart(ctx, cart.ID(id))
	}
	if errors.Is(err, sessions.ErrNotFound) {
		return found, fmt.Errorf("there is no cart %q", name)
	}
	return found, err
}

// tellCart writes the story of a cart.
func tellCart(w io.Writer, c cart.Cart, story []cart.Happening) error {
	name := ""
	if c.Name != "" {
		name = " (" + string(c.Name) + ")"
	}
	fmt.Fprintf(w, "Cart %d%s of visitor %d is %s, in its episode %d; units in it: %d.\n\n", c.ID, name, c.Visitor, c.Status, c.Episode, c.Units)
	return tellStory(w, story, map[cart.Status]string{
		cart.Ordered: fmt.Sprintf("Order %s ended it at %s.", c.Order, c.OrderedAt.Time().Format(time.RFC3339)),
		cart.Merged:  fmt.Sprintf("Cart %d took its place.", c.Into), cart.Emptied: "It is empty.",
		cart.Open: fmt.Sprintf("It was last used at %s.", c.LastActivity.Time().Format(time.RFC3339)),
	}[c.Status])
}

// tellStory writes a story and how it stands.
func tellStory(w io.Writer, story []cart.Happening, end string) error {
	for _, h := range story {
		fmt.Fprintf(w, "%s  %s\n", h.At.Time().Format("2006-01-02 15:04:05"), h.Words)
	}
	_, err := fmt.Fprintf(w, "\n%s\n", end)
	if len(story) == 1 && err == nil {
		_, err = fmt.Fprintln(w, "Nothing was decided of it yet.")
	}
	return err
}
