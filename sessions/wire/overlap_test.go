package wire

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// examples is a file of each format.
var examples = map[string]string{
	"rees46": rees46Header + "2022-10-01 00:00:00 UTC,purchase,1,2.5,7,s\n2022-10-01 00:00:00 UTC,cart,\"1\",,7,\n",
	"online-retail": "invoice,stock_code,description,quantity,invoice_date,price_gbp,customer_id,country\n" +
		"1,85048,\"A \"\"B\"\"\",1,2009-12-01 08:01:30,1.005,,UK\nC1,85048,,-1,2009-12-01 08:02:30,1,5,UK\n",
	"sessions": "SessionId\tItemId\tTime\n1\t2\t1396860669.277\n1\t2\t1396860669.277\n",
	"segment":  `{"type":"track","event":"Order Completed","userId":"u","timestamp":1,"properties":{"order_id":"o","total":1.5}}` + "\n{}\n",
	"otto": `{"session":1,"events":[{"aid":5,"ts":1659304800025,"type":"clicks"},{"aid":5,"ts":1659304801000,"type":"carts"},{"aid":5,"ts":1659304802000,"type":"orders"}]}` +
		"\n{\"session\":2,\"events\":[{}]}\n",
}

// FuzzFiles reads any bytes as a file of each format: every row must be counted
// once, and the same file again must add nothing.
func FuzzFiles(f *testing.F) {
	for _, format := range Formats() {
		if examples[format] == "" {
			f.Fatalf("the format %s has no example to begin with", format)
		}
		f.Add([]byte(examples[format]))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, format := range Formats() {
			known := map[string]bool{}
			first, err := tallied(format, known, string(content))
			if err != nil {
				continue
			}
			again, err := tallied(format, known, string(content))
			if err != nil || again.Accepted != 0 || again.Read != first.Read || again.Rejected != first.Rejected {
				t.Errorf("%s %q: %+v, again %+v, %v", format, content, first, again, err)
			}
			for _, tally := range []Tally{first, again} {
				if tally.Accepted < 0 || tally.Accepted+tally.Duplicates+tally.Rejected != tally.Read {
					t.Errorf("%s %q: %+v does not add up", format, content, tally)
				}
			}
		}
	})
}

// tallied imports files and checks their events.
func tallied(format string, known map[string]bool, contents ...string) (Tally, error) {
	var files []File
	for i, content := range contents {
		files = append(files, text(fmt.Sprint(i), content))
	}
	im, err := Open(format, files, Options{Currency: "JPY", Events: 3})
	if err != nil {
		return Tally{}, err
	}
	var total Tally
	for b, err := range im.Batches() {
		if err != nil {
			return total, err
		}
		var r sessions.Receipt
		for i, e := range b.Events {
			if e.MessageID == "" || e.Kind == "" || e.Received < 0 || e.Kind != sessions.ProductUpdated && e.Anonymous == "" && e.Customer == "" && e.Email == "" {
				return total, errors.New("incomplete event " + show(e))
			}
			if known[e.MessageID] {
				r.Duplicates = append(r.Duplicates, i)
			}
			known[e.MessageID] = true
		}
		total = total.Add(b.Tally(r))
	}
	return total, nil
}

// shoppingRow draws a row of REES46 among so few values that rows repeat and
// orders have several.
func shoppingRow(t *rapid.T) string {
	pick := func(name string, values ...string) string { return rapid.SampledFrom(values).Draw(t, name) }
	return strings.Join([]string{
		"2022-10-01 00:0" + pick("minute", "0", "1") + ":" + pick("second", "00", "30") + " UTC",
		pick("type", "view", "cart", "remove_from_cart", "purchase", "purchase"),
		pick("product", "1", "2"), "5", pick("user", "7", "8"), pick("session", "s", "t"),
	}, ",")
}

// TestFilesMayOverlap splits rows into two files that share some. Together they
// are the same as one file, and a file after the whole adds nothing.
func TestFilesMayOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(shoppingRow), 1, 30).Draw(t, "rows")
		from := rapid.IntRange(0, len(rows)).Draw(t, "from")
		to := rapid.IntRange(from, len(rows)).Draw(t, "to")
		file := func(rows []string) string { return rees46Header + strings.Join(rows, "\n") }

		known := map[string]bool{}
		whole, err := tallied("rees46", known, file(rows))
		if err != nil {
			t.Fatal(err)
		}
		part, err := tallied("rees46", known, file(rows[from:to]))
		if err != nil || part.Accepted != 0 {
			t.Errorf("a part after the whole: %+v, %v", part, err)
		}
		both, err := tallied("rees46", map[string]bool{}, file(rows[:to]), file(rows[from:]))
		if err != nil || both.Accepted != whole.Accepted || both.Read != whole.Read+to-from {
			t.Errorf("two files: %+v, one: %+v, %v", both, whole, err)
		}
	})
}

func BenchmarkRees46(b *testing.B) {
	var content strings.Builder
	content.WriteString(rees46Header)
	for i := range 10_000 {
		fmt.Fprintf(&content, "2022-10-01 00:%02d:%02d UTC,view,%d,6.27,%d,%d-51d85cb0-897f-48d2\n", i/60%60, i%60, i%997, i%313, i%500)
	}
	b.SetBytes(int64(content.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := tallied("rees46", map[string]bool{}, content.String()); err != nil {
			b.Fatal(err)
		}
	}
}
