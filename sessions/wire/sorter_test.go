package wire

import (
	"errors"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"cartwright/sessions"
)

// timed is a row as the oracle holds it.
type timed struct {
	at   sessions.Millis
	text string
}

// Few times and little memory, so that equal times stand in many runs.
func TestSorterSortsLikeTheLibrary(t *testing.T) {
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) timed {
			return timed{sessions.Millis(rapid.Int64Range(-3, 12).Draw(t, "at")), rapid.StringN(0, 9, 40).Draw(t, "text")}
		}), 0, 200).Draw(t, "rows")
		s := newSorter(Options{Folder: folder, Memory: rapid.IntRange(1, 4000).Draw(t, "memory")})
		defer s.close()
		for _, r := range rows {
			if err := s.add(r.at, []byte(r.text)); err != nil {
				t.Fatal(err)
			}
		}
		var got []timed
		err := s.each(func(at sessions.Millis, text []byte) error {
			got = append(got, timed{at, string(text)})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.SortStableFunc(rows, func(a, b timed) int { return int(a.at - b.at) })
		if !slices.Equal(got, rows) {
			t.Errorf("%d runs gave\n%v\nwant\n%v", len(s.runs), got, rows)
		}
	})
	wantEmpty(t, folder)
}

// wantEmpty fails if files were left in a folder.
func wantEmpty(t *testing.T, folder string) {
	t.Helper()
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSorterStopsAndCleansUp(t *testing.T) {
	folder := t.TempDir()
	s := newSorter(Options{Folder: folder, Memory: 100})
	for i := range 100 {
		if err := s.add(sessions.Millis(i), []byte("row")); err != nil {
			t.Fatal(err)
		}
	}
	broken, n := errors.New("broken"), 0
	err := s.each(func(sessions.Millis, []byte) error {
		n++
		return broken
	})
	if !errors.Is(err, broken) || n != 1 {
		t.Errorf("%v after %d rows", err, n)
	}
	s.close()
	wantEmpty(t, folder)
}

func TestSorterTellsOfItsFile(t *testing.T) {
	s := newSorter(Options{Folder: t.TempDir() + "/missing", Memory: 1})
	defer s.close()
	if err := s.add(1, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without its folder: %v", err)
	}
	cut := newSorter(Options{Folder: t.TempDir(), Memory: 1})
	defer cut.close()
	if err := cut.add(1, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if err := cut.file.Truncate(14); err != nil {
		t.Fatal(err)
	}
	if err := cut.each(func(sessions.Millis, []byte) error { return nil }); err == nil {
		t.Error("a file that broke off was read as if it were whole")
	}
}
