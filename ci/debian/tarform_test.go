package debian

import (
	"fmt"
	"strconv"
)

// retyped gives the first header of an archive another type, and its checksum.
// archive/tar writes neither PAX records of sparse files nor long names alone.
func retyped(raw []byte, typeflag byte) []byte {
	head := raw[:512]
	head[156] = typeflag
	copy(head[148:156], "        ")
	sum := 0
	for _, b := range head {
		sum += int(b)
	}
	copy(head[148:156], fmt.Sprintf("%06o\x00 ", sum))
	return raw
}

// paxRecord is "LENGTH key=value\n", where the length counts itself.
func paxRecord(key, value string) string {
	rest := " " + key + "=" + value + "\n"
	n := len(rest)
	for n != len(rest)+len(strconv.Itoa(n)) {
		n = len(rest) + len(strconv.Itoa(n))
	}
	return strconv.Itoa(n) + rest
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
