package mail

import (
	"testing"
)

func places(code string) (int, bool) {
	n, known := map[string]int{"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3, "RSD": 2, "UYW": 4}[code]
	return n, known
}

func purse(t testing.TB, locale string) Purse {
	t.Helper()
	p, err := NewPurse(locale, places)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestX(t *testing.T) {
	tm, err := LoadTemplates("", purse(t, "en-IE"))
	if err != nil {
		t.Fatal(err)
	}
	r, _ := tm.Render(Sample(Cart, 2, purse(t, "en-IE"), "EUR", Shop{}))
	t.Log(r.Subject, "\n"+r.Text)
}
