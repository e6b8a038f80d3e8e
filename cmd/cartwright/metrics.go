package main

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"cartwright/jobs"
	"cartwright/sessions"
)

// Metrics are what Prometheus reads of a shop's process. Counters begin at 0 with
// the process; labels are from small fixed sets, and name nobody.
type Metrics struct {
	registry *prometheus.Registry
	items    itemCounter
	commits  prometheus.Histogram
	sync     prometheus.Histogram
	grouped  prometheus.Histogram
	requests *prometheus.HistogramVec
}

// newMetrics returns metrics with nothing in them yet.
func newMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cartwright_commit_seconds", Help: "Transactions of the log, with all that decisions rest on.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15),
		}),
		sync: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cartwright_fsync_seconds", Help: "The end of those transactions, in which the database waits for the disk.",
			Buckets: prometheus.ExponentialBuckets(0.00025, 2, 15),
		}),
		grouped: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "cartwright_commit_items", Help: "Items committed together.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 7),
		}),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "cartwright_http_request_seconds", Help: "HTTP requests by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"method", "route", "status"}),
	}
	version := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "cartwright_build_info", Help: "Always 1; the version is in the label.",
		ConstLabels: prometheus.Labels{"version": version()},
	})
	version.Set(1)
	m.registry.MustRegister(version, &m.items, m.commits, m.sync, m.grouped, m.requests,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler answers scrapes. What could not be read is left out, and the rest told.
func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError})
}

// committed takes note of a transaction of the log.
func (m *Metrics) committed(c sessions.Committed) {
	m.commits.Observe(c.Duration.Seconds())
	m.sync.Observe(c.Sync.Seconds())
	if n := c.Accepted + c.Duplicates + c.Rejected; n > 0 {
		m.grouped.Observe(float64(n))
	}
	m.items.add(c)
}

// answered takes note of an HTTP request. Anybody can invent methods and paths, so
// those of no route are one.
func (m *Metrics) answered(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "any", "none"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

// An itemCounter counts the items that this process committed. All of its counts are
// read in one moment, so that received is accepted + duplicates + rejected in every
// scrape.
type itemCounter struct {
	mu     sync.Mutex
	counts sessions.Ingest
}

func (n *itemCounter) add(c sessions.Committed) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.counts.Received += int64(c.Accepted + c.Duplicates + c.Rejected)
	n.counts.Accepted += int64(c.Accepted)
	n.counts.Duplicates += int64(c.Duplicates)
	n.counts.Rejected += int64(c.Rejected)
}

var (
	itemsReceived = description("items_received_total", "Items of requests that were committed: accepted, duplicates and rejected together.")
	itemsOutcome  = description("items_total", "Items by what became of them.", "outcome")
)

// Describe names the counters.
func (n *itemCounter) Describe(out chan<- *prometheus.Desc) {
	out <- itemsReceived
	out <- itemsOutcome
}

// Collect reads the counters.
func (n *itemCounter) Collect(out chan<- prometheus.Metric) {
	n.mu.Lock()
	c := n.counts
	n.mu.Unlock()
	counter := func(d *prometheus.Desc, value int64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	counter(itemsReceived, c.Received)
	counter(itemsOutcome, c.Accepted, "accepted")
	counter(itemsOutcome, c.Duplicates, "duplicate")
	counter(itemsOutcome, c.Rejected, "rejected")
}

func description(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("cartwright_"+name, help, labels, nil)
}

// scrapeTimeout bounds what a scrape asks of the database.
const scrapeTimeout = 2 * time.Second

// A shopCollector reads at each scrape how far a shop is behind with its work.
type shopCollector struct{ shop *Shop }

var (
	headSeq      = description("log_seq", "The seq of the log's newest event.")
	lagEvents    = description("follower_lag_events", "Events of the log that a follower has not taken in.", "follower")
	lagSeconds   = description("follower_lag_seconds", "For how long the oldest of those events has been in the log.", "follower")
	indexAge     = description("index_age_seconds", "For how long something has been in the log that recommendations do not know; 0 when they know all.")
	indexHolds   = description("index_held", "What the index of recommendations holds.", "what")
	indexBytes   = description("index_bytes", "The memory of that index.")
	dueSeconds   = description("oldest_due_cart_seconds", "For how long the oldest abandoned cart has waited for its decision; 0 when none waits.")
	outboxHolds  = description("outbox_deliveries", "Webhooks that have not arrived and are still tried, or will be once the job that delivers runs.")
	outboxAge    = description("outbox_age_seconds", "For how long the oldest of them has waited; 0 when none waits.")
	mailsWait    = description("outbox_mails", "Mails that have not ended: that are still tried, or under way, or will be made once the job that mails runs.")
	mailsAge     = description("outbox_mails_age_seconds", "For how long the oldest of them has waited; 0 when none waits.")
	mailsEnded   = description("mails_ended", "Mails of the last month by how they ended.", "status")
	couponsLeft  = description("coupons_left", "Coupon codes of the pool that can still be issued; absent where none was ever added or wanted.")
	hooksOff     = description("webhook_endpoints_disabled", "Endpoints that nothing is sent to, by the reason; gone and failing ask for somebody.", "reason")
	hooksFailing = description("webhook_endpoints_failing", "Endpoints at which the last attempt failed, and that are still tried.")
	jobRuns      = description("job_runs_total", "Runs of a job by outcome.", "job", "outcome")
	jobLast      = description("job_last_run_timestamp_seconds", "When a job's last run ended.", "job")
	databaseUp   = description("database_up", "1 if the database answered this scrape.")
	descriptions = []*prometheus.Desc{headSeq, lagEvents, lagSeconds, indexAge, indexHolds, indexBytes, dueSeconds,
		outboxHolds, outboxAge, mailsWait, mailsAge, mailsEnded, couponsLeft, hooksOff, hooksFailing, jobRuns, jobLast, databaseUp}
)

// Describe names what is collected.
func (c shopCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range descriptions {
		out <- d
	}
}

// Collect reads it all now.
func (c shopCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	s, now := c.shop, time.Now()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	err := c.database(ctx, now, gauge)
	if err != nil {
		s.options.Logger.Warn("metrics", "error", err)
		gauge(databaseUp, 0)
	} else {
		gauge(databaseUp, 1)
	}
	index := s.recommender.Stats()
	gauge(indexHolds, float64(index.Sessions), "sessions")
	gauge(indexHolds, float64(index.Clicks), "clicks")
	gauge(indexHolds, float64(index.Items), "items")
	gauge(indexBytes, float64(index.Bytes))
	for _, job := range s.runner.Status() {
		for outcome, n := range job.Outcomes {
			out <- prometheus.MustNewConstMetric(jobRuns, prometheus.CounterValue, float64(n), job.Name, outcome)
		}
		if job.Ended != nil {
			gauge(jobLast, float64(job.Ended.UnixMilli())/1000, job.Name)
		}
	}
}

// database reads what only the database knows.
func (c shopCollector) database(ctx context.Context, now time.Time, gauge func(*prometheus.Desc, float64, ...string)) error {
	s := c.shop
	head, err := sessions.ReadHead(s.db.Read(ctx))
	if err != nil {
		return err
	}
	gauge(headSeq, float64(head.Seq))
	since := func(m sessions.Millis) float64 {
		if m == 0 {
			return 0
		}
		return max(0, now.Sub(m.Time()).Seconds())
	}
	for name, cursor := range map[string]sessions.Seq{"sessions": s.follower.Cursor(), "recommend": s.recommender.Cursor()} {
		oldest, err := s.log.Since(ctx, cursor, 1)
		if err != nil {
			return err
		}
		var behind float64
		if len(oldest) > 0 && oldest[0].Source != sessions.Imported { // which has the times of its history
			behind = since(oldest[0].Received)
		}
		gauge(lagEvents, float64(max(0, head.Seq-cursor)), name)
		gauge(lagSeconds, behind, name)
		if name == "recommend" {
			gauge(indexAge, behind)
		}
	}
	if s.config.Recovery {
		due, err := s.detector.OldestDue(s.db.Read(ctx), now)
		if err != nil {
			return err
		}
		gauge(dueSeconds, since(due))
	}
	outbox, err := s.delivery.Outbox(ctx)
	if err != nil {
		return err
	}
	gauge(outboxHolds, float64(outbox.Waiting))
	gauge(outboxAge, since(outbox.Oldest))
	alarms, err := jobs.EndpointAlarms(ctx, s.db)
	if err != nil {
		return err
	}
	gauge(hooksFailing, float64(alarms.Failing))
	for reason, n := range alarms.Disabled {
		gauge(hooksOff, float64(n), reason)
	}
	coupons, err := s.coupons.Stock(ctx, sessions.MillisOf(now))
	if err != nil {
		return err
	}
	if coupons.Pooled() {
		gauge(couponsLeft, float64(coupons.Left))
	}
	if s.mailing == nil {
		return nil
	}
	mails, err := s.mailing.Outbox(ctx)
	if err != nil {
		return err
	}
	gauge(mailsWait, float64(mails.Waiting))
	gauge(mailsAge, since(mails.Oldest))
	for status, n := range mails.Ended {
		gauge(mailsEnded, float64(n), status)
	}
	return nil
}
