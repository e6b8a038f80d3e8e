package main

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// BenchmarkAppend is “cartwright bench --only ingest”, for profiles and comparisons.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("events=%d", n), func(b *testing.B) {
			for range b.N {
				f, err := measureIngest(b.Context(), b.TempDir(), n, 2*time.Second, false)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(f.Rate, "events/s")
				b.ReportMetric(f.Ceiling, "ceiling-events/s")
				b.ReportMetric(f.Ratio, "ratio")
				b.ReportMetric(f.CPU, "cpu-µs/event")
			}
		})
	}
}

func TestBenchPrintsWhatIsPromised(t *testing.T) {
	report := invoke[struct {
		Ingest []struct {
			Events  int     `json:"events_per_request"`
			Rate    float64 `json:"events_per_second"`
			Ceiling float64 `json:"ceiling_events_per_second"`
			Ratio   float64 `json:"ratio"`
			Lag     *int64  `json:"follower_lag_ms"`
		} `json:"ingest"`
		Recommendations struct {
			Rate float64 `json:"requests_per_second"`
			P50  int64   `json:"p50_us"`
			P99  int64   `json:"p99_us"`
		} `json:"recommendations"`
		Detect struct {
			Due   int    `json:"due"`
			Carts int    `json:"carts"`
			Took  *int64 `json:"ms"`
		} `json:"detect"`
	}](t, "bench", "--json", "--dir", t.TempDir(), "--run", "20ms", "--events", "1,3", "--carts", "1000")
	if len(report.Ingest) != 2 || report.Ingest[0].Events != 1 || report.Ingest[1].Events != 3 {
		t.Fatalf("ingest %+v, want those of 1 and 3 events a request", report.Ingest)
	}
	for _, f := range report.Ingest {
		if f.Rate <= 0 || f.Ceiling <= 0 || f.Lag == nil || f.Ratio < 0.99*f.Rate/f.Ceiling-0.001 || f.Ratio > 1.01*f.Rate/f.Ceiling+0.001 {
			t.Errorf("appending %d: %+v", f.Events, f)
		}
	}
	if r := report.Recommendations; r.Rate <= 0 || r.P50 <= 0 || r.P99 < r.P50 {
		t.Errorf("recommendations %+v", r)
	}
	if d := report.Detect; d.Due != 10 || d.Carts != 1000 || d.Took == nil {
		t.Errorf("detection %+v, want 10 of 1000 due", d)
	}
}

// A client that took a refusal for an answer would measure how fast we refuse.
func TestBenchClientReadsAnswersToTheirEnd(t *testing.T) {
	const good = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 2\r\n\r\n{}"
	for _, c := range []struct {
		name, answer, trouble string
	}{
		{"with a length", good, ""},
		{"in chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1a\r\n" + strings.Repeat("z", 26) + "\r\n0\r\n\r\n", ""},
		{"refused", "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "503"},
		{"broken off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", "missing"},
		{"with a bad length", "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}", "header"},
	} {
		t.Run(c.name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				defer conn.Close()
				asked := make([]byte, len("ask"))
				if _, err := io.ReadFull(conn, asked); err != nil {
					return
				}
				_, _ = io.WriteString(conn, c.answer)
				if c.trouble == "" {
					_, _ = io.WriteString(conn, good)
				}
			}()
			clients, err := dial(listener.Addr().String(), 1)
			if err != nil {
				t.Fatal(err)
			}
			defer hangUp(clients)
			err = clients[0].exchange([]byte("ask"))
			if c.trouble == "" {
				if err == nil {
					err = clients[0].answer() // what follows stands where it should
				}
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.trouble) {
				t.Errorf("error %v, want one with %q", err, c.trouble)
			}
		})
	}
}
