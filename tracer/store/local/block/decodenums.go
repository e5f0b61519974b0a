package block

import "encoding/binary"

// cellBudget bounds the values of a block: a constant takes no bytes per value, so
// that damaged bytes could ask for any number.
const cellBudget = 1 << 23

// cells takes n values out of the budget.
func (d *decoder) spend(n int) bool {
	if d.spent += n; d.spent > cellBudget || d.err != nil {
		d.fail("too many values")
		return false
	}
	return true
}

// slab is the number of values for which room is made at once.
const slab = 1 << 12

// int64s makes room for n numbers, all 0.
func (d *decoder) int64s(n int) (list []int64) {
	if n > slab/4 {
		return make([]int64, n)
	}
	if len(d.wide) < n {
		d.wide = make([]int64, slab)
	}
	list, d.wide = d.wide[:n:n], d.wide[n:]
	return list
}

// uint32s does so for ids.
func (d *decoder) uint32s(n int) (list []uint32) {
	if n > slab/4 {
		return make([]uint32, n)
	}
	if len(d.narrow) < n {
		d.narrow = make([]uint32, slab)
	}
	list, d.narrow = d.narrow[:n:n], d.narrow[n:]
	return list
}

// lent is room for n numbers, all 0, until it is asked for again.
func (d *decoder) lent(n int) []int64 {
	if cap(d.scratch) < n {
		d.scratch = make([]int64, n)
	}
	clear(d.scratch[:n])
	return d.scratch[:n]
}

// nums reads what putNums wrote of n numbers.
func (d *decoder) nums(n int) []int64 {
	if n <= 0 || !d.spend(n) {
		return nil
	}
	list := d.int64s(n)
	if d.fill(list); d.err != nil {
		return nil
	}
	return list
}

// lentNums does so, too; they are lent.
func (d *decoder) lentNums(n int) []int64 {
	if n <= 0 || !d.spend(n) {
		return nil
	}
	list := d.lent(n)
	if d.fill(list); d.err != nil {
		return nil
	}
	return list
}

// fill reads numbers into a list of at least one, all 0.
func (d *decoder) fill(list []int64) {
	how := d.codeBytes(1)
	if how == nil {
		return
	}
	switch how[0] {
	case constant:
		d.constant(list)
	case few:
		d.few(list)
	case plain:
		low := d.varint()
		d.planes(list)
		for i := range list {
			list[i] += low
		}
	case difference:
		last := d.varint()
		list[0] = last
		d.planes(list[1:])
		for i := 1; i < len(list); i++ {
			last += unzigzag(uint64(list[i]))
			list[i] = last
		}
	case repeated:
		d.repeated(list)
	default:
		d.fail("way of writing numbers")
	}
}

func (d *decoder) constant(list []int64) {
	if v := d.varint(); v != 0 {
		for i := range list {
			list[i] = v
		}
	}
}

func (d *decoder) few(list []int64) {
	var table [maxFew]int64
	k := d.count(maxFew, "table of numbers")
	for i := range table[:k] {
		table[i] = d.varint()
	}
	for i, c := range d.codeBytes(len(list)) {
		if int(c) >= k {
			d.fail("number that is not in the table")
			return
		}
		list[i] = table[c]
	}
}

func (d *decoder) repeated(list []int64) {
	k := d.count(len(list), "numbers that repeat")
	table := d.rawBytes(8 * k)
	d.planes(list)
	if d.err != nil {
		return
	}
	next := 0
	for i, c := range list {
		at := int(c) - 1
		if c == 0 {
			at = next
			next++
		}
		if c < 0 || at >= k {
			d.fail("number that is not in the table")
			return
		}
		list[i] = int64(binary.LittleEndian.Uint64(table[8*at:]))
	}
}

// planes reads what putPlanes wrote.
func (d *decoder) planes(list []int64) {
	width := d.codeBytes(1)
	if width == nil {
		return
	}
	if width[0] > 8 {
		d.fail("width of numbers")
		return
	}
	for i := range int(width[0]) {
		where := d.codeBytes(1)
		if where == nil {
			return
		}
		b := d.codeBytes
		if where[0] == 1 {
			b = d.rawBytes
		}
		plane := b(len(list))
		for j, c := range plane {
			list[j] |= int64(uint64(c) << (8 * i))
		}
	}
}

// ids reads what putIDs wrote of n ids.
func (d *decoder) ids(n int) []uint32 {
	if !d.spend(n) {
		return nil
	}
	k := d.count(min(n, len(d.code)), "texts of a column")
	if k == 0 && n > 0 {
		d.fail("texts of a column")
		return nil
	}
	d.fresh = append(d.fresh[:0], make([]uint32, k)...)
	fresh := d.fresh
	last := int64(0)
	for i := range fresh {
		last += d.varint()
		if last < 0 || last >= int64(len(d.c.textEnd)) {
			d.fail("text of a column")
			return nil
		}
		fresh[i] = uint32(last)
	}
	list := d.uint32s(n)
	if k == 1 {
		for i := range list {
			list[i] = fresh[0]
		}
	}
	if k > 1 {
		d.codes(list, fresh)
	}
	return list
}

func (d *decoder) codes(list, fresh []uint32) {
	codes := d.lent(len(list))
	d.planes(codes)
	next := 0
	for i, c := range codes {
		at := int(c) - 1
		if c == 0 {
			at = next
			next++
		}
		if c < 0 || at >= len(fresh) {
			d.fail("text of a row")
			return
		}
		list[i] = fresh[at]
	}
}
