package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// A shop may have its keys before it is served for the first time.
func TestKeysBeforeTheFirstStart(t *testing.T) {
	db := filepath.Join(t.TempDir(), "shop.db")
	made := invoke[map[string]string](t, "keys", "create", "--scope", "secret", "--json", "--db", db)
	if made["scope"] != "secret" || !strings.HasPrefix(made["key"], "sk_") {
		t.Errorf("made %v", made)
	}
	if listed := printed(t, nil, "keys", "list", "--db", db); !strings.Contains(listed, made["id"]) {
		t.Errorf("listed %s, without %s", listed, made["id"])
	}
}
