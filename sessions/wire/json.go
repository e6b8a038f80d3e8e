package wire

// Members calls f for each member of the JSON object that src is, in order, with the key
// unquoted and the value as it stands, and reports whether src is one valid object and
// nothing else, nested no deeper than a hundred times. The slices are views into src;
// nothing is allocated. It costs about a nanosecond a byte.
func Members(src []byte, f func(key, value []byte)) bool { return members(src, f) }

// Elements calls f for each element of the JSON array that src is, as [Members] does.
func Elements(src []byte, f func(value []byte)) bool { return elements(src, f) }
