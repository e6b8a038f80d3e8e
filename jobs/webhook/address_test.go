package webhook

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// errConnecting is where a test stops a dialer that would connect now.
var errConnecting = errors.New("would connect")

// watched is a sender that resolves names by a book and connects to nothing; it notes
// to which addresses it would.
type watched struct {
	*Sender
	mu        sync.Mutex
	connected []string
}

// watch returns a sender over the very dialer that is used otherwise. The book gives the
// addresses of a name, one of its entries after the other each time it is asked for.
func watch(t *testing.T, private bool, book map[string][]string) *watched {
	w := &watched{}
	d := guarded(private)
	guard := d.Control
	d.Control = func(network, address string, c syscall.RawConn) error {
		if guard != nil {
			if err := guard(network, address, c); err != nil {
				return err
			}
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.connected = append(w.connected, address)
		return errConnecting
	}
	names := &names{book: book}
	d.Resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go names.answer(theirs)
		return ours, nil
	}}
	w.Sender = NewSender(Options{AllowPrivate: private, AllowPlain: true, Transport: over(d)})
	w.options = Options{AllowPrivate: private, AllowPlain: true}
	t.Cleanup(w.Close)
	return w
}

// post makes an attempt to send to a URL.
func (w *watched) post(t *testing.T, url string) Outcome {
	t.Helper()
	m, _ := message(url)
	return w.Send(t.Context(), m, time.Now())
}

// names answers questions for addresses.
type names struct {
	mu   sync.Mutex
	book map[string][]string // by name, each entry addresses with blanks between
}

// answer answers one question, framed as over TCP.
func (n *names) answer(c net.Conn) {
	defer c.Close()
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return
	}
	text := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, text); err != nil {
		return
	}
	var m dnsmessage.Message
	if err := m.Unpack(text); err != nil || len(m.Questions) != 1 {
		return
	}
	m.Response, m.RecursionAvailable, m.Additionals = true, true, nil
	m.Answers = n.records(m.Questions[0])
	if text, err := m.Pack(); err == nil {
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...))
	}
}

// records are the answers to a question. IPv6 is asked for as well; those questions use
// up no entry.
func (n *names) records(q dnsmessage.Question) (records []dnsmessage.Resource) {
	n.mu.Lock()
	defer n.mu.Unlock()
	name := strings.ToLower(strings.TrimSuffix(q.Name.String(), "."))
	entries := n.book[name]
	if len(entries) == 0 {
		return nil
	}
	if len(entries) > 1 && q.Type == dnsmessage.TypeA {
		n.book[name] = entries[1:]
	}
	for text := range strings.FieldsSeq(entries[0]) {
		address := netip.MustParseAddr(text)
		header := dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: dnsmessage.ClassINET}
		switch {
		case address.Is4() && q.Type == dnsmessage.TypeA:
			records = append(records, dnsmessage.Resource{Header: header, Body: &dnsmessage.AResource{A: address.As4()}})
		case address.Is6() && q.Type == dnsmessage.TypeAAAA:
			records = append(records, dnsmessage.Resource{Header: header, Body: &dnsmessage.AAAAResource{AAAA: address.As16()}})
		}
	}
	return records
}

// Hosts that are refused as they stand, with a word of the reason.
var refusedHosts = map[string]string{
	// IPv4, as usually written.
	"127.0.0.1": "127.0.0.0/8", "127.255.255.254": "127.0.0.0/8", "0.0.0.0": "0.0.0.0/8", "0.1.2.3": "0.0.0.0/8", "10.0.0.1": "10.0.0.0/8",
	"172.16.0.1": "172.16.0.0/12", "172.31.255.255": "172.16.0.0/12", "192.168.0.1": "192.168.0.0/16",
	"169.254.0.1": "169.254.0.0/16", "169.254.169.254": "169.254.0.0/16", "169.254.170.2": "169.254.0.0/16",
	"100.64.0.1": "100.64.0.0/10", "100.100.100.200": "100.64.0.0/10", "192.0.0.192": "192.0.0.0/24",
	"192.0.2.1": "192.0.2.0/24", "198.51.100.1": "198.51.100.0/24", "203.0.113.1": "203.0.113.0/24", "198.18.0.1": "198.18.0.0/15",
	"192.88.99.1": "192.88.99.0/24", "224.0.0.1": "224.0.0.0/4", "239.255.255.250": "224.0.0.0/4", "240.0.0.1": "240.0.0.0/4", "255.255.255.255": "240.0.0.0/4",
	// IPv4, written otherwise.
	"2130706433": "is a number", "017700000001": "is a number", "0x7f000001": "is a number", "0X7F000001": "is a number", "127.1": "is a number", "127.0.1": "is a number",
	"0177.0.0.1": "is a number", "0x7f.0.0.1": "is a number", "0x7f.0x0.0x0.0x1": "is a number", "127.0.0.0x1": "is a number", "127.0.0.01": "is a number", "00000127.0.0.1": "is a number",
	"256.256.256.256": "is a number", "127.0.0.1.": "is a number", "0": "is a number", "1.2.3.4.5": "is a number", "x.0x": "is a number", "shop.example..": "is a number",
	"１２７.0.0.1": "in ASCII", "127。0。0。1": "in ASCII", "①②⑦.0.0.1": "in ASCII", "ｌｏｃａｌｈｏｓｔ": "in ASCII",
	// IPv6.
	"[::]": "outside", "[::1]": "outside", "[0:0:0:0:0:0:0:1]": "outside", "[fe80::1]": "outside", "[fe80::1%25eth0]": "outside", "[2606:4700::1%25eth0]": "outside",
	"[fd00::1]": "outside", "[fd00:ec2::254]": "outside", "[fc00::1]": "outside", "[fec0::1]": "outside", "[ff02::1]": "outside", "[100::1]": "outside", "[5f00::1]": "outside",
	"[2001:db8::1]": "2001:db8::/32", "[3fff::1]": "3fff::/20", "[2001:10::1]": "2001::/23",
	// IPv4 within IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
	"[::ffff:127.0.0.1]": "outside", "[::ffff:7f00:1]": "outside", "[::ffff:169.254.169.254]": "outside", "[::ffff:93.184.216.34]": "outside",
	"[::127.0.0.1]": "outside", "[::ffff:0:127.0.0.1]": "outside", "[64:ff9b::127.0.0.1]": "outside", "[64:ff9b:1::7f00:1]": "outside",
	"[2002:7f00:1::]": "2002::/16", "[2002:a9fe:a9fe::1]": "2002::/16", "[2001:0:7f00:1::]": "2001::/23", "[fe80::5efe:7f00:1]": "outside",
	// Names of this machine.
	"localhost": "this machine", "LOCALHOST": "this machine", "localhost.": "this machine", "a.b.localhost": "this machine",
}

// Each is refused before any name is resolved, with a reason; by whoever allows
// private addresses, only what is no host at all.
func TestRefusedHosts(t *testing.T) {
	if len(refusedHosts) < 40 {
		t.Fatalf("%d forms", len(refusedHosts))
	}
	guarding, open := watch(t, false, nil), watch(t, true, nil)
	for host, want := range refusedHosts {
		for _, url := range []string{"https://" + host + "/hook", "http://" + host + ":8080"} {
			got := guarding.post(t, url)
			if got.Result != Failed || !strings.Contains(got.Reason, want) {
				t.Errorf("%s: %+v, want a reason with %q", url, got, want)
			}
		}
		if strings.HasPrefix(want, "is a") || strings.HasPrefix(want, "in A") || !strings.ContainsAny(host, ".:") || strings.HasSuffix(host, "localhost") || strings.HasSuffix(host, ".") {
			continue
		}
		if got := open.post(t, "https://"+host+"/hook"); got.Result != Retry || !strings.Contains(got.Reason, errConnecting.Error()) {
			t.Errorf("%s, private addresses allowed: %+v", host, got)
		}
	}
	if len(guarding.connected) != 0 {
		t.Errorf("would connect to %q", guarding.connected)
	}
}

// URLs that are read in two ways, by whom they might deceive.
func TestDeceptiveURLs(t *testing.T) {
	w := watch(t, false, map[string][]string{"shop.example": {"93.184.216.34"}})
	for _, url := range []string{
		"https://shop.example@127.0.0.1/", "https://127.0.0.1@shop.example/", "https://shop.example:pw@[::1]/", `https://127.0.0.1\@shop.example/`,
		"https://shop.example#@127.0.0.1/", "https://127.0.0.1#@shop.example/", "https://%31%32%37.0.0.1/", "https://shop.example%00.127.0.0.1/", "https://127.0.0.1%2f@shop.example/",
		"https://[::1/", "https://::1/", "https://[shop.example]/", "https:127.0.0.1", "https:///127.0.0.1", "//127.0.0.1/",
		"file:///etc/passwd", "gopher://127.0.0.1/", "ftp://shop.example/", "javascript:alert(1)", "HTTPS://127.0.0.1/", "https://shop.example\r\nHost: x/", "https://shop example/", "https://.localhost/",
	} {
		if got := w.post(t, url); got.Result == Delivered || len(w.connected) != 0 {
			t.Errorf("%q: %+v, would connect to %q", url, got, w.connected)
		}
	}
}

// What a name resolves to is looked at when it is dialled, each time.
func TestNamesThatLeadInside(t *testing.T) {
	for _, c := range []struct {
		entries   []string // what the name resolves to, one attempt after the other
		connected []string // where an attempt would lead
	}{
		{[]string{"93.184.216.34"}, []string{"93.184.216.34:8443"}}, // the control
		{[]string{"127.0.0.1"}, nil},
		{[]string{"169.254.169.254"}, nil},
		{[]string{"10.0.0.7"}, nil},
		{[]string{"0.0.0.0"}, nil},
		{[]string{"100.64.1.1"}, nil},
		{[]string{"::1"}, nil},
		{[]string{"fd00:ec2::254"}, nil},
		{[]string{"fe80::1"}, nil},
		{[]string{"64:ff9b::7f00:1"}, nil},
		{[]string{"2002:7f00:1::1"}, nil},
		{[]string{"10.0.0.7 93.184.216.34"}, []string{"93.184.216.34:8443"}},
		{[]string{"10.0.0.7 fd00::1 127.0.0.1"}, nil},
		{[]string{"93.184.216.34", "127.0.0.1", "127.0.0.1"}, []string{"93.184.216.34:8443"}}, // rebound
		{[]string{"127.0.0.1", "93.184.216.34"}, []string{"93.184.216.34:8443"}},
	} {
		w := watch(t, false, map[string][]string{"hooks.example": c.entries})
		for range c.entries {
			if got := w.post(t, "https://hooks.example:8443/hook"); got.Result != Retry {
				t.Errorf("%q: %+v", c.entries, got)
			} else if len(c.connected) == 0 && !strings.Contains(got.Reason, "private and special addresses") {
				t.Errorf("%q: reason %q", c.entries, got.Reason)
			}
		}
		if !slices.Equal(w.connected, c.connected) {
			t.Errorf("%q: would connect to %q, want %q", c.entries, w.connected, c.connected)
		}
	}
}

// Hosts that nothing is wrong with, as the control of all that is refused.
func TestAllowedHosts(t *testing.T) {
	for host, address := range map[string]string{
		"93.184.216.34": "93.184.216.34", "8.8.8.8": "8.8.8.8", "172.32.0.1": "172.32.0.1", "100.128.0.1": "100.128.0.1", "223.255.255.254": "223.255.255.254",
		"[2606:4700::1111]": "[2606:4700::1111]", "[2a00:1450:4001::1]": "[2a00:1450:4001::1]",
		"hooks.example": "93.184.216.34", "HOOKS.example": "93.184.216.34", "hooks.example.": "93.184.216.34", "127.0.0.1.hooks.example": "8.8.8.8", "xn--mnchen-3ya.example": "8.8.4.4", "0x7f.hooks.example": "8.8.4.4",
	} {
		w := watch(t, false, map[string][]string{
			"hooks.example": {"93.184.216.34"}, "127.0.0.1.hooks.example": {"8.8.8.8"}, "xn--mnchen-3ya.example": {"8.8.4.4"}, "0x7f.hooks.example": {"8.8.4.4"},
		})
		if got := w.post(t, "https://"+host+":8443/hook"); got.Result != Retry || !slices.Equal(w.connected, []string{address + ":8443"}) {
			t.Errorf("%s: %+v, would connect to %q, want %s", host, got, w.connected, address)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, to := range []string{"https://other.example/", "http://127.0.0.1/", "http://169.254.169.254/latest/meta-data/", "//[::1]/", "file:///etc/passwd"} {
			var asked []string
			sender := NewSender(Options{Transport: carrier(func(r *http.Request) (*http.Response, error) {
				asked = append(asked, r.URL.String())
				return &http.Response{StatusCode: status, Header: http.Header{"Location": {to}}, Body: http.NoBody}, nil
			})})
			m, _ := message("https://shop.example/hook")
			if got := sender.Send(t.Context(), m, time.Now()); got.Result != Retry || got.Status != status {
				t.Errorf("%d to %s: %+v", status, to, got)
			}
			if !slices.Equal(asked, []string{"https://shop.example/hook"}) {
				t.Errorf("%d to %s: asked %q", status, to, asked)
			}
		}
	}
}

// FuzzCheck asks what may be configured about any URL: what is taken leads over TLS to
// a public address, or to a name that looks like none.
func FuzzCheck(f *testing.F) {
	for host := range refusedHosts {
		f.Add("https://" + host + "/hook")
	}
	f.Add("https://hooks.example:8443/a?b=c")
	f.Add("https://[2606:4700::1111]/")
	f.Add("https://shop.example@127.0.0.1/")
	f.Fuzz(func(t *testing.T, text string) {
		if (Options{}).Check(text) != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Hostname() == "" {
			t.Fatalf("%q was taken: %v", text, err)
		}
		if err := (Options{AllowPrivate: true, AllowPlain: true}).Check(text); err != nil {
			t.Errorf("%q is taken, but not where more is allowed: %v", text, err)
		}
		host := u.Hostname()
		labels := strings.Split(strings.TrimSuffix(strings.ToLower(host), "."), ".")
		last, base := labels[len(labels)-1], 10
		if digits, hexadecimal := strings.CutPrefix(last, "0x"); hexadecimal {
			last, base = digits, 16
		}
		if _, number := new(big.Int).SetString(last, base); number && !strings.HasPrefix(last, "+") && !strings.HasPrefix(last, "-") && net.ParseIP(host) == nil {
			t.Errorf("%q was taken, and may be read as an address", text)
		}
		if ip, err := netip.ParseAddr(host); err == nil && (ip.IsPrivate() || !ip.IsGlobalUnicast() || ip.Is4In6() || ip.Zone() != "") {
			t.Errorf("%q was taken", text)
		}
	})
}
