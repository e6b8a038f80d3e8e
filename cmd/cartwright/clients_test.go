package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"cartwright/jobs/webhook"
)

const clientsFolder = "../../fixtures/clients"

// node returns a script of the clients' folder, ready to run.
func node(t *testing.T, script string, environ ...string) *exec.Cmd {
	t.Helper()
	if _, err := os.Stat(filepath.Join(clientsFolder, "node_modules")); err != nil {
		t.Skip("the SDKs are not installed: run “npm ci” in fixtures/clients")
	}
	c := exec.CommandContext(t.Context(), "node", script)
	c.Dir, c.Env = clientsFolder, append(os.Environ(), environ...)
	return c
}

// A heard is what the receiver's script prints of a webhook.
type heard struct {
	Port     int    `json:"port"`
	Verified bool   `json:"verified"`
	Error    string `json:"error"`
	ID       string `json:"id"`
	Type     string `json:"type"`
	Cart     string `json:"cart"`
	Tampered string `json:"tampered"`
}

// A nodeReceiver is the receiver's script, running.
type nodeReceiver struct {
	port int
	mu   sync.Mutex
	all  []heard
}

func receive(t *testing.T, secret string) *nodeReceiver {
	t.Helper()
	script := node(t, "verify.mjs", "CARTWRIGHT_SECRET="+secret)
	out, err := script.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := script.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = script.Process.Kill(); _ = script.Wait() })
	r, listening := &nodeReceiver{}, make(chan int, 1)
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var h heard
			if json.Unmarshal(lines.Bytes(), &h) != nil {
				continue
			}
			if h.Port != 0 {
				listening <- h.Port
				continue
			}
			r.mu.Lock()
			r.all = append(r.all, h)
			r.mu.Unlock()
		}
	}()
	r.port = <-listening
	return r
}

// carts returns the carts that webhooks of a type were about, with how often.
func (r *nodeReceiver) carts(kind string) map[string]int {
	r.mu.Lock()
	defer r.mu.Unlock()
	carts := map[string]int{}
	for _, h := range r.all {
		if h.Verified && h.Tampered == "refused" && h.Type == kind {
			carts[h.Cart]++
		}
	}
	return carts
}

// Unmodified SDKs work by changing their host and key, and the official library
// verifies what the shop is told.
func TestClients(t *testing.T) {
	secret := webhook.NewSecret().Reveal()
	hooks := receive(t, secret)
	p := serveBinary(t, build(t, ""), "--db", filepath.Join(t.TempDir(), "shop.db"), "--cart-wait", "8s",
		"--detect-schedule", "@every 1s", "--webhooks", fmt.Sprintf("http://127.0.0.1:%d/ %s", hooks.port, secret),
		"--webhook-allow-private", "--webhook-allow-insecure")
	shop := storefront{p.address, testSecretKey}
	var names []string
	for run, key := range map[string]string{"write": testWriteKey, "secret": testSecretKey} {
		for _, sdk := range []string{"segment", "rudder", "jitsu"} {
			out, err := node(t, sdk+".mjs", "CARTWRIGHT_URL="+p.address, "CARTWRIGHT_KEY="+key, "CARTWRIGHT_RUN="+run).CombinedOutput()
			if err != nil {
				t.Fatalf("%s with the %s key: %v\n%s", sdk, run, err, out)
			}
			name := sdk + "-" + run
			names = append(names, name)
			t.Run(name, func(t *testing.T) {
				checkClient(t, shop, name, map[string]string{"write": "browser", "secret": "backend"}[run])
			})
		}
	}
	eventually(t, "the webhooks of carts left behind", func() bool { return len(hooks.carts("cart.abandoned")) == len(names) })
	abandoned, converted := hooks.carts("cart.abandoned"), hooks.carts("cart.converted")
	for _, name := range names {
		if abandoned[name+"-left"] != 1 || converted[name+"-cart"] != 1 {
			t.Errorf("%s: abandoned %v, converted %v", name, abandoned, converted)
		}
	}
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	for _, h := range hooks.all {
		if !h.Verified || h.Tampered != "refused" {
			t.Errorf("webhook %+v", h)
		}
	}
}

// checkClient looks at what the story of a client has become.
func checkClient(t *testing.T, shop storefront, name, source string) {
	type line struct {
		Product  string `json:"product_id"`
		Quantity int    `json:"quantity"`
		Price    int64  `json:"unit_price"`
	}
	type record struct {
		Visitor int64  `json:"visitor_id"`
		Status  string `json:"status"`
		Source  string `json:"source"`
		Order   string `json:"order_id"`
		Cart    string `json:"cart_id"`
		Total   int64  `json:"total"`
		Lines   []line `json:"lines"`
	}
	read := func(path string, into any) {
		t.Helper()
		if err := shop.call(t.Context(), "GET", path, nil, into); err != nil {
			t.Fatal(err)
		}
	}
	var order, cart, left record
	read("/v1/orders/"+name+"-order", &order)
	read("/v1/carts/"+name+"-cart", &cart)
	read("/v1/carts/"+name+"-left", &left)
	teapots := func(n int) []line { return []line{{"teapot", n, 2490}} }
	if order.Source != source || order.Total != 4980 || order.Cart != name+"-cart" || fmt.Sprint(order.Lines) != fmt.Sprint(teapots(2)) {
		t.Errorf("the order is %+v", order)
	}
	if cart.Status != "ordered" || cart.Order != name+"-order" || cart.Visitor != order.Visitor {
		t.Errorf("the cart is %+v", cart)
	}
	if left.Status != "open" || fmt.Sprint(left.Lines) != fmt.Sprint(teapots(1)) || left.Visitor == cart.Visitor {
		t.Errorf("the cart that was left is %+v", left)
	}
	var visitor struct {
		Anonymous []string `json:"anonymous_ids"`
		Customer  string   `json:"user_id"`
		Emails    []string `json:"emails"`
	}
	path := fmt.Sprintf("/v1/visitors/%d", order.Visitor)
	read(path, &visitor)
	if fmt.Sprint(visitor) != fmt.Sprintf("{[%[1]s-buyer] %[1]s-customer [%[1]s@example.com]}", name) {
		t.Errorf("the visitor is %+v", visitor)
	}
	var sessions struct {
		Data []struct {
			Counts   map[string]int `json:"counts"`
			Products []string       `json:"products"`
			Pages    []struct{ Path string }
			Orders   []string `json:"orders"`
		}
	}
	eventually(t, "the session", func() bool {
		read(path+"/sessions", &sessions)
		return len(sessions.Data) == 1 && len(sessions.Data[0].Orders) == 1
	})
	s := sessions.Data[0]
	if fmt.Sprint(s.Counts) != "map[identify:1 order_completed:1 page:1 product_added:1 product_viewed:1]" ||
		fmt.Sprint(s.Products) != "[teapot]" || len(s.Pages) != 1 || s.Pages[0].Path != "/teapots" {
		t.Errorf("the session is %+v", s)
	}
}
