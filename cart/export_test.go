package cart

// StudentQuantile is that of the intervals of means.
func StudentQuantile(freedom float64) float64 { return studentQuantile(freedom) }
