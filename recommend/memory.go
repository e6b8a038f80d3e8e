package recommend

import (
	"slices"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"cartwright/sessions"
)

// How much is remembered of shoppers. What was not heard of for longest is
// forgotten first, counted in events of the log, so that what is remembered
// follows from the log alone.
const (
	rememberedStreams   = 100_000
	rememberedHoldings  = 500_000
	rememberedCustomers = 100_000
	rememberedBrowsers  = 5 // of one customer
	rememberedOrders    = 100_000
	rememberedMoves     = 100_000 // after as many joins all streams are told of them
)

// memory is what the log's newest events say of single shoppers. It turns events
// into clicks: it knows which session each belongs to.
type memory struct {
	settings  sessions.Settings
	newest    sessions.Millis // when the newest event of any shopper happened
	streams   *simplelru.LRU[string, *stream]
	holdings  *simplelru.LRU[string, *holding]
	customers *simplelru.LRU[sessions.CustomerID, sessions.VisitorID]
	browsers  *simplelru.LRU[sessions.VisitorID, []string] // the streams where a customer was seen, the last at the end
	orders    *simplelru.LRU[sessions.OrderID, hearsay]    // those that count already
	moved     map[sessions.VisitorID]sessions.VisitorID    // joins that spans may not know yet
	reorders  map[string]reorders                          // by product, of all holdings
	reads     func(*sessions.PageInfo) (item string)       // what a page is, "" if it is none to read; nil if none is
}

func newMemory() *memory {
	m := &memory{
		settings:  sessions.DefaultSettings(),
		streams:   recent[string, *stream](rememberedStreams, nil),
		customers: recent[sessions.CustomerID, sessions.VisitorID](rememberedCustomers, nil),
		browsers:  recent[sessions.VisitorID, []string](rememberedCustomers, nil),
		orders:    recent[sessions.OrderID, hearsay](rememberedOrders, nil),
		moved:     map[sessions.VisitorID]sessions.VisitorID{}, reorders: map[string]reorders{},
	}
	m.holdings = recent(rememberedHoldings, func(_ string, h *holding) {
		for i := range h.bought {
			m.count(&h.bought[i], -1)
		}
	})
	return m
}

// recent is a list of what was heard of last, that tells whom it forgets.
func recent[K comparable, V any](size int, forgets func(K, V)) *simplelru.LRU[K, V] {
	l, err := simplelru.NewLRU(size, forgets)
	if err != nil {
		panic(err) // only a size below one is refused
	}
	return l
}

// take folds the next event in and appends the clicks that it says to dst. Bots
// are nobody's memory. Where consent was denied, the cart is known, so that what
// is in it is not recommended, but nothing of what was looked at.
func (m *memory) take(e *sessions.Event, dst []Click) ([]Click, error) {
	settings, err := m.settings.After(e)
	if err != nil {
		return dst, err
	}
	m.settings = settings
	m.join(e)
	name := e.Stream()
	if name == "" || e.Bot {
		return dst, nil
	}
	m.newest = max(m.newest, e.Occurred)
	st := m.stream(name)
	session := st.place(e, m.settings)
	if e.Customer != "" {
		visitor := m.root(e.Visitor)
		m.customers.Add(e.Customer, visitor)
		m.see(visitor, name)
	}
	if holds(e.Kind) {
		m.hold(name, e)
	}
	if e.Consent == "denied" {
		return dst, nil
	}
	return m.click(e, st, session, dst), nil
}

// see remembers that a visitor who is a customer was seen in streams, in this order.
func (m *memory) see(v sessions.VisitorID, streams ...string) {
	seen, _ := m.browsers.Peek(v)
	for _, name := range streams {
		seen = append(slices.DeleteFunc(seen, func(s string) bool { return s == name }), name)
	}
	m.browsers.Add(v, slices.Delete(seen, 0, max(0, len(seen)-rememberedBrowsers)))
}

// join takes note of visitors that became one. Spans learn of it when they are
// looked at, or all together when much has gathered.
func (m *memory) join(e *sessions.Event) {
	for _, moved := range e.Joined {
		if moved <= e.Visitor { // the lowest survives; so no chain of joins comes round
			continue
		}
		m.moved[moved] = e.Visitor
		if streams, ok := m.browsers.Peek(moved); ok {
			m.browsers.Remove(moved)
			m.see(m.root(e.Visitor), streams...)
		}
	}
	if len(m.moved) < rememberedMoves {
		return
	}
	for _, st := range m.streams.Values() {
		m.relabel(st)
	}
	for _, customer := range m.customers.Keys() {
		visitor, _ := m.customers.Peek(customer)
		m.customers.Add(customer, m.root(visitor)) // from the oldest to the newest: their order stays
	}
	clear(m.moved)
}

func (m *memory) relabel(st *stream) {
	for i := range st.spans {
		st.spans[i].Visitor = m.root(st.spans[i].Visitor)
	}
}

// root follows joins to the visitor that survived.
func (m *memory) root(v sessions.VisitorID) sessions.VisitorID {
	for {
		next, moved := m.moved[v]
		if !moved {
			return v
		}
		v = next
	}
}

// stream is the stream of a name, new if it is not remembered.
func (m *memory) stream(name string) *stream {
	st, ok := m.streams.Get(name)
	if !ok {
		st = &stream{}
		m.streams.Add(name, st)
	}
	if len(m.moved) > 0 {
		m.relabel(st)
	}
	return st
}

// hold folds an event into what its stream's shopper has.
func (m *memory) hold(name string, e *sessions.Event) {
	h, ok := m.holdings.Get(name)
	if !ok {
		h = &holding{}
	}
	h.take(m, e, e.Consent != "denied" && m.isNews(e))
	switch {
	case h.empty():
		m.holdings.Remove(name)
	case !ok:
		m.holdings.Add(name, h)
	}
}

// click appends what an event says of items. An order says it once, whichever
// ways it came, unless they say different things.
func (m *memory) click(e *sessions.Event, st *stream, session sessions.SessionID, dst []Click) []Click {
	var action Action
	switch e.Kind {
	case sessions.Page:
		if m.reads == nil {
			return dst
		}
		return m.clickOn(e, st, session, m.reads(e.Page), Viewed, dst)
	case sessions.ProductViewed:
		action = Viewed
	case sessions.ProductAdded:
		action = Added
	case sessions.OrderCompleted:
		news := m.isNews(e)
		if m.hear(e); !news {
			return dst
		}
		action = Purchased
	default:
		return dst
	}
	for _, l := range e.Lines {
		dst = m.clickOn(e, st, session, string(l.Product), action, dst)
	}
	return dst
}

// clickOn appends what an event says of one item.
func (m *memory) clickOn(e *sessions.Event, st *stream, session sessions.SessionID, item string, action Action, dst []Click) []Click {
	if item == "" {
		return dst
	}
	if action != Purchased {
		st.step(item, session)
	}
	if !st.counts(e.Occurred) {
		return dst
	}
	return append(dst, Click{
		Session: SessionKey(session), Item: item, Action: action, At: int64(e.Occurred),
		Visitor: uint32(m.root(e.Visitor)), Network: networkOf(e.Address),
	})
}

// forget drops what is remembered of the stream and the customer of an event.
func (m *memory) forget(e *sessions.Event) {
	stream := e.Stream()
	m.streams.Remove(stream)
	m.holdings.Remove(stream)
	m.customers.Remove(e.Customer)
	m.browsers.Remove(m.root(e.Visitor))
}
