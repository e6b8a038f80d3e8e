package sessions_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"cartwright/sessions"
	"cartwright/sessions/database"
)

// shop opens a database in a new folder, a log on it, and the follower of its sessions.
func shop(ctx context.Context) (*database.DB, *sessions.Log, *sessions.Follower, func()) {
	folder, err := os.MkdirTemp("", "cartwright-example-")
	if err != nil {
		panic(err)
	}
	db, err := database.Open(ctx, filepath.Join(folder, "shop.db"), database.Options{})
	if err != nil {
		panic(err)
	}
	log, err := sessions.OpenLog(ctx, db, sessions.LogOptions{})
	if err != nil {
		panic(err)
	}
	follower := sessions.NewFollower(db, log, nil)
	if err := follower.Start(ctx); err != nil {
		panic(err)
	}
	return db, log, follower, func() {
		follower.Close()
		log.Close()
		_ = db.Close()
		_ = os.RemoveAll(folder)
	}
}

func ExampleLog_Append() {
	ctx := context.Background()
	_, log, _, closeShop := shop(ctx)
	defer closeShop()

	viewed := &sessions.Event{Kind: sessions.ProductViewed, Source: sessions.Browser}
	viewed.MessageID, viewed.Anonymous = "m-1", "phone"
	viewed.Lines = []sessions.Line{{Product: "wool-socks", Quantity: 1}}
	again := *viewed // a browser that heard no answer sends it once more

	receipt, err := log.Append(ctx, sessions.Batch{Events: []*sessions.Event{viewed, &again}})
	if err != nil {
		fmt.Println("nothing is known to be committed, send it again:", err)
		return
	}
	fmt.Println("accepted", receipt.Accepted, "duplicates", receipt.Duplicates, "the log ends at", receipt.Seq)
	// Output:
	// accepted 1 duplicates [1] the log ends at 1
}

func ExampleHistories() {
	ctx := context.Background()
	db, log, follower, closeShop := shop(ctx)
	defer closeShop()

	morning := sessions.MillisOf(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
	visit := func(anonymous sessions.AnonymousID, customer sessions.CustomerID, path string, after time.Duration) sessions.Seq {
		e := &sessions.Event{Kind: sessions.Page, Source: sessions.Browser, Received: morning.Add(after)}
		e.Anonymous, e.Customer, e.Page = anonymous, customer, &sessions.PageInfo{Path: path}
		receipt, err := log.Append(ctx, sessions.Batch{Events: []*sessions.Event{e}})
		if err != nil {
			fmt.Println(err)
		}
		return receipt.Seq
	}
	visit("phone", "", "/socks", 0)
	visit("phone", "ann", "/login", 2*time.Minute)
	last := visit("laptop", "ann", "/checkout", 8*time.Hour)

	if err := follower.WaitFor(ctx, last); err != nil { // sessions are written behind the log
		fmt.Println(err)
	}
	found, err := sessions.NewHistories(db).SessionsOf(ctx, 1, 0, 10)
	if err != nil {
		fmt.Println(err)
	}
	for _, s := range found {
		fmt.Println(s.StartedAt.Format(time.TimeOnly))
		for _, page := range s.Pages {
			fmt.Println("  ", page.Path, "measured:", page.TimeOnPage != nil)
		}
	}
	// Output:
	// 17:00:00
	//    /checkout measured: false
	// 09:00:00
	//    /socks measured: true
	//    /login measured: false
}
