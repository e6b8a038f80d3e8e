package recommend

// board is where the items stand by one score in a query. That by session-kNN has none:
// it is told by the tallies.
type board struct {
	cells []cell // by item
	items []uint32
	stamp uint32 // of this query's cells
}

// cell is one item's score, good if it has the query's stamp.
type cell struct {
	score float32
	stamp uint32
}

// begin wipes a board that is for so many items.
func (b *board) begin(items int, stamp uint32) {
	if b.stamp > stamp {
		clear(b.cells[:cap(b.cells)]) // stamps came round
	}
	b.cells, b.items, b.stamp = extend(b.cells, items), b.items[:0], stamp
}

// add adds to the score of an item.
func (b *board) add(item uint32, score float32) {
	c := &b.cells[item]
	if c.stamp != b.stamp {
		*c = cell{stamp: b.stamp}
		b.items = append(b.items, item)
	}
	c.score += score
}

// scoreOf is an item's score of a kind, 0 if it has none.
func (s *scratch) scoreOf(kind int, item uint32) float64 {
	if kind == byKNN {
		score, _ := s.told(item)
		return score
	}
	if c := &s.boards[kind].cells[item]; c.stamp == s.stamp {
		return float64(c.score)
	}
	return 0
}

// told is what the neighbours say of an item: its score and how many they are.
func (s *scratch) told(item uint32) (score float64, support uint32) {
	if t := &s.tallies[item]; t.mark > s.first {
		return t.score, uint32(t.support)
	}
	return 0, 0
}
