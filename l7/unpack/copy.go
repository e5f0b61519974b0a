package unpack

// again appends n bytes of dst that begin back bytes before its end, as far as
// dst has room; they may overlap with what is appended.
func again(dst []byte, back, n int) []byte {
	for i := min(n, cap(dst)-len(dst)); i > 0; i-- {
		dst = append(dst, dst[len(dst)-back])
	}
	return dst
}
