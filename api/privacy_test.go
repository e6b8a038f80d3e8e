package api_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"cartwright/api"
	"cartwright/cart"
	"cartwright/fixtures/testdb"
	"cartwright/recommend"
	"cartwright/sessions"
	"cartwright/sessions/database"
)

// otherWriteKey is a second public key of the test shop.
const otherWriteKey = "wk_other"

// neighbours is a shop with the real recommender in which two shoppers, Alice and Bob, and
// some others were, and in which Alice has a history that only the backend tells.
type neighbours struct {
	*shop
	recommender *recommend.Recommender
}

func newNeighbours(t testing.TB, db *database.DB) *neighbours {
	n := &neighbours{}
	carts := cart.NewStore(db)
	n.shop = newShop(t, db, func(c *api.Config) {
		n.recommender = recommend.NewRecommender(c.Log, recommend.Options{
			InCart: func(ctx context.Context, who recommend.Shopper) ([]sessions.ProductID, error) {
				return carts.InCarts(ctx, who.Customer)
			},
			Bought: func(ctx context.Context, who recommend.Shopper) (map[sessions.ProductID]sessions.Millis, error) {
				return carts.Bought(ctx, who.Customer)
			},
		})
		n.recommender.Start(t.Context())
		t.Cleanup(n.recommender.Close)
		c.Recommend, c.Inbound = n.recommender, platformSecrets
	})
	_, err := n.keys.Ensure(t.Context(), api.Write, otherWriteKey, start)
	must(t, err)
	for who := range 6 { // so that there is something to recommend
		for product := range 8 {
			n.view(t, fmt.Sprintf("a-other%d", who), fmt.Sprintf("p%d", (product+who)%10))
		}
	}
	n.view(t, "a-alice", "p1")
	n.view(t, "a-alice", "p2")
	n.post("/v1/identify", writeKey, `{"anonymousId":"a-alice","userId":"u-alice","traits":{"email":"alice@example.com"}}`).receipt(t)
	n.view(t, "a-bob", "p8")
	n.post("/v1/orders", secretKey, `{"order_id":"o-alice","visitor":{"user_id":"u-alice","email":"alice@example.com"},"total":100,"lines":[{"product_id":"p3","quantity":1}]}`).receipt(t)
	n.do(request{method: "PUT", path: "/v1/carts/c-alice", key: secretKey, body: `{"visitor":{"user_id":"u-alice"},"lines":[{"product_id":"p4","quantity":1}]}`}).receipt(t)
	n.settle(t)
	return n
}

func (n *neighbours) view(t testing.TB, who, product string) {
	n.post("/v1/track", writeKey, fmt.Sprintf(`{"event":"Product Viewed","anonymousId":%q,"properties":{"product_id":%q}}`, who, product)).receipt(t)
}

// settle waits until sessions and recommendations hold all there is.
func (n *neighbours) settle(t testing.TB) {
	t.Helper()
	must(t, n.recommender.WaitFor(t.Context(), n.log.Head().Seq))
	n.get(fmt.Sprintf("/v1/sessions?after_seq=%d", n.log.Head().Seq)).wants(t, 200, "")
}

// changing matches what differs in every answer: ids of answers, and how long the log is.
var changing = regexp.MustCompile(`"id":"[0-9a-f]{32}"|"seq":\d+`)

// seen is all that somebody learns from an answer.
func seen(a answer) string {
	var b strings.Builder
	fmt.Fprintln(&b, a.Code)
	headers := a.Header().Clone()
	headers.Del("Cartwright-Seq")
	headers.Del("Content-Length") // the body is looked at itself
	_ = headers.Write(&b)
	b.WriteString(changing.ReplaceAllString(a.Body.String(), ""))
	return b.String()
}

// ofAlice matches what only Alice and the shop may know.
var ofAlice = regexp.MustCompile(`(?i)a-alice|u-alice|alice@|o-alice|c-alice`)

// recommendations are all that a browser may ask for on behalf of an anonymous id.
func recommendations(who string) (paths []string) {
	for _, query := range []string{"context=home", "context=cart", "context=product&item=p1", "context=product&item=p8", "context=product&item=nosuch", "context=home&n=3"} {
		paths = append(paths, "/v1/recommendations?anonymous_id="+who+"&"+query)
	}
	return paths
}

// ids are those of Alice, of Bob, and of nobody, by route.
func (n *neighbours) ids(t testing.TB) map[string][3]string {
	t.Helper()
	find := func(query, who string) string {
		var id string
		must(t, n.db.Read(t.Context()).Raw(query, who).Scan(&id).Error)
		return id
	}
	var visitors, visits [3]string
	for i, who := range []string{"a-alice", "a-bob"} {
		visitors[i] = find("SELECT visitor_id FROM identities WHERE kind = 'anonymous' AND value = ?", who)
		visits[i] = find("SELECT MIN(id) FROM sessions WHERE visitor_id = ?", visitors[i])
	}
	visitors[2], visits[2] = "999", "999"
	carts, orders := [3]string{"c-alice", "c-bob", "c-nobody"}, [3]string{"o-alice", "o-bob", "o-nobody"}
	return map[string][3]string{
		"/v1/visitors/:id": visitors, "/v1/visitors/:id/sessions": visitors, "/v1/sessions/:id": visits, "/v1/sessions/:id/events": visits, "/v1/sessions/:id/decisions": visits,
		"/v1/carts/:id": carts, "/v1/carts/:id/decisions": carts, "/v1/orders/:id": orders, "/v1/products/:id": {"p1", "p2", "p-none"},
	}
}

// Whatever is only for the backend tells a public key nothing: not whether an id is
// there, nor how much there is. The secret key is the control: to it they differ.
func TestPublicKeysReadNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		n := newNeighbours(t, db)
		n.do(request{method: "PUT", path: "/v1/products", key: secretKey, body: `{"products":[{"product_id":"p1"},{"product_id":"p2"}]}`}).receipt(t)
		n.post("/v1/orders", secretKey, `{"order_id":"o-bob","visitor":{"user_id":"u-bob"},"total":100,"lines":[]}`).receipt(t)
		n.do(request{method: "PUT", path: "/v1/carts/c-bob", key: secretKey, body: `{"visitor":{"user_id":"u-bob"},"lines":[{"product_id":"p1","quantity":1}]}`}).receipt(t)
		n.settle(t)
		ids := n.ids(t)
		routes := 0
		for _, r := range n.server.Table() {
			if r.Scope != api.Secret {
				continue
			}
			routes++
			those, found := ids[r.Path]
			if !found {
				those = [3]string{"detection", "delivery", "nosuch"}
			}
			path := func(id string) string {
				return strings.NewReplacer(":id", id, ":name", id, ":trigger", id).Replace(r.Path)
			}
			var all []string
			for _, id := range those {
				for _, key := range []string{writeKey, otherWriteKey} {
					for _, query := range []string{"", "?limit=1", "?limit=x", "?after_seq=1", "?after=1", "?user_id=u-alice"} {
						a := n.do(request{method: r.Method, path: path(id) + query, key: key, body: "{}"})
						a.wants(t, http.StatusForbidden, "scope_insufficient")
						all = append(all, seen(a))
					}
				}
			}
			for _, other := range all[1:] {
				if other != all[0] {
					t.Errorf("%s %s answers one time\n%s\nand another\n%s", r.Method, r.Path, all[0], other)
				}
			}
			if r.Method == http.MethodGet && found {
				hers, his, missing := n.get(path(those[0])), n.get(path(those[1])), n.get(path(those[2]))
				undecided := strings.HasSuffix(r.Path, "/decisions") // there are none on either cart
				if hers.Code != 200 || his.Code != 200 || missing.Code != 404 || seen(hers) == seen(his) && !undecided {
					t.Errorf("%s: the control answers %d %s, %d %s, and %d", r.Path, hers.Code, hers.Body, his.Code, his.Body, missing.Code)
				}
			}
		}
		if routes < 20 {
			t.Errorf("looked at %d routes", routes)
		}
		if a := n.get("/v1/orders"); !ofAlice.MatchString(a.Body.String()) {
			t.Errorf("the control does not show Alice: %s", a.Body)
		}
	})
}

// A browser that says of itself that it is Alice, in any of the ways there are, is
// recommended what it would be if it had named somebody who never was there: her cart
// and her orders neither show nor are missing.
func TestClaimsUnlockNothing(t *testing.T) {
	for name, claim := range map[string]string{
		"identify":     `{"type":"identify","anonymousId":"a-bob","userId":"u-%s"}`,
		"email":        `{"type":"identify","anonymousId":"a-bob","traits":{"email":"%s@example.com"}}`,
		"track":        `{"type":"track","event":"Wishlist Opened","anonymousId":"a-bob","userId":"u-%s"}`,
		"alias":        `{"type":"alias","anonymousId":"a-bob","userId":"u-%s","previousId":"a-bob"}`,
		"alias of her": `{"type":"alias","userId":"a-bob","previousId":"u-%s"}`,
		"group":        `{"type":"group","anonymousId":"a-bob","userId":"u-%s","groupId":"g"}`,
		"her cart":     `{"type":"track","event":"Cart Viewed","anonymousId":"a-bob","properties":{"cart_id":"c-%s"}}`,
		"her order":    `{"type":"track","event":"Checkout Started","anonymousId":"a-bob","userId":"u-%[1]s","properties":{"order_id":"o-%[1]s"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			claimed := func(who string) (*neighbours, []string) {
				n := newNeighbours(t, testdb.SQLite(t))
				n.post("/v1/batch", otherWriteKey, `{"batch":[`+fmt.Sprintf(claim, who)+`]}`).receipt(t)
				n.view(t, "a-bob", "p7")
				n.settle(t)
				var answers []string
				for _, path := range recommendations("a-bob") {
					for _, key := range []string{writeKey, otherWriteKey} {
						a := n.do(request{method: "GET", path: path, key: key})
						a.wants(t, 200, "")
						answers = append(answers, seen(a))
					}
				}
				return n, answers
			}
			n, hers := claimed("alice")
			_, nobodys := claimed("nobody")
			for i, got := range hers {
				if got != nobodys[i] {
					t.Errorf("as Alice\n%s\nas nobody\n%s", got, nobodys[i])
				}
				if ofAlice.MatchString(got) {
					t.Errorf("it shows Alice: %s", got)
				}
			}
			// The control: what the backend asks for Alice leaves out what she bought and
			// what is in her cart, and Bob is shown both.
			control := n.get("/v1/recommendations?user_id=u-alice&context=home").Body.String()
			for _, product := range []string{`"product_id":"p3"`, `"product_id":"p4"`} {
				if strings.Contains(control, product) || !strings.Contains(hers[0], product) {
					t.Errorf("the control tells nothing of %s: Alice %s, Bob %s", product, control, hers[0])
				}
			}
		})
	}
}

// What a browser asks for follows from the anonymous id alone: ids of other kinds open
// nothing, and a customer's are refused whether there is such a customer or not.
func TestIdsOfOthersOpenNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		n := newNeighbours(t, db)
		for _, key := range []string{writeKey, otherWriteKey} {
			ask := func(query string) string {
				return seen(n.do(request{method: "GET", path: "/v1/recommendations?" + query, key: key}))
			}
			nobody := ask("anonymous_id=a-nobody")
			for _, id := range []string{"u-alice", "alice@example.com", "c:u-alice", "e:alice@example.com", "a:a-alice", "1", "c-alice", "o-alice", "A-ALICE", "a-alice%20", ""} {
				if got := ask("anonymous_id=" + id); got != nobody {
					t.Errorf("%s: anonymous_id=%s is answered\n%s\nnobody\n%s", key, id, got, nobody)
				}
			}
			refused := ask("user_id=u-nobody")
			for _, query := range []string{"user_id=u-alice", "user_id=u-alice&anonymous_id=a-alice", "anonymous_id=a-bob&user_id=u-alice", "user_id=u-bob"} {
				if got := ask(query); got != refused || !strings.HasPrefix(got, "403") {
					t.Errorf("%s: %s is answered\n%s\nan unknown customer\n%s", key, query, got, refused)
				}
			}
			if own := ask("anonymous_id=a-alice"); own == nobody {
				t.Error("the control: Alice's own browser is answered as nobody's")
			}
		}
		n.toldByOthers(t)
		for _, path := range recommendations("a-bob") {
			one, other := n.do(request{method: "GET", path: path, key: writeKey}), n.do(request{method: "GET", path: path, key: otherWriteKey})
			if seen(one) != seen(other) {
				t.Errorf("%s differs by key: %s and %s", path, one.Body, other.Body)
			}
		}
	})
}

// What a browser sends about others is answered as if they were not there.
func TestAnswersToEventsTellNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *database.DB) {
		n := newNeighbours(t, db)
		n.post("/v1/page", writeKey, `{"anonymousId":"a-alice","messageId":"m-alice"}`).receipt(t)
		sent := 0
		for _, r := range n.server.Table() {
			if r.Scope != api.Write || r.Method != http.MethodPost {
				continue
			}
			sent++
			for _, item := range []string{
				`"anonymousId":"a-%s"`, `"userId":"u-%s"`, `"anonymousId":"a-bob","userId":"u-%s"`, `"anonymousId":"a-bob","messageId":"m-%s"`, `"userId":"u-bob","previousId":"u-%s"`, `"anonymousId":"a-bob","traits":{"email":"%s@example.com"}`,
				`"event":"Order Completed","anonymousId":"a-bob","properties":{"order_id":"o-%s"}`, `"event":"Product Added","anonymousId":"a-bob","properties":{"product_id":"p1","cart_id":"c-%s"}`, `"event":"Product Added","anonymousId":"a-bob","properties":{"product_id":"p1","quantity":-1,"cart_id":"c-%s"}`,
			} {
				about := func(who string) answer {
					one := fmt.Sprintf(item, who)
					body := fmt.Sprintf(`{"type":"track",%s,"batch":[{"type":"track",%s},{"type":"alias",%s}],"events":[{"type":"track",%s}]}`, one, one, one, one)
					return n.post(r.Path, writeKey, body)
				}
				hers, nobodys := about("alice"), about("nobody")
				if a, b := seen(hers), strings.ReplaceAll(seen(nobodys), "nobody", "alice"); a != b {
					t.Errorf("%s: %s is answered\n%s\nnobody\n%s", r.Path, item, a, b)
				}
			}
		}
		if sent < 20 {
			t.Errorf("looked at %d routes", sent)
		}
	})
}
