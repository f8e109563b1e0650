package query

import "hash/maphash"

// A session keeps the statements it has seen more than once, parsed and analysed:
// programs without prepared statements send the same few texts again and again. A text
// with its values in it comes once, and is not kept.
const (
	cachedTexts    = 64   // per session
	cachedTextSize = 4096 // bytes; a longer one is worth parsing again
	seenTexts      = 512
)

type statementCache struct {
	seed  maphash.Seed
	seen  *[seenTexts]uint64 // hashes of texts that came once, by hash
	texts map[string][]*parsed
}

// put keeps the statements of a text that has come before.
func (c *statementCache) put(text string, list []*parsed) {
	if len(text) > cachedTextSize {
		return
	}
	if c.seen == nil {
		c.seed, c.seen, c.texts = maphash.MakeSeed(), new([seenTexts]uint64), map[string][]*parsed{}
	}
	sum := maphash.String(c.seed, text)
	if slot := &c.seen[sum%seenTexts]; *slot != sum {
		*slot = sum
		return
	}
	if len(c.texts) >= cachedTexts {
		clear(c.texts)
	}
	for _, p := range list {
		p.keep = true
	}
	c.texts[text] = list
}
