package recommend

import (
	"encoding/json"
	"fmt"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"cartwright/sessions"
)

// memoryState is a memory as a snapshot has it. Of lists, what was not heard of for
// longest comes first.
type memoryState struct {
	Settings  sessions.Settings
	Newest    sessions.Millis
	Streams   []streamState
	Holdings  []holdingState
	Customers []customerState
	Browsers  []browsersState
	Orders    []orderState
	Moved     map[sessions.VisitorID]sessions.VisitorID
}

type streamState struct {
	Name  string
	Spans []sessions.Span
	Steps []stepState
	Day   int64
	Today int
}

type stepState struct {
	Item    string
	Session sessions.SessionID
}

type holdingState struct {
	Name   string
	Items  []string // of the cart
	Units  []int64
	Bought []purchaseState
}

type purchaseState struct {
	Item          string
	At            sessions.Millis
	Orders, Hours int64
}

type customerState struct {
	ID      sessions.CustomerID
	Visitor sessions.VisitorID
}

type browsersState struct {
	Visitor sessions.VisitorID
	Streams []string
}

type orderState struct {
	ID   sessions.OrderID
	Said uint64
}

// productState is a product of the shelf, as JSON: gob would take what is said to be
// nothing for what is not said.
type productState struct {
	Product []byte
	Changed sessions.Millis
}

// state is the memory, taken down.
func (m *memory) state() memoryState {
	s := memoryState{Settings: m.settings, Newest: m.newest, Moved: m.moved}
	each(m.streams, func(name string, st *stream) {
		state := streamState{Name: name, Spans: st.spans, Day: st.day, Today: st.today}
		for _, step := range st.steps {
			state.Steps = append(state.Steps, stepState{step.item, step.session})
		}
		s.Streams = append(s.Streams, state)
	})
	each(m.holdings, func(name string, h *holding) {
		state := holdingState{Name: name}
		for _, p := range h.bought {
			state.Bought = append(state.Bought, purchaseState{p.item, p.at, p.orders, p.hours})
		}
		for _, line := range h.cart {
			state.Items, state.Units = append(state.Items, line.item), append(state.Units, line.units)
		}
		s.Holdings = append(s.Holdings, state)
	})
	each(m.customers, func(id sessions.CustomerID, v sessions.VisitorID) {
		s.Customers = append(s.Customers, customerState{id, v})
	})
	each(m.browsers, func(v sessions.VisitorID, streams []string) {
		s.Browsers = append(s.Browsers, browsersState{v, streams})
	})
	each(m.orders, func(id sessions.OrderID, said hearsay) { s.Orders = append(s.Orders, orderState{id, uint64(said)}) })
	return s
}

// each calls f for all that is in a list, the oldest first.
func each[K comparable, V any](l *simplelru.LRU[K, V], f func(K, V)) {
	for _, key := range l.Keys() {
		value, _ := l.Peek(key)
		f(key, value)
	}
}

// memoryOf is the memory that was taken down.
func memoryOf(s memoryState) *memory {
	m := newMemory()
	m.settings, m.newest = s.Settings, s.Newest
	for _, state := range s.Streams {
		st := &stream{spans: state.Spans, day: state.Day, today: state.Today}
		for _, was := range state.Steps {
			st.steps = append(st.steps, step{was.Item, was.Session})
		}
		m.streams.Add(state.Name, st)
	}
	for _, state := range s.Holdings {
		h := &holding{}
		for _, p := range state.Bought {
			h.bought = append(h.bought, purchase{p.Item, p.At, p.Orders, p.Hours})
			m.count(&h.bought[len(h.bought)-1], 1)
		}
		for i := range min(len(state.Items), len(state.Units)) {
			h.cart = append(h.cart, held{state.Items[i], state.Units[i]})
		}
		m.holdings.Add(state.Name, h)
	}
	for _, c := range s.Customers {
		m.customers.Add(c.ID, c.Visitor)
	}
	for _, b := range s.Browsers {
		m.browsers.Add(b.Visitor, b.Streams)
	}
	for _, o := range s.Orders {
		m.orders.Add(o.ID, hearsay(o.Said))
	}
	for from, to := range s.Moved {
		m.moved[from] = to
	}
	return m
}

// state is what is on the shelf, taken down.
func (s *shelf) state() ([]productState, error) {
	products := make([]productState, 0, len(s.ids))
	for _, id := range s.ids {
		e := s.entries[id]
		if e.encoded == "" {
			return nil, fmt.Errorf("product %q cannot be encoded", id)
		}
		products = append(products, productState{[]byte(e.encoded), e.changed})
	}
	return products, nil
}

// shelfOf is the shelf that was taken down.
func shelfOf(products []productState) (*shelf, error) {
	s := newShelf()
	for _, state := range products {
		var p sessions.Product
		if err := json.Unmarshal(state.Product, &p); err != nil {
			return nil, fmt.Errorf("decode a product: %w", err)
		}
		s.put(p)
		s.entries[string(p.ID)].changed = state.Changed
	}
	s.settle()
	return s, nil
}
