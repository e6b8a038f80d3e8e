package recommend

import (
	"encoding/json"
	"math"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// text draws what strings may hold, invalid UTF-8 and what is escaped included.
func text(t *rapid.T, label string) string {
	return string(rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte("<>&\"\\\u2028\n ~\x7faz09"))), 0, 12).Draw(t, label))
}

func TestAnswersAreEncodedAsByEncodingJSON(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := Answer{ID: text(rt, "id"), Context: Context(text(rt, "context"))}
		shelf := newShelf()
		for range rapid.IntRange(0, 3).Draw(rt, "items") {
			i := Item{
				ID: sessions.ProductID(text(rt, "product")), Strategy: Strategy(text(rt, "strategy")), Reason: text(rt, "reason"),
				Support: rapid.Int().Draw(rt, "support"),
				Score: rapid.OneOf(rapid.Float64(), rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1e-6, 1e-7, 1e21, 0.1})).
					Filter(func(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }).Draw(rt, "score"),
			}
			switch rapid.IntRange(0, 2).Draw(rt, "in the catalog") {
			case 0:
				i.Product = &sessions.Product{ID: i.ID, Name: text(rt, "name")}
			case 1:
				shelf.put(sessions.Product{ID: i.ID, Name: text(rt, "name"), Attributes: json.RawMessage(` {"a" : "<b>"}`)})
				entry := shelf.entries[string(i.ID)]
				i.Product, i.encoded = &entry.product, entry.encoded
				if i.encoded == "" {
					rt.Fatal("a product of the shelf is not encoded")
				}
			}
			a.Items = append(a.Items, i)
		}
		want, err := json.Marshal(a)
		if err != nil {
			rt.Fatal(err)
		}
		got, err := a.AppendJSON([]byte("before"))
		if err != nil || string(got) != "before"+string(want) {
			rt.Fatalf("encoded\n%s\n%v, want\n%s", got, err, want)
		}
	})
}

func TestAnAnswerThatCannotBeEncodedSaysWhy(t *testing.T) {
	for _, i := range []Item{
		{Score: math.NaN()}, {Score: math.Inf(1)},
		{Product: &sessions.Product{Attributes: json.RawMessage(`{`)}},
	} {
		a := Answer{Items: []Item{i}}
		if body, err := a.AppendJSON(nil); err == nil {
			t.Errorf("encoded %s", body)
		}
	}
}
