package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// Chains stand in the file as a mapping, and elsewhere as texts.
func TestConfiguredChains(t *testing.T) {
	read := func(text, environ string, args ...string) (string, error) {
		file := filepath.Join(t.TempDir(), "shop.yaml")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		var c Config
		flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
		c.recommendFlags(flags)
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		err := load(flags, file, []string{environ})
		return strings.Join(c.RecommendChains, ", "), err
	}
	want := "cart=bought_together popular, home=catalog"
	for _, given := range []struct {
		file, environ string
		args          []string
	}{
		{file: "recommend-chains:\n  cart: [bought_together, popular]\n  home: catalog\n"},
		{file: "recommend-chains: {cart: [bought_together, popular], home: [catalog]}"},
		{file: "recommend-chains: [cart=bought_together popular, home=catalog]"},
		{environ: "CARTWRIGHT_RECOMMEND_CHAINS=cart=bought_together popular,home=catalog"},
		{args: []string{"--recommend-chains", "cart=bought_together popular", "--recommend-chains", "home=catalog"}},
	} {
		if got, err := read(given.file, given.environ, given.args...); got != want || err != nil {
			t.Errorf("%+v: %q, %v, want %q", given, got, err, want)
		}
	}
	for text, part := range map[string]string{"recommend-chains: {cart: {a: b}}": ":1: recommend-chains", "recommend-chains:\n  cart: [a, [b]]": ":2: recommend-chains"} {
		if _, err := read(text, ""); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestConfiguredChainsThatThereAreNot(t *testing.T) {
	got := told(t, []string{"CARTWRIGHT_RECOMMEND_CHAINS=product=viewed_togther,basement=popular,home="}, exitUsage, "serve", "--db", filepath.Join(t.TempDir(), "shop.db"))
	for _, want := range []string{"recommend-chains: product: there is no strategy \"viewed_togther\"; there are buy_again, likely_next, similar_sessions, viewed_together", `"basement=popular" is no context`, "home: it names no strategy"} {
		if !strings.Contains(got, want) {
			t.Errorf("not told of %s in\n%s", want, got)
		}
	}
}
