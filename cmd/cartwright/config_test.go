package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"
)

// told runs a command line that must be refused and returns what it is told.
func told(t *testing.T, environ []string, code int, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if got := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs, environ}); got != code {
		t.Errorf("cartwright %s: exit %d, want %d\n%s", strings.Join(args, " "), got, code, errs.String())
	}
	if out.Len() > 0 {
		t.Errorf("cartwright %s: printed %q", strings.Join(args, " "), out.String())
	}
	return errs.String()
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "shop.yaml")
	text := `# a shop
cart-wiat: 2h
cart-wait: banana
currency: XXQ
port: 99999
port: 80
webhooks:
  - https://shop.example/hooks whsec_short
  - {url: x}
trusted-proxies: [nonsense]
detect-schedule: "0 0 31 2 *"
session-events: [1, 2]
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	db := filepath.Join(folder, "shop.db")
	environ := []string{"CARTWRIGHT_LOG_LEVEL=loud", "CARTWRIGHT_CART_MAXIMUM_AGE=soon", "CARTWRIGHT_SECRETKEY=sk_mine", "CARTWRIGHT_CONFIG=x.yaml"}
	got := told(t, environ, exitUsage, "serve", "--config", file, "--db", db)
	for _, want := range []string{
		file + `:2: there is no setting "cart-wiat"; did you mean "cart-wait"?`, file + ":3: cart-wait", `currency: "XXQ"`, file + ":6: port is set twice",
		"webhooks: https://shop.example/hooks", file + ":9: webhooks", `trusted-proxies: "nonsense"`, "detect-schedule",
		file + ":12: session-events", `log-level: "loud"`, "CARTWRIGHT_CART_MAXIMUM_AGE",
		`there is no setting CARTWRIGHT_SECRETKEY; did you mean "secret-key"?`, "CARTWRIGHT_CONFIG names no file",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("not told of %s in\n%s", want, got)
		}
	}
	if _, err := os.Stat(db); err == nil {
		t.Error("a database was made all the same")
	}
	if strings.Contains(got, "sk_mine") {
		t.Errorf("a secret is told in\n%s", got)
	}
}

// A variable that is named nearly like a setting is refused by every command; others may have what begins as ours do.
func TestUnknownVariables(t *testing.T) {
	for _, tt := range []struct{ variable, want string }{
		{"CARTWRIGHT_CART_WIAT=3m", `there is no setting CARTWRIGHT_CART_WIAT; did you mean "cart-wait"?`},
		{"CARTWRIGHT_SMTP_PORT=25", ""}, {"CARTWRIGHT_HOME=/srv", ""}, {"CARTWRIGHT_URL=http://shop", ""}, {"CARTWRIGHT_BIN=cartwright", ""}, // others'
		{"CARTWRIGHT_CART_WIAT=", ""}, // not set
		{"CARTWRIGHT_CART_WAIT=3m", ""},
		{"CARTWRIGHT_DATA=/data", ""}, {"CARTWRIGHT_TEST_POSTGRES=postgres://x", ""},
		{"CARTWRIGHT_SERVICE_HOST=10.0.0.1", ""}, {"CARTWRIGHT_SERVICE_PORT_HTTP=8080", ""}, {"CARTWRIGHT_DB_PORT=tcp://10.0.0.2:5432", ""},
		{"CARTWRIGHT_PORT_8080_TCP_ADDR=10.0.0.1", ""}, {"CARTWRIGHT_DB_PORT_5432_TCP=tcp://10.0.0.2:5432", ""}, {"MY_CARTWRIGHT_X=1", ""},
	} {
		for _, command := range []string{"stats", "serve"} {
			var c Config
			flags := pflag.NewFlagSet(command, pflag.ContinueOnError)
			c.databaseFlag(flags)
			if command == "serve" {
				c.recoveryFlags(flags)
			}
			err := load(flags, "", []string{tt.variable})
			if (err != nil) != (tt.want != "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s of %s: %v, want %q", tt.variable, command, err, tt.want)
			}
		}
	}
}

// The flag beats the environment, which beats the file.
func TestSettings(t *testing.T) {
	file := filepath.Join(t.TempDir(), "shop.yaml")
	text := "port: 1\nhost: from-file\ncurrency: EUR\nwebhooks: [\"https://a.example\", https://b.example]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var c Config
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	c.historyFlags(flags)
	c.serveFlags(flags)
	if err := flags.Parse([]string{"--port", "3"}); err != nil {
		t.Fatal(err)
	}
	if err := load(flags, file, []string{"CARTWRIGHT_PORT=2", "CARTWRIGHT_HOST=from-environment", "HOME=/"}); err != nil {
		t.Fatal(err)
	}
	if c.Port != 3 || c.Host != "from-environment" || c.Currency != "EUR" || strings.Join(c.Webhooks, " ") != "https://a.example https://b.example" {
		t.Errorf("%+v", c)
	}
	if err := defaultConfig().check(); err != nil {
		t.Errorf("the default configuration: %v", err)
	}
}

func TestUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"nosuch", exitUsage, `"nosuch"`},
		{"serve extra", exitUsage, "extra"},
		{"serve --nosuch", exitUsage, "--nosuch"},
		{"import", exitUsage, "at least one file"},
		{"import --format otter x.csv", exitUsage, "rees46"},
		{"import --format rees46 " + missing, exitFailed, missing},
		{"detect --as-of yesterday", exitUsage, "2026-01-31T00:00:00Z"},
		{"stats --db " + missing, exitFailed, missing},
		{"verify --db " + missing, exitFailed, missing},
		{"keys revoke 1 --db " + missing, exitFailed, "there is no database " + missing},
		{"keys list --db " + missing, exitFailed, "there is no database " + missing},
		{"keys create --scope all", exitUsage, "write or secret"},
		{"keys revoke", exitUsage, "one key"},
		{"serve --config " + missing, exitUsage, missing},
	} {
		if got := told(t, nil, tt.code, strings.Fields(tt.args)...); !strings.Contains(got, tt.want) {
			t.Errorf("cartwright %s: told %q, want %q", tt.args, got, tt.want)
		}
	}
}

// FuzzConfigurationFile reads any text as the configuration. What is taken sets only
// what there is, once, and the same each time; what is not names the file.
func FuzzConfigurationFile(f *testing.F) {
	for _, seed := range []string{
		"port: 1\ncurrency: EUR\n", "webhooks: [a, b]\n", "port: [1]\n", "port: 1\nport: 2\n", "nosuch: 1\n", "- a\n", "&a port: 1\nhost: *a\n", "<<: {port: 1}\n",
		"port: 0x10\n", "cart-wait: 90m\n", "? [a]\n: b\n", "rate-limit-address: .nan\n", "rate-limit-key: 1e999\n", "\ufeffport: 1\n", "port: 1\n---\nport: 2\n", "webhooks:\n- &x a\n- *x\n", "host: !!binary aGk=\n",
		"recommend-chains: {cart: [popular], home: catalog}\n", "recommend-chains: [cart=popular]\n", "recommend-chains: {cart: {a: b}}\n", "webhooks: {a: b}\n", "recommend-chains: {? [a] : b}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "shop.yaml")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		var read [2]string
		for i := range read {
			var c Config
			flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
			c.databaseFlag(flags)
			c.historyFlags(flags)
			c.recommendFlags(flags)
			c.recoveryFlags(flags)
			c.addresseeFlags(flags)
			c.serveFlags(flags)
			if err := load(flags, file, nil); err != nil {
				if !strings.Contains(err.Error(), file) {
					t.Errorf("%q: %v does not say where", text, err)
				}
				return
			}
			read[i] = fmt.Sprintf("%+v", c)
		}
		if read[0] != read[1] {
			t.Errorf("%q was read as %s, then as %s", text, read[0], read[1])
		}
		var keys map[string]yaml.Node // values are texts as they stand, whatever their tag
		if err := yaml.Unmarshal(text, &keys); err != nil {
			t.Errorf("%q was taken, but is no mapping of texts: %v", text, err)
		}
		for key := range keys {
			if allSettings()[key] == nil {
				t.Errorf("%q: %q was taken, but is no setting", text, key)
			}
		}
	})
}
