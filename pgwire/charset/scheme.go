package charset

// scheme is how the bytes of a character are told from those of the next. Bytes below 0x80 are characters of
// ASCII in all of them, where they begin one.
type scheme uint8

const (
	schemeUTF8 scheme = iota
	schemeByte
	schemeEUCJP
	schemeEUCCN
	schemeEUCKR
	schemeEUCTW
	schemeSJIS
	schemeDouble
	schemeGB18030
	schemeJohab
)

// In the EUC encodings these begin characters of further sets.
const (
	shift2 = 0x8e
	shift3 = 0x8f
)

func inEUC(c byte) bool { return c >= 0xa1 && c <= 0xfe }

// length is how many bytes the character has that b begins with, going by its first (and in GB18030 the second).
func (s scheme) length(b []byte) int {
	c := b[0]
	if c < 0x80 {
		return 1
	}
	switch s {
	case schemeUTF8:
		switch {
		case c&0xe0 == 0xc0:
			return 2
		case c&0xf0 == 0xe0:
			return 3
		case c&0xf8 == 0xf0:
			return 4
		}
		return 1
	case schemeByte:
		return 1
	case schemeEUCJP, schemeEUCKR, schemeJohab:
		if c == shift3 {
			return 3
		}
		return 2
	case schemeEUCCN:
		if c == shift2 || c == shift3 {
			return 3
		}
		return 2
	case schemeEUCTW:
		switch c {
		case shift2:
			return 4
		case shift3:
			return 3
		}
		return 2
	case schemeSJIS:
		if c >= 0xa1 && c <= 0xdf {
			return 1
		}
		return 2
	case schemeGB18030:
		if len(b) > 1 && b[1] >= '0' && b[1] <= '9' {
			return 4
		}
		return 2
	}
	return 2
}

// valid returns how many bytes the first character of b has, 0 if they make none. It begins outside ASCII.
func (s scheme) valid(b []byte) int {
	n := s.length(b)
	c := b[0]
	switch s {
	case schemeEUCCN, schemeEUCKR:
		n = 2
	case schemeEUCTW:
		if c == shift3 {
			return 0
		}
	}
	if n > len(b) {
		return 0
	}
	switch s {
	case schemeByte:
		return 1
	case schemeEUCJP:
		if c == shift2 {
			if b[1] < 0xa1 || b[1] > 0xdf {
				return 0
			}
			return n
		}
		if c != shift3 && !inEUC(c) {
			return 0
		}
	case schemeEUCCN, schemeEUCKR:
		if !inEUC(c) {
			return 0
		}
	case schemeEUCTW:
		if c == shift2 && (b[1] < 0xa1 || b[1] > 0xa7) {
			return 0
		}
	case schemeSJIS:
		if n == 2 && (!(c >= 0x81 && c <= 0x9f || c >= 0xe0 && c <= 0xfc) || !(b[1] >= 0x40 && b[1] <= 0x7e || b[1] >= 0x80 && b[1] <= 0xfc)) {
			return 0
		}
		return n
	case schemeDouble:
		if b[1] == 0 || c == 0x8d && b[1] == ' ' { // the second is what PostgreSQL keeps for text that is never valid
			return 0
		}
		return n
	case schemeGB18030:
		switch {
		case n == 4 && c >= 0x81 && c <= 0xfe && b[2] >= 0x81 && b[2] <= 0xfe && b[3] >= '0' && b[3] <= '9':
			return 4
		case n == 2 && c >= 0x81 && c <= 0xfe && (b[1] >= 0x40 && b[1] <= 0x7e || b[1] >= 0x80 && b[1] <= 0xfe):
			return 2
		}
		return 0
	}
	for _, c := range b[1:n] {
		if !inEUC(c) {
			return 0
		}
	}
	return n
}

// index numbers the characters of more than one byte and those of one, so that neighbours are neighbours: what
// gen.go calls index.
func (s scheme) index(b []byte) uint32 {
	switch len(b) {
	case 1:
		return uint32(b[0])
	case 2:
		return uint32(b[0])<<8 | uint32(b[1])
	case 3:
		return 1<<16 | uint32(b[1])<<8 | uint32(b[2])
	}
	if s == schemeGB18030 {
		return 1<<16 + ((uint32(b[0]-0x81)*10+uint32(b[1]-'0'))*126+uint32(b[2]-0x81))*10 + uint32(b[3]-'0')
	}
	return (uint32(b[1]-0xa1)+1)<<16 | uint32(b[2])<<8 | uint32(b[3])
}

// appendCode is the opposite of index.
func (s scheme) appendCode(dst []byte, index uint32) []byte {
	switch {
	case index < 0x100:
		return append(dst, byte(index))
	case index < 1<<16:
		return append(dst, byte(index>>8), byte(index))
	case s == schemeGB18030:
		i := index - 1<<16
		return append(dst, 0x81+byte(i/12600), '0'+byte(i/1260%10), 0x81+byte(i/10%126), '0'+byte(i%10))
	case s == schemeEUCTW:
		return append(dst, shift2, 0xa0+byte(index>>16), byte(index>>8), byte(index))
	}
	return append(dst, shift3, byte(index>>8), byte(index))
}
