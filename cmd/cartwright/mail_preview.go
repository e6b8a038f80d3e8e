package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"cartwright/cart"
	"cartwright/jobs/mail"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// previewOptions are which mail is to be seen.
type previewOptions struct {
	kind   string
	step   int
	cart   string
	coupon string
	out    string
}

func previewMailCommand(s streams) *cobra.Command {
	var c Config
	var o previewOptions
	cmd := &cobra.Command{
		Use:   "preview",
		Short: "Write a mail as a shopper would get it, as preview.html and preview.txt",
		Long: `Writes a mail to files, sends nothing, and changes nothing. Without --cart it shows a
cart that could be, with pictures that it puts beside the page. With --cart it shows a
real one of the database, with what is recommended to its shopper.`,
		Example: `  cartwright mail preview --kind checkout --out /tmp/mail
  cartwright mail preview --mail-templates our-templates --step 2 --coupon WELCOME10
  cartwright mail preview --cart 4711 --config cartwright.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := configure(cmd, s, func() error { return c.MailConfig.check() }); err != nil {
				return err
			}
			if !slices.Contains(mail.Kinds(), mail.Kind(o.kind)) {
				return usage("there is no kind %q; there are %v", o.kind, mail.Kinds())
			}
			if o.step < 1 {
				return usage("steps count from 1")
			}
			return preview(cmd.Context(), c, o, s.out)
		},
	}
	c.databaseFlag(cmd.Flags())
	c.mailFlags(cmd.Flags())
	cmd.Flags().StringVar(&c.Currency, "currency", "USD", "the currency of a cart that could be")
	cmd.Flags().StringVar(&o.kind, "kind", string(mail.Cart), "what was left: cart, checkout or browse")
	cmd.Flags().IntVar(&o.step, "step", 1, "of the flow")
	cmd.Flags().StringVar(&o.cart, "cart", "", "a cart of the database: the shop's id of it, or Cartwright's")
	cmd.Flags().StringVar(&o.coupon, "coupon", "", "a code to be shown")
	cmd.Flags().StringVar(&o.out, "out", ".", "the folder to write to; it is made if it is not there")
	return cmd
}

// preview writes a mail to files and says where they are.
func preview(ctx context.Context, c Config, o previewOptions, w io.Writer) error {
	writer, err := newMailWriter(c.MailConfig)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	content := mail.Sample(mail.Kind(o.kind), o.step, writer.purse, c.Currency, c.shop())
	content.Coupon = o.coupon
	if o.cart == "" {
		files, err = mail.SamplePictures()
	} else {
		content, err = previewCart(ctx, c, o, writer, content)
	}
	if err != nil {
		return err
	}
	rendered, err := writer.templates.Render(content)
	if err != nil {
		return err
	}
	page, text := filepath.Join(o.out, "preview.html"), filepath.Join(o.out, "preview.txt")
	files["preview.html"], files["preview.txt"] = []byte(rendered.HTML), []byte(rendered.Text)
	if err := os.MkdirAll(o.out, 0o755); err != nil {
		return fmt.Errorf("make the folder for the preview: %w", err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(o.out, name), data, 0o644); err != nil {
			return fmt.Errorf("write the preview: %w", err)
		}
	}
	_, err = fmt.Fprintf(w, "Subject: %s\nThe page:  %s\nThe text:  %s\n", rendered.Subject, page, text)
	return err
}

// previewCart is the content of a real cart's mail. Its links are samples: real ones
// are made when it is sent.
func previewCart(ctx context.Context, c Config, o previewOptions, writer mailWriter, content mail.Content) (mail.Content, error) {
	db, err := c.openExisting(ctx)
	if err != nil {
		return content, err
	}
	defer db.Close()
	found, err := findCart(ctx, cart.NewStore(db), o.cart)
	if err != nil {
		return content, err
	}
	subject := mailSubject{Kind: content.Kind, Lines: found.Lines, Currency: found.Currency}
	ids, err := sessions.IdentifiersOf(db.Read(ctx), found.Visitor)
	if err != nil {
		return content, err
	}
	subject.Customer = ids.Customer
	if len(ids.Anonymous) > 0 {
		subject.Anonymous = ids.Anonymous[0]
	}
	if content.Shop.Name != c.ShopName { // that of the sample, because none is set
		content.Shop = mail.Shop{Name: "Shop"}
	}
	err = withRecommender(ctx, c, db, func(r *recommend.Recommender) error {
		filler := composer{mailWriter: writer, catalog: recommend.NewCatalog(db), recommend: r.Recommend, logger: slog.New(slog.DiscardHandler), now: time.Now}
		return filler.fill(ctx, &content, subject)
	})
	return content, err
}

// withRecommender reads the log, and calls f with what recommends from it.
func withRecommender(ctx context.Context, c Config, db *database.DB, f func(*recommend.Recommender) error) error {
	return withLog(ctx, db, func(log *sessions.Log) error {
		store := cart.NewStore(db)
		r := recommend.NewRecommender(log, recommend.Options{
			InCart: func(ctx context.Context, who recommend.Shopper) ([]sessions.ProductID, error) {
				return store.InCarts(ctx, who.Customer)
			},
			Bought: func(ctx context.Context, who recommend.Shopper) (map[sessions.ProductID]sessions.Millis, error) {
				return store.Bought(ctx, who.Customer)
			},
		})
		r.Start(ctx)
		defer r.Close()
		if err := r.WaitFor(ctx, log.Head().Seq); err != nil {
			return err
		}
		return f(r)
	})
}
