package mail

import (
	"embed"
	"fmt"
	"regexp"
	"strings"
)

// pictures are those of the sample products.
//
//go:embed pictures/*.svg
var pictures embed.FS

// SamplePictures returns the pictures of [Sample] by their names, for a preview.
func SamplePictures() (map[string][]byte, error) {
	entries, err := pictures.ReadDir("pictures")
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = pictures.ReadFile("pictures/" + e.Name()); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Sample is a mail of a shop that could be: a preview shows it, and templates are
// tried on it. Its pictures are named as if they stood beside the page.
func Sample(kind Kind, step int, p Purse, code string, shop Shop) Content {
	price := func(minor int64) Amount { return p.Amount(&minor, code) }
	product := func(name string) string {
		return "https://shop.example/products/" + strings.ReplaceAll(strings.ToLower(name), " ", "-")
	}
	line := func(name, variant, picture string, quantity, minor int64) Line {
		return Line{Name: name, Variant: variant, Image: picture, URL: product(name), Quantity: quantity,
			Price: price(minor), Total: price(minor * quantity)}
	}
	c := Content{
		Kind: kind, Step: step, Language: p.Language(), Shop: shop,
		Lines: []Line{
			line("Stoneware mug", "Sea green, 350 ml", "mug.svg", 2, 1850),
			line("Brass reading lamp", "", "lamp.svg", 1, 8900),
		},
		Total: price(2*1850 + 8900),
		Recommended: []Product{
			{"Walnut serving board", "board.svg", product("Walnut serving board"), price(4200), "Often bought together", "bought_together"},
			{"Linen napkins, set of four", "linen.svg", product("Linen napkins"), price(2900), "Often viewed together", "viewed_together"},
			{"Glass teapot", "teapot.svg", product("Glass teapot"), price(3650), "Popular right now", "popular"},
			{"Fern in a clay pot", "fern.svg", product("Fern in a clay pot"), price(1990), "Popular right now", "popular"},
		},
		RestoreURL:     "https://shop.example/r/sample",
		UnsubscribeURL: "https://shop.example/unsubscribe/sample",
	}
	if c.Shop.Name == "" {
		c.Shop = Shop{Name: "Hearth & Home", URL: "https://shop.example", Address: "Hearth & Home Ltd | 12 Mill Lane | Bristol BS1 4ND"}
	}
	if step > 1 {
		c.Coupon = "WELCOMEBACK"
	}
	return c
}

// bare is a content without anything that may be missing.
func bare(kind Kind, step int) Content {
	return Content{Kind: kind, Step: step, Language: "en", Shop: Shop{Name: "Shop"}, Lines: []Line{{Quantity: 1}},
		RestoreURL: "https://shop.example/r/sample", UnsubscribeURL: "https://shop.example/unsubscribe/sample"}
}

// tried is how many steps of each kind templates are tried on.
const tried = 5

// unsafeOutput is what html/template writes in the place of what it does not let through.
var unsafeOutput = regexp.MustCompile(`ZgotmplZ`)

// try renders samples of every kind and step: with all that a mail can have, with
// one line and no recommendation, and with nothing that may be missing.
func (t *Templates) try(p Purse) error {
	for _, kind := range Kinds() {
		for step := 1; step <= tried; step++ {
			full := Sample(kind, step, p, "EUR", Shop{})
			full.Shop.Logo = "https://shop.example/logo.png"
			full.Coupon, full.More = "CODE", 3
			single := Sample(kind, step, p, "EUR", Shop{})
			single.Lines, single.Recommended, single.Coupon = single.Lines[:1], nil, ""
			for _, c := range []Content{full, single, bare(kind, step)} {
				if err := t.tryOn(c); err != nil {
					return fmt.Errorf("a mail of kind %s, step %d: %w", kind, step, err)
				}
			}
		}
	}
	return nil
}

func (t *Templates) tryOn(c Content) error {
	r, err := t.Render(c)
	if err != nil {
		return err
	}
	if unsafeOutput.MatchString(r.HTML) {
		return fmt.Errorf("%s: a text stands where only an address of the web may stand, or within a script or style", t.html.Name())
	}
	for part, text := range map[string]string{t.html.Name(): r.HTML, t.text.Name(): r.Text} {
		if !strings.Contains(text, "/unsubscribe/sample") {
			return fmt.Errorf("%s: it does not show UnsubscribeURL, which every such mail must", part)
		}
	}
	return nil
}
