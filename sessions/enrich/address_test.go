package enrich

import "testing"

func TestTruncateAddress(t *testing.T) {
	cases := map[string]string{
		"":                             "",
		"not an address":               "",
		"203.0.113.9":                  "203.0.113.0",
		"203.0.113.9:4711":             "203.0.113.0",
		"::ffff:203.0.113.9":           "203.0.113.0",
		"2001:db8:1:2:3:4:5:6":         "2001:db8:1::",
		"[2001:db8:1:2::6]:443":        "2001:db8:1::",
		"fe80::1%eth0":                 "fe80::",
		"::1":                          "::",
		"2002:cb00:7109::1":            "2002:cb00:7100::",
		"1.2.3.4, 5.6.7.8":             "",
		"1.2.3.256":                    "",
		"64:ff9b::203.0.113.9":         "64:ff9b::",
		"2001:db8:ffff:ffff:ffff::":    "2001:db8:ffff::",
		"[::ffff:198.51.100.200]:8080": "198.51.100.0",
	}
	for address, want := range cases {
		if got := TruncateAddress(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
