package mail

import "testing"

func TestAmountsAreWrittenAsTheLocaleDoes(t *testing.T) {
	for _, test := range []struct {
		locale, code string
		minor        int64
		want         string
	}{
		{"en", "EUR", 123456, "€1,234.56"},
		{"de", "EUR", 123456, "1.234,56\u00a0€"},
		{"de-CH", "CHF", 123456, "CHF\u00a01'234.56"},
		{"fr-FR", "EUR", 123456, "1\u202f234,56\u00a0€"},
		{"en-US", "USD", 5, "$0.05"},
		{"en-US", "USD", 0, "$0.00"},
		{"en-US", "USD", 1200, "$12.00"},
		{"ja", "JPY", 1250, "￥1,250"},
		{"en", "JPY", 1250, "¥1,250"},
		{"en", "KWD", 1500, "KWD\u00a01.500"},
		{"en", "RSD", 12345, "RSD\u00a0123.45"},                   // locales show no hundredths of it, but prices have them
		{"en", "USD", 9007199254740993, "$90,071,992,547,409.93"}, // no float could
		{"en", "USD", -1999, "-$19.99"},
	} {
		got := purse(t, test.locale).Amount(&test.minor, test.code)
		if got.String() != test.want || !got.Known || got.Minor != test.minor {
			t.Errorf("%d %s in %s is %q, want %q", test.minor, test.code, test.locale, got, test.want)
		}
	}
}

func TestUnknownAmountsShowAsNothing(t *testing.T) {
	price := int64(100)
	p := purse(t, "en")
	for _, a := range []Amount{p.Amount(nil, "EUR"), p.Amount(&price, "???"), {}} {
		if a.Known || a.String() != "" {
			t.Errorf("%+v", a)
		}
	}
	if got := p.Amount(&price, "ZZX").String(); got != "1.00\u00a0ZZX" && got != "ZZX\u00a01.00" {
		t.Errorf("a currency that no locale knows: %q", got)
	}
}

func TestLocalesAreChecked(t *testing.T) {
	for _, locale := range []string{"", "x", "de_DE.UTF-8 oops", "english", "../en"} {
		if _, err := NewPurse(locale, places); err == nil {
			t.Errorf("%q is taken", locale)
		}
	}
	for locale, language := range map[string]string{"en": "en", "de-AT": "de", "pt_BR": "pt", "zh-Hant-TW": "zh", "gsw": "gsw"} {
		if p, err := NewPurse(locale, places); err != nil || p.Language() != language {
			t.Errorf("%q: %q, %v", locale, p.Language(), err)
		}
	}
}
