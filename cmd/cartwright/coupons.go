package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/cart"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// couponsShown is how many codes, and how many messages without one, are listed.
const couponsShown = 100

// couponList is what “cartwright coupons --json” prints.
type couponList struct {
	cart.CouponStock
	Data    []cart.IssuedCoupon `json:"data"`
	Without []cart.MissedCoupon `json:"without"`
}

func couponsCommand(s streams) *cobra.Command {
	var c Config
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "coupons",
		Short: "See how many coupon codes are left, and add some",
		Long: `Steps of recovery flows with “coupon: true” carry a coupon code. It is taken from a
pool, which this command and POST /v1/coupons fill; or the shop is asked for it, if
the setting coupon-url says where. No code goes out twice, and nobody gets two within
coupon-pause. Says how many are left, and which messages went out without one and why.`,
		Example: `  cartwright coupons
  cartwright coupons add codes.txt --expires 2027-01-31T23:59:59Z
  shop-codes --new 500 | cartwright coupons add -`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				list, err := listCoupons(ctx, cart.NewCoupons(db, cart.CouponRules{}), sessions.MillisOf(time.Now()))
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, list)
				}
				return printCoupons(s.out, list)
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	cmd.AddCommand(addCouponsCommand(s))
	return cmd
}

func listCoupons(ctx context.Context, coupons *cart.Coupons, now sessions.Millis) (list couponList, err error) {
	if list.CouponStock, err = coupons.Stock(ctx, now); err != nil {
		return list, err
	}
	if list.Data, err = coupons.Issued(ctx, couponsShown); err != nil {
		return list, err
	}
	list.Without, err = coupons.Missed(ctx, couponsShown)
	return list, err
}

func printCoupons(w io.Writer, list couponList) error {
	fmt.Fprintf(w, "%d coupon codes are left, %d were issued, %d expired.\n", list.Left, list.Issued, list.Expired)
	if len(list.Without) == 0 {
		return nil
	}
	fmt.Fprintln(w, "\nMessages that went out without one, the newest first:")
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "AT\tTRIGGER\tWHY\tDETAIL")
	for _, m := range list.Without {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", instant(&m.At), m.Trigger, m.Reason, m.Detail)
	}
	return table.Flush()
}

func addCouponsCommand(s streams) *cobra.Command {
	var c Config
	var expires string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "add FILE",
		Short: "Add the codes of a file, one a line, to the pool; - reads them from standard input",
		Long: `Adds codes of at most 64 characters without blanks, one a line. Those that are known,
issued or not, are reported and not added again; if a line holds no code, none is added.`,
		Example: "  cartwright coupons add codes.txt --expires 2027-01-31T23:59:59Z",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("%s takes one file, or -", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var until sessions.Millis
			if expires != "" {
				at, err := time.Parse(time.RFC3339, expires)
				if err != nil {
					return usage("--expires %q is no time such as 2027-01-31T23:59:59Z", expires)
				}
				until = sessions.MillisOf(at)
			}
			codes, err := readCoupons(args[0], s.in)
			if err != nil {
				return err
			}
			return withDatabase(cmd, s, &c, func(ctx context.Context, db *database.DB) error {
				added, err := addCoupons(ctx, cart.NewCoupons(db, cart.CouponRules{}), codes, until)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, added)
				}
				_, err = fmt.Fprintf(s.out, "%d codes were added, %d were known.\n", added.Added, len(added.Known))
				return err
			})
		},
	}
	c.databaseFlag(cmd.Flags())
	cmd.Flags().StringVar(&expires, "expires", "", "when the codes expire, such as 2027-01-31T23:59:59Z; by default never")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the result as JSON")
	return cmd
}

// readCoupons reads codes, one a line, from a file or, for “-”, from in.
func readCoupons(name string, in io.Reader) (codes []string, err error) {
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read coupon codes: %w", err)
		}
		defer file.Close()
		in = file
	}
	lines := bufio.NewScanner(in)
	for n := 1; lines.Scan(); n++ {
		code := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		if code == "" {
			continue
		}
		if err := cart.CheckCoupon(code); err != nil {
			return nil, usage("line %d: %v", n, err)
		}
		codes = append(codes, code)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read coupon codes: %w", err)
	}
	if len(codes) == 0 {
		return nil, usage("there is no code in %s", name)
	}
	return codes, nil
}

// addCoupons adds codes, a part at a time: what was added before an error stays, and is
// known when it is tried again.
func addCoupons(ctx context.Context, coupons *cart.Coupons, codes []string, expires sessions.Millis) (all cart.AddedCoupons, err error) {
	all.Known = []string{}
	for len(codes) > 0 {
		n := min(len(codes), cart.MostCoupons)
		a, err := coupons.Add(ctx, codes[:n], expires, sessions.MillisOf(time.Now()))
		if errors.Is(err, cart.ErrCouponExpires) {
			return all, usage("%v", err)
		}
		if err != nil {
			return all, err
		}
		all.Added += a.Added
		all.Known = append(all.Known, a.Known...)
		codes = codes[n:]
	}
	return all, nil
}
