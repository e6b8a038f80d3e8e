package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

func TestCouponsAreAddedAndCounted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		s := newShop(t, db)
		var added struct {
			Added int
			Known []string
		}
		later := start.Add(25 * time.Hour).Format(time.RFC3339)
		s.post("/v1/coupons", secretKey, `{"codes":["A1","B2","A1"],"expires_at":"`+later+`"}`).read(t, &added)
		if added.Added != 2 || fmt.Sprint(added.Known) != "[A1]" {
			t.Errorf("%+v", added)
		}
		s.post("/v1/coupons", secretKey, `{"codes":["Ä-3","B2"]}`).read(t, &added)
		if added.Added != 1 || fmt.Sprint(added.Known) != "[B2]" {
			t.Errorf("%+v", added)
		}
		must(t, db.Write(t.Context(), func(tx *gorm.DB) error {
			_, _, err := cart.NewCoupons(db, cart.CouponRules{Pause: time.Hour, Mail: cart.DefaultMailRules()}).Issue(tx, cart.Trigger{ID: "trg_x"}, 7)
			return err
		}))
		var pool struct {
			Left, Issued, Expired int
			Data                  []struct{ Code, Trigger_ID, Issued_At string }
		}
		s.get("/v1/coupons").read(t, &pool)
		if pool.Left != 2 || pool.Issued != 1 || len(pool.Data) != 1 || pool.Data[0].Code != "A1" || pool.Data[0].Trigger_ID != "trg_x" || pool.Data[0].Issued_At != "1970-01-01T00:00:00.007Z" {
			t.Errorf("%+v", pool)
		}
	})
}

// attacksOnCoupons send codes that are none.
func attacksOnCoupons() (all []attack) {
	for name, tt := range map[string]struct{ body, code string }{
		"no JSON":                {`codes`, "invalid_json"},
		"a list":                 {`["A"]`, "invalid_json"},
		"null":                   {`null`, "invalid_json"},
		"nothing":                {`{}`, "required"},
		"no list":                {`{"codes":null}`, "required"},
		"a text":                 {`{"codes":"A"}`, "invalid_type"},
		"numbers":                {`{"codes":[1]}`, "invalid_type"},
		"an empty one":           {`{"codes":["A",""]}`, "invalid_coupon"},
		"one that is null":       {`{"codes":["A",null]}`, "invalid_coupon"},
		"a blank":                {`{"codes":["A B"]}`, "invalid_coupon"},
		"U+0000":                 {`{"codes":["A\u0000"]}`, "invalid_coupon"},
		"half a surrogate":       {`{"codes":["A\ud800"]}`, "invalid_coupon"},
		"a line break":           {`{"codes":["A\nBcc: eve@mail.example"]}`, "invalid_coupon"},
		"another way to write":   {`{"codes":["A\u202eB"]}`, "invalid_coupon"},
		"a long one":             {`{"codes":["` + strings.Repeat("x", 65) + `"]}`, "invalid_coupon"},
		"a field more":           {`{"codes":[],"who":"eve"}`, "unknown_field"},
		"a time that is none":    {`{"codes":["A"],"expires_at":"soon"}`, "invalid_type"},
		"a time that is past":    {`{"codes":["A"],"expires_at":"2001-01-01T00:00:00Z"}`, "invalid_coupon"},
		"a time before all time": {`{"codes":["A"],"expires_at":"1901-01-01T00:00:00Z"}`, "invalid_coupon"},
	} {
		all = append(all, attack{name: name, request: request{method: "POST", path: "/v1/coupons", key: secretKey, body: tt.body}, status: 400, code: tt.code})
	}
	return append(all, attack{name: "10,001 codes", status: 413, code: "too_large",
		request: request{method: "POST", path: "/v1/coupons", key: secretKey, body: `{"codes":[` + repeated(`"A"`, 10_001) + `]}`}})
}
