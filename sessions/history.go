package sessions

import (
	"cmp"
	"encoding/binary"
	"net/url"
	"slices"
)

// listed bounds how many pages, products, searches and orders of one session
// are listed; the counts go on.
const listed = 200

// History is what a session knows, as far as its events carried it. It is
// stored as JSON in the session's row. Absent means not measured.
type History struct {
	Device  string `json:"device,omitempty"`
	Browser string `json:"browser,omitempty"`
	OS      string `json:"os,omitempty"`
	Country string `json:"country,omitempty"`
	Zone    string `json:"timezone,omitempty"` // of the shopper's clock, a name such as Europe/Berlin
	Entry   *Entry `json:"entry,omitempty"`

	Pages    []PageView  `json:"pages,omitempty"` // in the order they were viewed
	Products []ProductID `json:"products,omitempty"`
	Searches []string    `json:"searches,omitempty"`
	Orders   []OrderID   `json:"orders,omitempty"`

	Counts map[Kind]int `json:"counts"` // events by kind
}

// Entry is how the shopper came: what the earliest event with a page said.
type Entry struct {
	At       Millis    `json:"at"`
	URL      string    `json:"url,omitempty"`
	Referrer string    `json:"referrer,omitempty"`
	Channel  string    `json:"channel,omitempty"`
	Campaign *Campaign `json:"campaign,omitempty"`
}

// PageView is a page that was viewed.
type PageView struct {
	Seq   Seq    `json:"seq"`
	At    Millis `json:"at"`
	Path  string `json:"path,omitempty"`
	Title string `json:"title,omitempty"`
	// Name is the page's or screen's name in the shop's words.
	Name string `json:"name,omitempty"`
}

// add folds e into the history.
func (h *History) add(e *Event) {
	if h.Counts == nil {
		h.Counts = map[Kind]int{}
	}
	h.Counts[e.Kind]++
	keepFirst(&h.Device, e.Device)
	keepFirst(&h.Browser, e.Payload.Browser)
	keepFirst(&h.OS, e.OS)
	keepFirst(&h.Country, e.Country)
	keepFirst(&h.Zone, e.Timezone)
	if e.Page != nil && (h.Entry == nil || e.Occurred < h.Entry.At) {
		h.Entry = &Entry{e.Occurred, e.Page.URL, e.Page.Referrer, e.Channel, e.Campaign}
	}
	switch e.Kind {
	case Page, Screen:
		h.addPage(e)
	case ProductViewed:
		for _, line := range e.Lines {
			h.Products = addListed(h.Products, line.Product)
		}
	case ProductsSearched:
		h.Searches = addListed(h.Searches, e.Query)
	case OrderCompleted:
		h.Orders = addListed(h.Orders, e.Order)
	}
}

func keepFirst(have *string, more string) {
	if *have == "" {
		*have = more
	}
}

// addListed adds a value that is not there yet while there is room.
func addListed[T comparable](list []T, value T) []T {
	var nothing T
	if value == nothing || len(list) >= listed || slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

// addPage puts a page where it belongs in time; a late event may come anywhere.
func (h *History) addPage(e *Event) {
	if len(h.Pages) >= listed {
		return
	}
	view := PageView{Seq: e.Seq, At: e.Occurred, Name: e.Name}
	if e.Page != nil {
		view.Path, view.Title = cmp.Or(e.Page.Path, pathOf(e.Page.URL)), e.Page.Title
	}
	at := len(h.Pages)
	for at > 0 && h.Pages[at-1].At > view.At {
		at--
	}
	h.Pages = slices.Insert(h.Pages, at, view)
}

// pathOf returns the path of an address, empty if it is none.
func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Path
}

// appendSeq adds a seq to a session's list of them, as the difference to the
// one before: two bytes for most.
func appendSeq(list []byte, last, seq Seq) []byte {
	return binary.AppendUvarint(list, uint64(seq-last))
}

// decodeSeqs returns the seqs of such a list.
func decodeSeqs(list []byte) []Seq {
	var seqs []Seq
	var last Seq
	for len(list) > 0 {
		delta, n := binary.Uvarint(list)
		if n <= 0 {
			return seqs
		}
		last += Seq(delta)
		seqs, list = append(seqs, last), list[n:]
	}
	return seqs
}
