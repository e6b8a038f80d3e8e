package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// A benchShop is a shop that serves on a socket, over a database in a folder that
// goes away with it. Its commits wait for the disk, as everywhere.
type benchShop struct {
	*Shop
	dir     string
	server  *http.Server
	address string
}

// neighboursAlone is the setting of the start page in a bench.
const neighboursAlone = "home=similar_sessions viewed_together bought_together"

// openBenchShop opens a shop over a new database below a folder.
func openBenchShop(ctx context.Context, below string) (*benchShop, error) {
	dir, err := os.MkdirTemp(below, "cartwright-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the database: %w", err)
	}
	b := &benchShop{dir: dir}
	config := defaultConfig()
	config.Database, config.WriteKey = b.path(), benchKey
	config.RecommendChains = []string{neighboursAlone} // elsewhere the blend comes first
	if b.Shop, err = OpenShop(ctx, config, ShopOptions{Logger: slog.New(slog.DiscardHandler)}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if b.server, b.address, err = listenLocally(b.Handler()); err != nil {
		return nil, errors.Join(err, b.Shop.Close(ctx), os.RemoveAll(dir))
	}
	return b, nil
}

func (b *benchShop) path() string { return filepath.Join(b.dir, "shop.db") }

func (b *benchShop) close(ctx context.Context) error {
	return errors.Join(b.server.Close(), b.Shop.Close(ctx), os.RemoveAll(b.dir))
}

// settle returns when everything that follows the log has reached its end.
func (b *benchShop) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	head := b.log.Head().Seq
	if err := b.recommender.WaitFor(ctx, head); err != nil {
		return fmt.Errorf("wait for recommendations: %w", err)
	}
	if err := b.follower.WaitFor(ctx, head); err != nil {
		return fmt.Errorf("wait for sessions: %w", err)
	}
	return nil
}

// bareShop is the ceiling of appending, on a socket and over a database like a
// [benchShop]'s.
type bareShop struct {
	*ceiling
	dir     string
	server  *http.Server
	address string
}

func openBareShop(ctx context.Context, below string, unread bool) (*bareShop, error) {
	dir, err := os.MkdirTemp(below, "cartwright-bench-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for the database: %w", err)
	}
	db, err := database.Open(ctx, filepath.Join(dir, "bare.db"), database.Options{})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	b := &bareShop{ceiling: newCeiling(db, unread), dir: dir}
	if b.server, b.address, err = listenLocally(b.handler()); err != nil {
		return nil, errors.Join(err, b.close())
	}
	return b, nil
}

func (b *bareShop) close() error {
	var err error
	if b.server != nil {
		err = b.server.Close()
	}
	b.ceiling.close()
	return errors.Join(err, b.db.Close(), os.RemoveAll(b.dir))
}

// teach appends a catalog and what sessions viewed in it, five products each of
// the same theme, so that there is something to recommend.
func (b *benchShop) teach(ctx context.Context, shoppers int) error {
	now := sessions.MillisOf(time.Now())
	var events []*sessions.Event
	for i := range benchProducts {
		price := int64(1250)
		p := sessions.Product{
			ID: benchProduct(i), Name: fmt.Sprintf("Stoneware mug %d", i), URL: fmt.Sprintf("https://shop.example/products/%d", i),
			ImageURL: fmt.Sprintf("https://shop.example/images/%d.jpg", i), Price: &price, Currency: "EUR",
			Category: fmt.Sprintf("Theme %d", i/benchTheme),
		}
		e := &sessions.Event{Kind: sessions.ProductUpdated, Source: sessions.Backend, Received: now}
		e.Product = &p
		events = append(events, e)
	}
	random := rand.New(rand.NewPCG(7, 7))
	for i := range shoppers {
		for range 5 {
			// Within a theme the first products are the best known, as in real shops.
			known := random.Float64()
			product := i%(benchProducts/benchTheme)*benchTheme + int(benchTheme*known*known)
			e := &sessions.Event{Kind: sessions.ProductViewed, Source: sessions.Browser, Received: now}
			e.Occurred = now.Add(-time.Duration(shoppers-i) * time.Second)
			e.Anonymous, e.Lines = benchShopper(i), []sessions.Line{{Product: benchProduct(product), Quantity: 1}}
			events = append(events, e)
		}
	}
	for len(events) > 0 {
		n := min(len(events), 5000)
		if _, err := b.log.Append(ctx, sessions.Batch{Events: events[:n]}); err != nil {
			return fmt.Errorf("teach the shop what goes together: %w", err)
		}
		events = events[n:]
	}
	return b.settle(ctx)
}

// benchTheme is how many products are looked at together.
const benchTheme = 50

func benchProduct(n int) sessions.ProductID { return sessions.ProductID(fmt.Sprintf("sku-%d", n)) }
func benchShopper(n int) sessions.AnonymousID {
	return sessions.AnonymousID(fmt.Sprintf("shopper-%d", n))
}
