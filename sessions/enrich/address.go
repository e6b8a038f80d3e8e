package enrich

import "net/netip"

// TruncateAddress returns the network an internet address belongs to, as an
// address: the first 24 bits of an IPv4 address ("203.0.113.0"), the first 48 of
// an IPv6 address ("2001:db8:1::"), which is the least that still tells a
// country. A port or a zone is dropped. An IPv6 address that is an IPv4 address
// in disguise (::ffff:203.0.113.9, 2002:cb00:7109::) keeps no more of it than the IPv4
// address would. What is no address gives "".
func TruncateAddress(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		withPort, err := netip.ParseAddrPort(address)
		if err != nil {
			return ""
		}
		addr = withPort.Addr()
	}
	addr = addr.Unmap().WithZone("")
	prefix, err := addr.Prefix(keptBits(addr))
	if err != nil {
		return ""
	}
	return prefix.Masked().Addr().String()
}

// keptBits is how many leading bits of addr may be stored.
func keptBits(addr netip.Addr) int {
	if addr.Is4() {
		return 24
	}
	if b := addr.As16(); b[0] == 0x20 && b[1] == 0x02 {
		return 16 + 24 // 6to4 (RFC 3056): the IPv4 address follows the first 16 bits
	}
	return 48
}
