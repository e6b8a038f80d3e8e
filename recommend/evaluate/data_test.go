package evaluate

import (
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cartwright/sessions/wire"
)

// published opens session files of a folder of real data, or skips where there is none.
func published(t testing.TB, folder string, names ...string) (files [][]Click) {
	t.Helper()
	data := os.Getenv("CARTWRIGHT_DATA")
	if _, err := os.Stat(filepath.Join(data, folder)); data == "" || err != nil {
		t.Skipf("CARTWRIGHT_DATA does not name a folder with %s", folder)
	}
	for _, name := range names {
		files = append(files, readClicks(t, filepath.Join(data, folder, name)))
	}
	return files
}

// unpacked opens a file.
func unpacked(t testing.TB, path string) io.Reader {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	if !strings.HasSuffix(path, ".gz") {
		return file
	}
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	return plain
}

func readClicks(t testing.TB, path string) (clicks []Click) {
	t.Helper()
	input, err := wire.Open("sessions", []wire.File{{Name: path, Reader: unpacked(t, path)}}, wire.Options{Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	for batch, err := range input.Batches() {
		if err != nil || len(batch.Rejected) > 0 {
			t.Fatal(err, batch.Rejected)
		}
		for _, e := range batch.Events {
			clicks = append(clicks, Click{Session: e.Session, Item: string(e.Lines[0].Product), At: int64(e.Occurred)})
		}
	}
	return clicks
}

// rsc15 is the YooChoose sample that session-rec publishes.
func rsc15(t testing.TB) (train, test []Click) {
	files := published(t, "rsc15-100k", "yoochoose-clicks-100k_train_full.txt.gz", "yoochoose-clicks-100k_test.txt.gz")
	return files[0], files[1]
}

// bol is the example that Serenade publishes.
func bol(t testing.TB) (train, test []Click) {
	files := published(t, "serenade-example", "train.txt.gz", "test.txt")
	return files[0], files[1]
}
