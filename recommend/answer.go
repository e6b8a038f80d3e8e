package recommend

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"cartwright/sessions"
)

// Answer is what is recommended.
type Answer struct {
	ID      string  `json:"id"` // 128 random bits, by which what became of it can be told
	Context Context `json:"context"`
	Items   []Item  `json:"items"`
}

// Item is one recommended product. Its score compares with those of the same
// strategy in the same answer only. Support is how many sessions speak for it.
type Item struct {
	ID       sessions.ProductID `json:"product_id"`
	Score    float64            `json:"score"`
	Strategy Strategy           `json:"strategy"`
	Reason   string             `json:"reason"` // in words
	Support  int                `json:"support"`
	Product  *sessions.Product  `json:"product"`         // null if the catalog does not know it
	Terms    []Term             `json:"terms,omitempty"` // what the score is the sum of, if that was asked for and it is one

	encoded string // Product as JSON, "" if it is not kept
}

// Recommend answers a request. What happened until now is taken into account if
// that takes no longer than a tenth of a second. The answer has n items if there
// are as many that may be shown beside each other, and but for its id follows from the
// log and the request alone. An error is a [RequestError], ErrBuilding, ctx's, or one of InCart and
// Bought. Cost: some tens of microseconds, some hundreds for the first that popularity
// fills up after the log went on, and some milliseconds for the first with a filter after
// the catalog did.
func (r *Recommender) Recommend(ctx context.Context, q Request) (answer Answer, err error) {
	err = r.recommend(ctx, q, func(a Answer) error {
		answer, answer.Items = a, slices.Clone(a.Items)
		return nil
	})
	return answer, err
}

// AppendJSON appends the answer to a request to dst as [Answer.AppendJSON] does, without an
// [Answer] to be kept: half of the garbage. The errors are Recommend's and that one's.
func (r *Recommender) AppendJSON(ctx context.Context, q Request, dst []byte) (_ []byte, err error) {
	err = r.recommend(ctx, q, func(a Answer) (err error) {
		dst, err = a.AppendJSON(dst)
		return err
	})
	return dst, err
}

// recommend calls use with an answer whose items are only there until it returns.
func (r *Recommender) recommend(ctx context.Context, q Request, use func(Answer) error) error {
	q, err := q.checked()
	if err != nil {
		return err
	}
	if err := r.build(ctx); err != nil {
		return err
	}
	who := Shopper{q.Anonymous, q.Customer}
	cart, bought, err := r.known(ctx, who)
	if err != nil {
		return err
	}
	if err := r.freshen(ctx); err != nil {
		return err
	}
	a := r.rooms.Get().(*answering)
	defer a.leave()
	a.answer(r, q, who, cart, bought)
	return use(Answer{ID: newID(), Context: q.Context, Items: a.items})
}

// known asks what the shop knows of a customer beside what is remembered.
func (r *Recommender) known(ctx context.Context, who Shopper) (cart []string, bought []purchase, err error) {
	if who.Customer == "" {
		return nil, nil, nil
	}
	if find := r.options.InCart; find != nil {
		found, err := find(ctx, who)
		if err != nil {
			return nil, nil, fmt.Errorf("find what the customer has in the cart: %w", err)
		}
		for _, p := range found {
			cart = append(cart, string(p))
		}
		slices.Sort(cart) // the shop may tell them in any order
		cart = slices.Compact(cart)
	}
	if find := r.options.Bought; find != nil {
		found, err := find(ctx, who)
		if err != nil {
			return nil, nil, fmt.Errorf("find what the customer bought: %w", err)
		}
		for _, p := range slices.Sorted(maps.Keys(found)) {
			bought = append(bought, purchase{item: string(p), at: found[p]})
		}
	}
	return cart, bought, nil
}

// freshen waits for the follower to reach the end of the log, but not for long:
// an answer that is a little old is better than none.
func (r *Recommender) freshen(ctx context.Context) error {
	head := r.log.Head().Seq
	if r.Cursor() >= head {
		return ctx.Err()
	}
	short, cancel := context.WithTimeout(ctx, freshnessWait)
	defer cancel()
	_ = r.WaitFor(short, head) // answering without it is meant
	return ctx.Err()
}

func newID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}
