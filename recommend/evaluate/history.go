package evaluate

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// visit is that a session contains an item, the last time at a place counted from 1.
type visit struct {
	item  int32
	place int32
}

// history is the training as neighbourhood methods read it. Items are numbered in
// the order of their ids, sessions by the time of their last click, equal times by
// session id, so that the greater number of two sessions is the newer one.
type history struct {
	names    []string
	numbers  map[string]int32
	idf      []float64 // of each item: ln(sessions / clicks of the item)
	sessions [][]visit // the distinct items of each session
	ended    []int64   // when each session ended, in milliseconds since 1970
	postings [][]int32 // of each item: the sessions that contain it, oldest first
}

// newHistory numbers items and sessions.
func newHistory(t *training) *history {
	h := &history{names: slices.Sorted(maps.Keys(t.counts)), numbers: make(map[string]int32, len(t.counts))}
	for i, name := range h.names {
		h.numbers[name] = int32(i)
		h.idf = append(h.idf, math.Log(float64(len(t.sessions))/float64(t.counts[name])))
	}
	h.postings = make([][]int32, len(h.names))
	byEnd := slices.Clone(t.sessions)
	slices.SortStableFunc(byEnd, func(a, b session) int { return cmp.Compare(a.last(), b.last()) })
	for _, s := range byEnd {
		h.add(s)
	}
	return h
}

// add appends the newest session.
func (h *history) add(s session) {
	number := int32(len(h.sessions))
	var visits []visit
	for i, name := range s.items {
		item, place := h.numbers[name], int32(i+1)
		if at := slices.IndexFunc(visits, func(v visit) bool { return v.item == item }); at >= 0 {
			visits[at].place = place
			continue
		}
		visits = append(visits, visit{item, place})
		h.postings[item] = append(h.postings[item], number)
	}
	h.sessions, h.ended = append(h.sessions, visits), append(h.ended, s.last())
}

// newest returns the m newest sessions that contain any of the items, the newest
// first. It reads at most m sessions of each item.
func (h *history) newest(items []int32, m int) []int32 {
	var found []int32
	for _, item := range items {
		list := h.postings[item]
		found = append(found, list[max(0, len(list)-m):]...)
	}
	slices.SortFunc(found, func(a, b int32) int { return cmp.Compare(b, a) })
	found = slices.Compact(found)
	return found[:min(len(found), m)]
}
