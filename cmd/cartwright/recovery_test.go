package main

import (
	"path/filepath"
	"testing"
)

// Recovery that is switched off after it was on looks for no more carts.
func TestRecoveryOff(t *testing.T) {
	config := defaultConfig()
	config.Database = filepath.Join(t.TempDir(), "shop.db")
	for _, on := range []bool{true, false} {
		config.Recovery = on
		shop, err := OpenShop(t.Context(), config, ShopOptions{})
		if err != nil {
			t.Fatal(err)
		}
		detects := false
		for _, job := range shop.runner.Status() {
			detects = detects || job.Name == "detection"
		}
		if detects != on {
			t.Errorf("recovery %t: detection %t", on, detects)
		}
		if err := shop.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}
