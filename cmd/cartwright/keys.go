package main

import (
	"context"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"cartwright/api"
	"cartwright/sessions/database"
)

func keysCommand(s streams) *cobra.Command {
	var c Config
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, list and revoke keys",
		Long: `Senders show a key. A write key is public: it stands in the storefront's pages, sends
browse and cart events, and reads the recommendations of its own shopper. A secret
key is the backend's and may do everything; keep it off every page. Keys are stored
as hashes, so that nobody can read them from the database, and a key is shown once,
when it is made.`,
		Example: `  cartwright keys create --scope write --json
  cartwright keys list
  cartwright keys revoke key_0abc…`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.databaseFlag(cmd.PersistentFlags())
	cmd.AddCommand(createKeyCommand(s, &c), listKeysCommand(s, &c), revokeKeyCommand(s, &c))
	return cmd
}

// withKeys runs f on the keys of the configured database, which must be there.
func withKeys(cmd *cobra.Command, s streams, c *Config, f func(context.Context, *api.Keys) error) error {
	return withDatabase(cmd, s, c, func(ctx context.Context, db *database.DB) error { return f(ctx, api.NewKeys(db)) })
}

// withFirstKeys is withKeys, but makes the database if need be: a shop may have its keys before it
// is served for the first time.
func withFirstKeys(cmd *cobra.Command, s streams, c *Config, f func(context.Context, *api.Keys) error) error {
	if err := configure(cmd, s); err != nil {
		return err
	}
	db, err := c.openDatabase(cmd.Context(), nil)
	if err != nil {
		return err
	}
	defer db.Close()
	return f(cmd.Context(), api.NewKeys(db))
}

func createKeyCommand(s streams, c *Config) *cobra.Command {
	var scope, note string
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "create",
		Short:   "Make a key and show it, this once",
		Long:    "Makes a key of 24 random bytes and prints it. It cannot be shown again.",
		Example: "  cartwright keys create --scope secret --note \"order service\"",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if scope != string(api.Write) && scope != string(api.Secret) {
				return usage("--scope takes write or secret, not %q", scope)
			}
			return withFirstKeys(cmd, s, c, func(ctx context.Context, keys *api.Keys) error {
				key, err := keys.Create(ctx, api.Scope(scope), note, time.Now())
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(s.out, map[string]string{"key": key.Value, "scope": string(key.Scope), "id": key.ID})
				}
				_, err = fmt.Fprintf(s.out, "%s key %s: %s\n", key.Scope, key.ID, key.Value)
				return err
			})
		},
	}
	cmd.Flags().StringVar(&scope, "scope", "", "write or secret")
	cmd.Flags().StringVar(&note, "note", "", "what the key is for")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the key as JSON")
	return cmd
}

func listKeysCommand(s streams, c *Config) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the keys, without their values",
		Long:    "Lists all keys ever made, the oldest first, with their scopes and notes.",
		Example: "  cartwright keys list",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withKeys(cmd, s, c, func(ctx context.Context, keys *api.Keys) error {
				all, err := keys.List(ctx)
				if err != nil {
					return err
				}
				table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(table, "ID\tSCOPE\tMADE\tREVOKED\tNOTE")
				for _, k := range all {
					revoked := "–"
					if k.RevokedAt != 0 {
						revoked = k.RevokedAt.Time().Format(time.DateTime)
					}
					fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", k.ID, k.Scope, k.CreatedAt.Time().Format(time.DateTime), revoked, k.Note)
				}
				return table.Flush()
			})
		},
	}
}

func revokeKeyCommand(s streams, c *Config) *cobra.Command {
	return &cobra.Command{
		Use:     "revoke ID",
		Short:   "Make a key invalid for good",
		Long:    "Makes a key invalid for good. A running serve may let it in for ten seconds more.",
		Example: "  cartwright keys revoke key_0abc…",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("keys revoke takes the id of one key; “cartwright keys list” shows them")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return withKeys(cmd, s, c, func(ctx context.Context, keys *api.Keys) error {
				return keys.Revoke(ctx, args[0], time.Now())
			})
		},
	}
}
