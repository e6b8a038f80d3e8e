package sessions

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestWindowIsAMapOfCommits holds the window against maps, with hashes that collide in every way: few
// of them, and all on few slots.
func TestWindowIsAMapOfCommits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWindow()
		spread := rapid.SampledFrom([]uint64{1, 1021, 1024, 1 << 60}).Draw(t, "spread")
		hash := rapid.Custom(func(t *rapid.T) uint64 { return 1 + spread*rapid.Uint64Range(0, 300).Draw(t, "hash") })
		type commit struct {
			at     Millis
			hashes []uint64
		}
		var commits []commit
		now := Millis(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				now += Millis(rapid.IntRange(0, 3).Draw(t, "later"))
				hashes := rapid.SliceOfNDistinct(hash, 0, 40, rapid.ID).Draw(t, "hashes")
				commits = append(commits, commit{now, hashes})
				w.add(now, slices.Clone(hashes))
			},
			"prune": func(t *rapid.T) {
				before := now - Millis(rapid.IntRange(-1, 8).Draw(t, "age"))
				commits = slices.DeleteFunc(commits, func(c commit) bool { return c.at < before })
				w.prune(before)
			},
			"": func(t *rapid.T) {
				model := map[uint64]bool{}
				for _, c := range commits {
					for _, h := range c.hashes {
						model[h] = true
					}
				}
				if w.used != len(model) || 2*w.used > len(w.slots) {
					t.Fatalf("%d used of %d slots, the model holds %d", w.used, len(w.slots), len(model))
				}
				for i := range uint64(302) {
					if h := 1 + spread*i; w.has(h) != model[h] {
						t.Fatalf("hash %d: in the window %v, in the model %v", h, w.has(h), model[h])
					}
				}
			},
		})
	})
}

func TestWindowGrowsAndShrinksToNothing(t *testing.T) {
	w := newWindow()
	const commits, each = 200, 500
	key := hashKey{1, 2}
	id := func(c, i int) uint64 { return key.hash("browser", fmt.Sprint(c, "-", i)) }
	for c := range commits {
		hashes := make([]uint64, each)
		for i := range hashes {
			hashes[i] = id(c, i)
		}
		w.add(Millis(c), hashes)
	}
	for c := range commits {
		if !w.has(id(c, 0)) || !w.has(id(c, each-1)) || w.has(id(c, each)) {
			t.Fatalf("commit %d is not as it was added", c)
		}
	}
	w.prune(commits / 2)
	if w.used != commits/2*each || w.has(id(commits/2-1, 7)) || !w.has(id(commits/2, 7)) {
		t.Errorf("%d ids are left of %d", w.used, commits/2*each)
	}
	w.prune(commits)
	if w.used != 0 || slices.ContainsFunc(w.slots, func(h uint64) bool { return h != 0 }) {
		t.Errorf("%d ids are left of an empty window", w.used)
	}
}

func TestHashesDifferByKeyClassAndID(t *testing.T) {
	seen := map[uint64]string{}
	for _, key := range []hashKey{{1, 2}, {2, 1}} {
		for _, class := range []string{"browser", "backend", "importrees46"} {
			for _, id := range []string{"", "a", "b", "\x00a"} {
				h := key.hash(class, id)
				if name := fmt.Sprintf("%v %q %q", key, class, id); seen[h] != "" {
					t.Errorf("%s and %s have one hash", name, seen[h])
				} else {
					seen[h] = name
				}
			}
		}
	}
	if seen[0] != "" {
		t.Errorf("%s hashes to the mark of a free slot", seen[0])
	}
}

func TestHashesSurviveStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hashes := rapid.SliceOf(rapid.Uint64()).Draw(t, "hashes")
		if got := decodeHashes(encodeHashes(hashes)); !slices.Equal(got, hashes) {
			t.Fatalf("%v came back as %v", hashes, got)
		}
	})
}

func TestSeqsSurviveStorage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var seqs []Seq
		var list []byte
		last := Seq(0)
		for _, step := range rapid.SliceOf(rapid.Int64Range(1, 1<<40)).Draw(t, "steps") {
			list = appendSeq(list, last, last+Seq(step))
			last += Seq(step)
			seqs = append(seqs, last)
		}
		if got := decodeSeqs(list); !slices.Equal(got, seqs) {
			t.Fatalf("%v came back as %v", seqs, got)
		}
		decodeSeqs(append(list, 0x80)) // cut off: ends, whatever it says
	})
}

// What the README says that an id takes, as far as it is held, however many there are.
func TestBytesOfAWindow(t *testing.T) {
	w, held := newWindow(), 0
	for n := 0; n < 600_000; {
		var hashes []uint64
		for range 2500 {
			n++
			hashes = append(hashes, uint64(n)*0x9e3779b97f4a7c15|1)
		}
		held += 8 * cap(hashes)
		w.add(Millis(n), hashes)
		if each := float64(held+8*len(w.slots)) / float64(n); each < 24 || each > 41 {
			t.Fatalf("%d ids take %.1f bytes each", n, each)
		}
	}
}
