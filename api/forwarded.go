package api

import (
	"net/netip"
	"strings"

	"github.com/gin-gonic/gin"
)

// bareAddresses is middleware that takes the ports away from the addresses in X-Forwarded-For, as
// “192.0.2.7:50123” or “[2001:db8::7]:50123”, which some proxies add. What is left is for gin, which
// believes only what trusted proxies wrote, and gives up at what is no address.
func bareAddresses(c *gin.Context) {
	for i, line := range c.Request.Header["X-Forwarded-For"] {
		if strings.ContainsAny(line, ":]") {
			c.Request.Header["X-Forwarded-For"][i] = withoutPorts(line)
		}
	}
}

// withoutPorts returns a list of addresses without their ports. What is neither stays as it is.
func withoutPorts(list string) string {
	items := strings.Split(list, ",")
	for i, item := range items {
		item = strings.TrimSpace(item)
		if withPort, err := netip.ParseAddrPort(item); err == nil {
			items[i] = withPort.Addr().Unmap().String()
		} else if inside, found := strings.CutPrefix(item, "["); found {
			if address, err := netip.ParseAddr(strings.TrimSuffix(inside, "]")); err == nil && address.Is6() {
				items[i] = address.Unmap().String()
			}
		}
	}
	return strings.Join(items, ",")
}
