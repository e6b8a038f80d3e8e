package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestFlowsCheckSaysWhatWillHappen(t *testing.T) {
	said := printed(t, nil, "flows", "check", written(t, "cartwright.yaml", "cart-wait: 2h\nflows:\n  - {name: carts, kind: cart, steps: [{offset: 0s}, {offset: 23h, channels: [email]}]}\n"))
	for _, want := range []string{"Step 1, 1 hour after the last activity", "Step 2, 1 day after the last activity (wait 1h + offset 23h), mails."} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	wrong := told(t, nil, exitFailed, "flows", "check", written(t, "flows.yaml", "- name: a\n  kind: cart\n  wiat: 1h\n  holdout: 95%\n"))
	if !strings.Contains(wrong, "line 3: flows/0/wiat") || !strings.Contains(wrong, "line 4: flows/0/holdout") {
		t.Errorf("mistakes: %s", wrong)
	}
	told(t, nil, exitUsage, "flows", "check")
	told(t, nil, exitFailed, "flows", "check", "missing.yaml")
}

// Flows stand in the configuration file with the other settings, and mistakes in them are told with theirs.
func TestFlowsOfTheConfigurationFile(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	file := written(t, "shop.yaml", "flows:\n  - {name: carts, kind: cart}\n  - {name: carts, kind: browse, quiet_hours: late}\ntimezone: Mars/Olympus\ncart-wait: soon\n")
	wrong := told(t, nil, exitUsage, "serve", "--config", file, "--db", db)
	for _, want := range []string{"line 3: flows/1/quiet_hours", "line 3: flows/1/name", "Mars/Olympus", file + ":5: cart-wait"} {
		if !strings.Contains(wrong, want) {
			t.Errorf("%q is not told:\n%s", want, wrong)
		}
	}
	none := written(t, "none.yaml", "flows:\n")
	if _, errs := readFile(none, false); len(errs) > 0 {
		t.Errorf("an empty key: %v", errs)
	}
}

// threeShoppers is what three shoppers did: one left a cart, one bought after a day, one only looked.
const threeShoppers = `{"type":"track","event":"Product Added","messageId":"1","anonymousId":"ann","timestamp":"2026-03-01T10:00:00Z","properties":{"product_id":"cup","price":9,"currency":"EUR"}}
{"type":"track","event":"Product Added","messageId":"2","userId":"7","timestamp":"2026-03-01T10:05:00Z","properties":{"product_id":"pot","cart_id":"c-2","price":9,"currency":"EUR"}}
{"type":"track","event":"Product Viewed","messageId":"3","anonymousId":"eve","timestamp":"2026-03-01T10:10:00Z","properties":{"product_id":"pot"}}
{"type":"track","event":"Order Completed","messageId":"4","userId":"7","timestamp":"2026-03-02T10:00:00Z","properties":{"order_id":"o-1","cart_id":"c-2","products":[{"product_id":"pot"}]}}
{"type":"page","messageId":"5","anonymousId":"zoe","timestamp":"2026-03-06T10:00:00Z"}
`

func TestADryRunTellsWhomFlowsWouldHaveWrittenTo(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	printed(t, nil, "import", "--db", db, "--format", "segment", written(t, "events.ndjson", threeShoppers))
	before, err := os.ReadFile(db)
	if err != nil {
		t.Fatal(err)
	}
	flows := written(t, "flows.yaml", "- {name: carts, kind: cart}\n- {name: looking, kind: browse, steps: [{offset: 0s}]}\n")
	said := printed(t, nil, "flows", "dry-run", "--db", db, "--last", "6d", flows)
	for _, want := range []string{
		"carts    1     trigger   2          2       nothing stood against it",
		"carts    2     suppress  1          1       an order named this cart",
		"carts    3     trigger   1          1       nothing stood against it",
		"looking  1     trigger   1          1       nothing stood against it",
		"customer 7, cart c-2: Step 2 of the flow carts was not told, and the sequence ended, because an order named this cart (order o-1).",
		"visitor ann, cart 1: Step 3 of the flow carts was due, to go out by the shop's endpoints.",
		"visitor eve, session 3: Step 1 of the flow looking was due",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	var report dryReport
	if err := json.Unmarshal([]byte(printed(t, nil, "flows", "dry-run", "--db", db, "--last", "1d", "--json", flows)), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Decisions) != 0 || report.Origin != flows || len(report.Flows) != 2 {
		t.Errorf("of the last day: %+v", report)
	}
	if after, _ := os.ReadFile(db); string(after) != string(before) {
		t.Error("the shop's database was changed")
	}
	told(t, nil, exitUsage, "flows", "dry-run", "--db", db, "--last", "soon")
	// Without a file it is by the flows that hold: here those of the waits alone.
	if said := printed(t, nil, "flows", "dry-run", "--db", db, "--last", "6d"); !strings.Contains(said, "cart  –     trigger  2") {
		t.Errorf("by the flow that holds:\n%s", said)
	}
}

func TestWhyTellsTheStoryOfACart(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	printed(t, nil, "import", "--db", db, "--format", "segment", written(t, "events.ndjson", threeShoppers))
	printed(t, nil, "detect", "--db", db, "--as-of", "2026-03-06T11:00:00Z")
	if said := printed(t, nil, "why", "--db", db, "1"); said != `Cart 1 of visitor 1 is open, in its episode 1; units in it: 1.

2026-03-01 10:00:00  It began.
2026-03-06 11:00:00  Dry run: The cart was abandoned at 2026-03-01T11:00:00Z; the shop would have been told.

It was last used at 2026-03-01T10:00:00Z.
` {
		t.Errorf("an abandoned cart:\n%s", said)
	}
	if said := printed(t, nil, "why", "--db", db, "c-2"); !strings.Contains(said, "Order o-1 ended it") || !strings.Contains(said, "Nothing was decided") {
		t.Errorf("a cart that was bought:\n%s", said)
	}
	var story struct {
		Story []struct{ Words string }
	}
	if err := json.Unmarshal([]byte(printed(t, nil, "why", "--db", db, "--json", "1")), &story); err != nil || len(story.Story) != 2 || story.Story[1].Words == "" {
		t.Errorf("as JSON: %+v, %v", story, err)
	}
	if wrong := told(t, nil, exitFailed, "why", "--db", db, "c-3"); !strings.Contains(wrong, `there is no cart "c-3"`) {
		t.Errorf("an unknown cart: %s", wrong)
	}
	told(t, nil, exitUsage, "why", "--db", db)
	if said := printed(t, nil, "why", "--db", db, "--session", "1"); said != `Session 1 of visitor 1; products looked at: 0.

2026-03-01 10:00:00  It began.

It was last active at 2026-03-01T10:00:00Z.
Nothing was decided of it yet.
` {
		t.Errorf("a session:\n%s", said)
	}
	if said := printed(t, nil, "why", "--db", db, "--session", "--json", "1"); !strings.Contains(said, `"words":"It began."`) {
		t.Errorf("a session as JSON: %s", said)
	}
	for _, id := range []string{"c-1", "999"} {
		if wrong := told(t, nil, exitFailed, "why", "--db", db, "--session", id); !strings.Contains(wrong, "there is no session") {
			t.Errorf("an unknown session: %s", wrong)
		}
	}
}
