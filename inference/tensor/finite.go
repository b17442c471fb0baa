package tensor

import (
	"encoding/binary"
)

// Finite says whether no element is NaN or infinite. Types without such
// values always are. An all-ones exponent marks both in IEEE 754.
func Finite(t Type, data []byte) bool {
	switch t {
	case FP16:
		for ; len(data) >= 2; data = data[2:] {
			if binary.LittleEndian.Uint16(data)&0x7c00 == 0x7c00 {
				return false
			}
		}
	case FP32:
		for ; len(data) >= 4; data = data[4:] {
			if binary.LittleEndian.Uint32(data)&0x7f800000 == 0x7f800000 {
				return false
			}
		}
	case FP64:
		const exponent = 0x7ff << 52
		for ; len(data) >= 8; data = data[8:] {
			if binary.LittleEndian.Uint64(data)&exponent == exponent {
				return false
			}
		}
	}
	return true
}
