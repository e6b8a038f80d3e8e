package recommend

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"cartwright/fixtures/browsing"
)

// attack is what one does who wants a product to be recommended: of all sessions one in a
// hundred is invented, and pairs the product with popular ones.
type attack struct {
	networks int     // that the invented sessions come from
	since    float64 // the part of all time after which they come
	popular  int     // products that it is paired with
}

// target is a shop that is attacked: its sessions until a moment, and after it.
type target struct {
	train, test []Click
	sessions    int
	items       []string // by clicks
}

// TestPush attacks shops whose shoppers come from homes and carriers. The product's share
// of lists stays below one in a thousand, or twice what it naturally is, and honest
// shoppers find what they look for as before.
func TestPush(t *testing.T) {
	for name, s := range shops(t) {
		for _, a := range []attack{{20, 0, 20}, {20, 0, 5}, {20, .5, 20}, {20, .9, 100}, {5, .5, 20}, {1, 0, 1}} {
			t.Run(fmt.Sprintf("%s, from %d networks after %v with %d", name, a.networks, a.since, a.popular), func(t *testing.T) {
				s.push(t, a)
			})
		}
	}
}

// TestKnock attacks a popular product: sessions from few networks, as many as it has
// itself, do not make it disappear.
func TestKnock(t *testing.T) {
	for name, s := range shops(t) {
		t.Run(name, func(t *testing.T) {
			item := s.items[3]
			alone := indexOf(s.with(attack{20, .5, 1}, item, item))
			for _, way := range ways {
				was, _ := s.lists(way, indexOf(s.train), item)
				is, _ := s.lists(way, alone, item)
				t.Logf("%s: %.5f of lists, were %.5f", way.name, is, was)
				if is < .8*was {
					t.Errorf("%s: a popular product is in %.5f of lists, was in %.5f", way.name, is, was)
				}
			}
		})
	}
}

// TestOneProxyIsNoCrowd has all shoppers come from one network, as where a proxy's address
// is taken for theirs.
func TestOneProxyIsNoCrowd(t *testing.T) {
	for name, s := range shops(t) {
		t.Run(name, func(t *testing.T) {
			known := slices.Clone(s.train)
			for i := range known {
				known[i].Network = 7
			}
			for _, way := range ways {
				_, want := s.lists(way, indexOf(s.train), "")
				_, got := s.lists(way, indexOf(known), "")
				t.Logf("%s: hit rate %.4f, with their own networks %.4f", way.name, got, want)
				if got < .98*want {
					t.Errorf("%s: hit rate %.4f, with their own networks %.4f", way.name, got, want)
				}
			}
		})
	}
}

// shops are one that is made up, and one of real sessions where there are some.
func shops(t testing.TB) map[string]*target {
	if raceEnabled() {
		t.Skip("one goroutine asks, and would do so for half an hour")
	}
	var made []Click
	var networks []uint32 // by session
	for c := range browsing.Clicks(100_000) {
		made = append(made, Click{Session: SessionKey(c.Session), Item: c.Item, At: c.At, Visitor: uint32(c.Session), Network: c.Network})
		if int(c.Session) > len(networks) {
			networks = append(networks, c.Network)
		}
	}
	shops := map[string]*target{"made up": newTarget(made)}
	if os.Getenv("CARTWRIGHT_DATA") == "" {
		return shops
	}
	real, session := rsc15(t, "yoochoose-clicks-100k_train_full.txt.gz"), 0
	for i := range real {
		if i > 0 && real[i].Session != real[i-1].Session {
			session++
		}
		real[i].Visitor, real[i].Network = uint32(real[i].Session), networks[session]
	}
	shops["rsc15"] = newTarget(real)
	return shops
}

// newTarget splits sorted clicks: the test has the sessions of the last twentieth.
func newTarget(clicks []Click) *target {
	byTime(clicks)
	split := clicks[len(clicks)*95/100].At
	s, began := &target{items: byClicks(clicks)}, map[SessionKey]bool{}
	for _, c := range clicks {
		switch {
		case c.At < split:
			s.train = append(s.train, c)
			began[c.Session] = true
		case !began[c.Session] && len(s.test) < 4000:
			s.test = append(s.test, c)
		}
	}
	s.sessions = len(began)
	return s
}

func byClicks(clicks []Click) (items []string) {
	counts := map[string]int{}
	for _, c := range clicks {
		counts[c.Item]++
	}
	for item := range counts {
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b string) int { return cmp.Or(counts[b]-counts[a], cmp.Compare(a, b)) })
	return items
}

func indexOf(clicks []Click) *Index {
	x := NewIndex(Limits{})
	x.Append(clicks...)
	return x
}

// push attacks with the product of median popularity.
func (s *target) push(t *testing.T, a attack) {
	item := s.items[len(s.items)/2]
	invented := s.with(a, item, s.items[:a.popular]...)
	honest, attacked, naive := indexOf(s.train), indexOf(invented), indexOf(anonymous(invented))
	for _, way := range ways {
		was, before := s.lists(way, honest, item)
		is, after := s.lists(way, attacked, item)
		would, _ := s.lists(way, naive, item)
		t.Logf("%s: in %.5f of lists, naturally %.5f, by itself %.5f; hit rate %.4f, naturally %.4f", way.name, is, was, would, after, before)
		if would <= max(.001, 2*was) {
			t.Errorf("%s: the attack would come to nothing by itself: %.5f", way.name, would)
		}
		if is > max(.001, 2*was) {
			t.Errorf("%s: the product is in %.5f of all lists, naturally in %.5f", way.name, is, was)
		}
		if after < .98*before {
			t.Errorf("%s: hit rate %.4f, was %.4f", way.name, after, before)
		}
	}
	named := func(s Scored) bool { return s.Item == item }
	if slices.ContainsFunc(attacked.Popular(20, nil, nil), named) {
		t.Error("the product is popular")
	}
	for _, other := range s.items[:a.popular] {
		if slices.ContainsFunc(attacked.ViewedTogether(other, 20, nil, nil), named) {
			t.Errorf("the product is viewed together with %s", other)
		}
	}
}

// anonymous are clicks of which nobody knows whose they are.
func anonymous(clicks []Click) []Click {
	clicks = slices.Clone(clicks)
	for i := range clicks {
		clicks[i].Network, clicks[i].Visitor = 0, 0
	}
	return clicks
}

// with are the clicks of a shop that is attacked.
func (s *target) with(a attack, item string, popular ...string) []Click {
	random := rand.New(rand.NewPCG(1, 2))
	clicks := slices.Clone(s.train)
	from, to := clicks[int(a.since*float64(len(clicks)-1))].At, clicks[len(clicks)-1].At
	for i := range s.sessions / 99 {
		c := Click{
			Session: SessionKey(1<<40 + i), At: from + random.Int64N(to-from),
			Visitor: uint32(1<<30 + i), Network: uint32(1<<20 + random.IntN(a.networks)),
		}
		pair := []string{popular[random.IntN(len(popular))], item}
		if random.IntN(2) == 0 {
			slices.Reverse(pair)
		}
		for _, c.Item = range pair {
			clicks = append(clicks, c)
		}
	}
	byTime(clicks)
	return clicks
}

// way is a way to ask.
type way struct {
	name string
	ask  func(*Index, Query, []Scored) []Scored
	k    int
}

var ways = []way{{"neighbours", (*Index).Neighbours, ServingK}, {"blend", (*Index).Blend, BlendK}}

// lists asks for twenty items after every click of the test, and tells which part of lists
// has the item, and which part the next click.
func (s *target) lists(w way, x *Index, item string) (share, hitRate float64) {
	past := map[SessionKey][]string{}
	asked, with, hits := 0, 0, 0
	var list []Scored
	for _, c := range s.test {
		if items := past[c.Session]; len(items) > 0 {
			list = w.ask(x, Query{Items: items, M: ServingM, K: w.k, N: 20}, list[:0])
			asked++
			for _, answer := range list {
				if answer.Item == item {
					with++
				}
				if answer.Item == c.Item {
					hits++
				}
			}
		}
		past[c.Session] = append(past[c.Session], c.Item)
	}
	return float64(with) / float64(asked), float64(hits) / float64(asked)
}
