package filter

import (
	"cmp"
	"slices"
)

// maxSaved bounds the values kept in scratch memory; the other words are for
// operands.
const maxSaved = 10

// chooseCode selects instructions, and values that are worth a store because
// they are computed more than once: each is tried, and kept if the program
// gets shorter.
func chooseCode(list []*node, p *pool) []block {
	save := make(map[*value]uint32)
	best, made, size := selectCode(list, p, save)
	if best == nil {
		return nil
	}
	for _, v := range candidates(made) {
		if len(save) == maxSaved {
			break
		}
		save[v] = uint32(len(save))
		blocks, _, n := selectCode(list, p, save)
		if blocks != nil && n < size {
			best, size = blocks, n
			continue
		}
		delete(save, v)
	}
	return best
}

// candidates lists values that are computed repeatedly and at some cost, the
// most expensive ones first.
func candidates(made map[*value]int) []*value {
	const enough = 48
	var list []*value
	for v, n := range made {
		if n > 1 && v.cost > 1 {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b *value) int {
		return cmp.Or(cmp.Compare(b.cost*made[b], a.cost*made[a]), cmp.Compare(a.id, b.id))
	})
	return list[:min(len(list), enough)]
}
