package ids

import "github.com/wirespan/wirespan/l7/cursor"

// Entropy estimates the randomness of a request ID in bits (SPANS.md, "Ids"):
// over maximal runs of letters and digits, 4 bits per character if the run is
// all hex and has at least 8 characters, 3.3 if all digits, 5 if letters and
// digits mix, else 0. The first rule that applies counts, so a run of 8 or
// more digits counts as hex.
func Entropy(v []byte) float64 {
	var bits float64
	for i := 0; i < len(v); {
		start, letters, digits, others := i, 0, 0, 0
		for ; i < len(v) && (cursor.IsAlpha(v[i]) || cursor.IsDigit(v[i])); i++ {
			switch {
			case cursor.IsDigit(v[i]):
				digits++
			default:
				letters++
				if !cursor.IsHex(v[i]) {
					others++
				}
			}
		}
		switch n := i - start; {
		case n == 0:
			i++
		case others == 0 && n >= 8:
			bits += 4 * float64(n)
		case letters == 0:
			bits += 3.3 * float64(n)
		case digits > 0:
			bits += 5 * float64(n)
		}
	}
	return bits
}
