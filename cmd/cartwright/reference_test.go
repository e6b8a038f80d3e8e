package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// printed runs a command line that succeeds and returns what it prints.
func printed(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &errs, environ}); code != exitDone {
		t.Fatalf("cartwright %s: exit %d\n%s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

// The printed file, with every setting uncommented, sets every setting to its default.
func TestThePrintedFileIsRead(t *testing.T) {
	text := printed(t, []string{"CARTWRIGHT_SECRET_KEY=sk_never_shown"}, "config")
	if strings.Contains(text, "sk_never_shown") {
		t.Error("a secret is printed")
	}
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if setting, commented := strings.CutPrefix(line, "# "); commented && strings.Contains(setting, ":") && !strings.Contains(setting, ". ") {
			lines = append(lines, setting)
		}
	}
	file := filepath.Join(t.TempDir(), "all.yaml")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	found, wrong := readFile(file, false)
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for name, f := range allSettings() {
		value, there := found[name]
		if !there {
			t.Errorf("%s is not in the file", name)
			continue
		}
		before := f.Value.String()
		if err := setFromFile(f, value); err != nil || f.Value.String() != before {
			t.Errorf("%s: %q becomes %q, %v", name, before, f.Value, err)
		}
		if !strings.Contains(text, "--"+name+", "+variable(name)+"\n") {
			t.Errorf("%s: its names are missing", name)
		}
	}
	if len(found) != len(allSettings()) {
		t.Errorf("%d settings in the file, %d in the program", len(found), len(allSettings()))
	}
}

func TestTheConfigurationPageIsCurrent(t *testing.T) {
	const command = "go run ./cmd/cartwright config --markdown > CONFIGURATION.md"
	page, err := os.ReadFile(filepath.Join(root, "CONFIGURATION.md"))
	if err != nil || string(page) != printed(t, nil, "config", "--markdown") {
		t.Errorf("CONFIGURATION.md is not what the program says (%v); write it anew:\n  %s", err, command)
	}
}

// No default is a secret: what is secret has none.
func TestSecretsHaveNoDefault(t *testing.T) {
	for _, g := range groups() {
		for _, f := range g.settings() {
			secret := strings.Contains(f.Name, "secret") || strings.Contains(f.Name, "key") && !strings.Contains(f.Name, "rate") || f.Name == "webhooks"
			if list, ok := f.Value.(pflag.SliceValue); secret && (f.DefValue != "" && !ok || ok && len(list.GetSlice()) > 0) {
				t.Errorf("%s has the default %q", f.Name, f.DefValue)
			}
		}
	}
}
