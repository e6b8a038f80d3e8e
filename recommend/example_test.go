package recommend_test

import (
	"fmt"

	"cartwright/recommend"
)

func Example() {
	index := recommend.NewIndex(recommend.DefaultLimits())
	index.Append(
		recommend.Click{Session: 1, Item: "kettle", At: 1_000},
		recommend.Click{Session: 1, Item: "teapot", At: 2_000},
		recommend.Click{Session: 2, Item: "teapot", At: 3_000},
		recommend.Click{Session: 2, Item: "cosy", At: 4_000},
		recommend.Click{Session: 3, Item: "teapot", At: 5_000},
		recommend.Click{Session: 3, Item: "cosy", At: 6_000},
		recommend.Click{Session: 4, Item: "lamp", At: 7_000},
	)
	query := recommend.Query{Items: []string{"teapot"}, M: recommend.ServingM, K: recommend.ServingK, N: 3, Unseen: true}
	for _, next := range index.Neighbours(query, nil) {
		fmt.Println(next.Item, next.Support)
	}
	index.Remove(1)
	for _, pair := range index.ViewedTogether("teapot", 3, nil, nil) {
		fmt.Printf("%s: viewed together by %d sessions\n", pair.Item, pair.Support)
	}
	// Output:
	// cosy 2
	// kettle 1
	// cosy: viewed together by 2 sessions
}
