package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/fixtures/testdb"
	"cartwright/sessions/database"
)

// toldByOthers asks by body what ids of others open: nothing but what they do in an address.
func (n *neighbours) toldByOthers(t testing.TB) {
	t.Helper()
	for _, key := range []string{writeKey, otherWriteKey} {
		ask := func(body string) string { return seen(n.post("/v1/recommendations", key, body)) }
		nobody := ask(`{"anonymous_id":"a-nobody"}`)
		for _, id := range []string{"u-alice", "alice@example.com", "c:u-alice", "e:alice@example.com", "a:a-alice", "1", "c-alice", "o-alice", "A-ALICE", "a-alice ", ""} {
			if got := ask(fmt.Sprintf(`{"anonymous_id":%q}`, id)); got != nobody {
				t.Errorf("%s: anonymous_id %q is answered\n%s\nnobody\n%s", key, id, got, nobody)
			}
		}
		refused := ask(`{"user_id":"u-nobody"}`)
		for _, body := range []string{`{"user_id":"u-alice"}`, `{"user_id":"u-alice","anonymous_id":"a-alice"}`, `{"anonymous_id":"a-bob","user_id":"u-alice","items":["p1"]}`} {
			if got := ask(body); got != refused || !strings.HasPrefix(got, "403") {
				t.Errorf("%s: %s is answered\n%s\nan unknown customer\n%s", key, body, got, refused)
			}
		}
	}
}

// told is a body that asks what a query does.
func told(t testing.TB, path string) string {
	t.Helper()
	asked, err := url.Parse(path)
	must(t, err)
	var fields []string
	for name, values := range asked.Query() {
		if name != "n" {
			values[0] = fmt.Sprintf("%q", values[0])
		}
		fields = append(fields, fmt.Sprintf("%q:%s", name, values[0]))
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// A body opens no more than an address does, with either of the public keys and with the
// secret one; what a public key tells beside it is answered from what everybody did.
func TestBodiesOpenNoMoreThanAddresses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		n := newNeighbours(t, db)
		for _, who := range []string{"a-alice", "a-bob", "a-nobody"} {
			for _, path := range recommendations(who) {
				for _, key := range []string{writeKey, otherWriteKey, secretKey} {
					got, want := n.post("/v1/recommendations", key, told(t, path)), n.do(request{method: http.MethodGet, path: path, key: key})
					want.wants(t, http.StatusOK, "")
					if changing.ReplaceAllString(got.Body.String(), "") != changing.ReplaceAllString(want.Body.String(), "") {
						t.Errorf("%s: %s is answered\n%s\nits body\n%s", key, path, want.Body, got.Body)
					}
				}
			}
		}
		// Alice's cart and orders neither show nor are missing for whoever tells of them.
		for _, more := range []string{`"items":["p3"]`, `"cart":["p4"]`, `"exclude":["p1"]`, `"context":"email"`, `"context":"checkout","cart":["p3"]`, `"filter":{"category":"x"}`} {
			as := func(who, key string) string {
				return seen(n.post("/v1/recommendations", key, fmt.Sprintf(`{"anonymous_id":%q,%s}`, who, more)))
			}
			if one, other := as("a-nobody", writeKey), as("u-alice", otherWriteKey); one != other || ofAlice.MatchString(one) {
				t.Errorf("%s: nobody is answered\n%s\nwhoever names Alice\n%s", more, one, other)
			}
		}
		// The control: for Alice, whom the backend names, both are left out.
		full := n.post("/v1/recommendations/batch", secretKey, `{"requests":[{"user_id":"u-alice"},{"anonymous_id":"a-nobody"}]}`)
		var got struct {
			Results []struct {
				Answer struct {
					Items []struct {
						Product string `json:"product_id"`
					}
				}
			}
		}
		full.read(t, &got)
		shown := [2]string{}
		for i, r := range got.Results {
			for _, item := range r.Answer.Items {
				shown[i] += item.Product + " "
			}
		}
		for _, product := range []string{"p3", "p4"} {
			if strings.Contains(shown[0], product) || !strings.Contains(shown[1], product) {
				t.Errorf("the control: Alice is shown %s, nobody %s", shown[0], shown[1])
			}
		}
		n.post("/v1/recommendations/batch", writeKey, `{"requests":[{"user_id":"u-alice"}]}`).wants(t, http.StatusForbidden, "scope_insufficient")
		var p api.Problem
		n.post("/v1/recommendations", writeKey, `{"user_id":"u-alice"}`).read(t, &p)
		if p.Code != "scope_insufficient" {
			t.Errorf("problem %+v", p)
		}
	})
}
