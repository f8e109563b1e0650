package pgfn

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/eventgres/eventgres/pgwire/pgerror"
	"github.com/eventgres/eventgres/query/analytics/limit"
)

// maxText bounds what functions build.
const maxText = 64 << 20

func errTooLarge() error {
	return pgerror.Errorf(pgerror.ProgramLimitExceeded, "requested length too large")
}

// prefixRunes is the length in bytes of the first n characters.
func prefixRunes(s string, n int) int {
	if n >= len(s) {
		return len(s)
	}
	if n <= 0 {
		return 0
	}
	i := 0
	for ; n > 0 && i < len(s); n-- {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		i += size
	}
	return i
}

// Upper is upper() in locale C, which changes ASCII letters only.
func Upper(s string) string {
	return mapASCII(s, 'a', 'z')
}

// Lower is lower() in locale C.
func Lower(s string) string {
	return mapASCII(s, 'A', 'Z')
}

// mapASCII changes the case of the letters from low to high.
func mapASCII(s string, low, high byte) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= low && s[i] <= high {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= low && b[i] <= high {
					b[i] ^= 0x20
				}
			}
			return string(b)
		}
	}
	return s
}

// Initcap is initcap() in locale C: other letters than ASCII's separate words.
func Initcap(s string) string {
	b := []byte(s)
	inWord := false
	for i, c := range b {
		letter := isLetter(c)
		switch {
		case letter && inWord:
			b[i] = c | 0x20
		case letter:
			b[i] = c &^ 0x20
		}
		inWord = letter || isDigit(c)
	}
	return string(b)
}

// SplitPart is split_part; a negative n counts from the end.
func SplitPart(s, delimiter string, n int) (string, error) {
	if n == 0 {
		return "", invalidParameter("field position must not be zero")
	}
	if s == "" {
		return "", nil
	}
	if delimiter == "" {
		if n == 1 || n == -1 {
			return s, nil
		}
		return "", nil
	}
	if n < 0 {
		if n += strings.Count(s, delimiter) + 2; n <= 0 {
			return "", nil
		}
	}
	for ; n > 1; n-- {
		i := strings.Index(s, delimiter)
		if i < 0 {
			return "", nil
		}
		s = s[i+len(delimiter):]
	}
	before, _, _ := strings.Cut(s, delimiter)
	return before, nil
}

// Translate is translate(): characters of from become those of to, or go.
func Translate(s, from, to string) string {
	if from == "" {
		return s
	}
	target := []rune(to)
	places := map[rune]int{}
	for i, f := range []rune(from) {
		if _, ok := places[f]; !ok { // the first of each counts
			places[f] = i
		}
	}
	var b strings.Builder
	for _, r := range s {
		switch at, ok := places[r]; {
		case !ok:
			b.WriteRune(r)
		case at < len(target):
			b.WriteRune(target[at])
		}
	}
	return b.String()
}

// SubstringFrom is substring(s from start).
func SubstringFrom(s string, start int) string {
	return s[prefixRunes(s, start-1):]
}

// Substring is substring(s from start for count).
func Substring(s string, start, count int) (string, error) {
	if count < 0 {
		return "", pgerror.Errorf(pgerror.SubstringError, "negative substring length not allowed")
	}
	end := start + count // of int32s, thus there is no overflow
	if start < 1 {
		start = 1
	}
	if end <= start {
		return "", nil
	}
	from := prefixRunes(s, start-1)
	return s[from : from+prefixRunes(s[from:], end-start)], nil
}

// Overlay is overlay(s placing new from start for count); count is new's length if the
// statement gives none.
func Overlay(s, replacement string, start, count int) (string, error) {
	if start <= 0 {
		return "", pgerror.Errorf(pgerror.SubstringError, "negative substring length not allowed")
	}
	after := start + count
	if after > 1<<31-1 {
		return "", pgerror.Errorf(pgerror.NumericValueOutOfRange, "integer out of range")
	}
	return s[:prefixRunes(s, start-1)] + replacement + s[prefixRunes(s, after-1):], nil
}

// Left is left(): of a negative n, all but the last -n characters.
func Left(s string, n int) string {
	if n < 0 {
		n = max(utf8.RuneCountInString(s)+n, 0)
	}
	return s[:prefixRunes(s, n)]
}

// Right is right(): of a negative n, all but the first -n characters.
func Right(s string, n int) string {
	if n == -1<<31 {
		return s // what PostgreSQL negates to itself
	}
	if n < 0 {
		return s[prefixRunes(s, -n):]
	}
	return s[prefixRunes(s, utf8.RuneCountInString(s)-n):]
}

// padding is n characters of fill, over and over.
func padding(b *strings.Builder, fill string, n int) {
	whole := utf8.RuneCountInString(fill)
	for ; n >= whole; n -= whole {
		b.WriteString(fill)
	}
	b.WriteString(fill[:prefixRunes(fill, n)])
}

func pad(s string, n int, fill string, left bool) (string, error) {
	n = max(n, 0)
	length := utf8.RuneCountInString(s)
	if n <= length || fill == "" {
		return s[:prefixRunes(s, n)], nil
	}
	if n*4 > maxText {
		return "", errTooLarge()
	}
	var b strings.Builder
	if left {
		padding(&b, fill, n-length)
	}
	b.WriteString(s)
	if !left {
		padding(&b, fill, n-length)
	}
	return b.String(), nil
}

// Lpad is lpad().
func Lpad(s string, n int, fill string) (string, error) { return pad(s, n, fill, true) }

// Rpad is rpad().
func Rpad(s string, n int, fill string) (string, error) { return pad(s, n, fill, false) }

func cutset(set string) func(rune) bool {
	const few = 32
	if len(set) <= few {
		return func(r rune) bool { return strings.ContainsRune(set, r) }
	}
	members := map[rune]bool{}
	for _, r := range set {
		members[r] = true
	}
	return func(r rune) bool { return members[r] }
}

// Btrim is btrim(): characters of a set go at both ends.
func Btrim(s, set string) string { return strings.TrimFunc(s, cutset(set)) }

// Ltrim is ltrim().
func Ltrim(s, set string) string { return strings.TrimLeftFunc(s, cutset(set)) }

// Rtrim is rtrim().
func Rtrim(s, set string) string { return strings.TrimRightFunc(s, cutset(set)) }

// Repeat is repeat(); at most 64 MiB.
func Repeat(s string, n int) (string, error) {
	if n <= 0 || s == "" {
		return "", nil
	}
	if n > maxText/len(s) {
		return "", errTooLarge()
	}
	return strings.Repeat(s, n), nil
}

// Replace is replace().
func Replace(s, from, to string) (string, error) {
	if from == "" || s == "" {
		return s, nil
	}
	if n := strings.Count(s, from); n > 0 && len(to) > 0 && n > (maxText-len(s)+n*len(from))/len(to) {
		return "", errTooLarge()
	}
	return strings.ReplaceAll(s, from, to), nil
}

// Reverse is reverse().
func Reverse(s string) string {
	b := make([]byte, len(s))
	at := len(b)
	for i := 0; i < len(s); {
		_, n := utf8.DecodeRuneInString(s[i:])
		at -= n
		copy(b[at:], s[i:i+n])
		i += n
	}
	return string(b)
}

// Position is strpos(): the character at which sub begins, from 1; 0 if it does not.
func Position(s, sub string) int {
	i := strings.Index(s, sub)
	if i < 0 {
		return 0
	}
	return utf8.RuneCountInString(s[:i]) + 1
}

// Ascii is ascii(): the code of the first character.
func Ascii(s string) int {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return int(r)
}

// Chr is chr().
func Chr(n int) (string, error) {
	switch {
	case n < 0:
		return "", invalidParameter("character number must be positive")
	case n == 0:
		return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "null character not permitted")
	case n > utf8.MaxRune:
		return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "requested character too large for encoding: %d", n)
	case !utf8.ValidRune(rune(n)):
		return "", pgerror.Errorf(pgerror.ProgramLimitExceeded, "requested character not valid for encoding: %d", n)
	}
	return string(rune(n)), nil
}

// MD5 is md5().
func MD5(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// Sha256 is sha256().
func Sha256(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

// StartsWith is starts_with().
func StartsWith(s, prefix string) bool { return strings.HasPrefix(s, prefix) }

// ToHex is to_hex(bigint).
func ToHex(n int64) string { return strconv.FormatUint(uint64(n), 16) }

// ToHex32 is to_hex(integer).
func ToHex32(n int32) string { return strconv.FormatUint(uint64(uint32(n)), 16) }

// StringToArray is string_to_array: without a delimiter, characters; an empty one splits
// nothing. Items that equal null become nil.
func StringToArray(s string, delimiter, null *string) []*string {
	return StringToArrayWith(nil, s, delimiter, null)
}

// StringToArrayWith is StringToArray for a call that may be told to end.
func StringToArrayWith(w *limit.Work, s string, delimiter, null *string) []*string {
	out := []*string{}
	if s == "" {
		return out
	}
	var items []string
	switch {
	case delimiter == nil:
		for i := 0; i < len(s); {
			_, n := utf8.DecodeRuneInString(s[i:])
			w.Take(24)
			items = append(items, s[i:i+n])
			i += n
		}
	case *delimiter == "":
		items = []string{s}
	default:
		w.Take(24 * (strings.Count(s, *delimiter) + 1))
		items = strings.Split(s, *delimiter)
	}
	for i := range items {
		if null != nil && items[i] == *null {
			out = append(out, nil)
		} else {
			out = append(out, &items[i])
		}
	}
	return out
}
