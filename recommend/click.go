package recommend

// SessionKey names a session. Keys are the caller's; the greater key counts as
// the newer one where two sessions ended in the same millisecond. Zero names none.
type SessionKey int64

// Action is what a shopper did with an item.
type Action uint8

// The actions in the order of their weight. An unknown action counts as Viewed.
const (
	Viewed Action = iota
	Added
	Purchased
)

// Click is one act of a shopper on one item. At is in milliseconds since 1970, UTC.
//
// Visitor and Network tell whose evidence it is, so that nobody is heard as if they were
// many: who they are, and a digest of the network of internet addresses that they come
// from. A session has those of its first click. Zero is unknown: such a session is
// believed to be another's than any other.
type Click struct {
	Session SessionKey
	Item    string
	Action  Action
	At      int64
	Visitor uint32
	Network uint32
}

// Limits is the window of an index; zero means unlimited, but for SessionClicks.
type Limits struct {
	// Sessions and Clicks are the most that are kept. The oldest session leaves
	// until both hold, except that the newest session always stays.
	Sessions int
	Clicks   int
	// Days is the greatest age of a session's last click against the newest click.
	Days int
	// SessionClicks is the most clicks kept of one session: its newest. Zero or
	// anything greater means 65,535.
	SessionClicks int
}

// DefaultLimits is the window of an ordinary shop: ten million clicks, and no session
// long enough to drown the others. It has
// no bound of days: imported history, however old, is better than nothing until
// newer clicks take its place, and the first live click must not end it.
func DefaultLimits() Limits { return LimitsOf(300, 0) }

// LimitsOf is the window that fits into so many megabytes, and so many days if that is
// not 0. A click takes some 22 bytes, half as many again while segments are merged; a
// session of one click takes more than twice as much.
func LimitsOf(megabytes, days int) Limits {
	clicks := megabytes * 100_000 / 3
	return Limits{Sessions: clicks * 9 / 20, Clicks: clicks, Days: days, SessionClicks: 500}
}

// Stats counts what an index holds now. Bytes is the size of its arrays as
// allocated and of the product ids, without the scratch of running queries and what is
// kept of their answers.
type Stats struct {
	Sessions int
	Clicks   int
	Items    int
	Bytes    int64
}

const (
	maxSessionClicks = 1<<16 - 1
	millisPerDay     = 24 * 60 * 60 * 1000
	millisPerHour    = 60 * 60 * 1000
)
