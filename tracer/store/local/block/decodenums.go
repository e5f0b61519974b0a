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

// nums reads what putNums wrote of n numbers.
func (d *decoder) nums(n int) []int64 {
	if n <= 0 || !d.spend(n) {
		return nil
	}
	how := d.codeBytes(1)
	if how == nil {
		return nil
	}
	switch how[0] {
	case constant:
		return d.constant(n)
	case few:
		return d.few(n)
	case plain:
		low := d.varint()
		list := make([]int64, n)
		d.planes(list)
		for i := range list {
			list[i] += low
		}
		return list
	case difference:
		list := make([]int64, n)
		last := d.varint()
		list[0] = last
		d.planes(list[1:])
		for i := 1; i < n; i++ {
			last += unzigzag(uint64(list[i]))
			list[i] = last
		}
		return list
	case repeated:
		return d.repeated(n)
	}
	d.fail("way of writing numbers")
	return nil
}

func (d *decoder) constant(n int) []int64 {
	list := make([]int64, n)
	if v := d.varint(); v != 0 {
		for i := range list {
			list[i] = v
		}
	}
	return list
}

func (d *decoder) few(n int) []int64 {
	var table [maxFew]int64
	k := d.count(maxFew, "table of numbers")
	for i := range table[:k] {
		table[i] = d.varint()
	}
	codes := d.codeBytes(n)
	if codes == nil {
		return nil
	}
	list := make([]int64, n)
	for i, c := range codes {
		if int(c) >= k {
			d.fail("number that is not in the table")
			return nil
		}
		list[i] = table[c]
	}
	return list
}

func (d *decoder) repeated(n int) []int64 {
	k := d.count(n, "numbers that repeat")
	table := d.rawBytes(8 * k)
	list := make([]int64, n)
	d.planes(list)
	if d.err != nil {
		return nil
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
			return nil
		}
		list[i] = int64(binary.LittleEndian.Uint64(table[8*at:]))
	}
	return list
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
	fresh := make([]uint32, k)
	last := int64(0)
	for i := range fresh {
		last += d.varint()
		if last < 0 || last >= int64(len(d.c.textEnd)) {
			d.fail("text of a column")
			return nil
		}
		fresh[i] = uint32(last)
	}
	list := make([]uint32, n)
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
	codes := make([]int64, len(list))
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
