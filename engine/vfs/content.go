package vfs

// SectorSize is the unit, in bytes, that a power cut leaves whole: a sector,
// aligned by its offset in the file, is never torn. 512 is the smallest that
// disks promise.
const SectorSize = 512

const (
	pageSize   = 4096 // Linux's page; small enough that a sparse file stays so
	chunkPages = 64   // a write copies one chunk of pointers: 512 bytes
	chunkSize  = pageSize * chunkPages

	// maxFileSize bounds the table of chunks to 32 MiB, so that a wild offset
	// fails with EFBIG instead of exhausting the test's memory.
	maxFileSize = 1 << 40
)

type (
	page  [pageSize]byte
	chunk [chunkPages]*page
)

// content is what a file holds, as a value: nothing reachable from it is ever
// changed, so the live and the durable state of a file, and any number of
// clones, share what they have in common without locks. A missing page reads as
// zeros, and so does everything past size, which makes growing a file free.
type content struct {
	size   int64
	chunks []*chunk
}

func (c content) page(i int64) *page {
	if at := i / chunkPages; at < int64(len(c.chunks)) && c.chunks[at] != nil {
		return c.chunks[at][i%chunkPages]
	}
	return nil
}

// readAt copies the bytes from off on into p and returns how many there were
// before the end of the file.
func (c content) readAt(p []byte, off int64) int {
	if off >= c.size {
		return 0
	}
	p = p[:min(int64(len(p)), c.size-off)]
	for n := 0; n < len(p); {
		pos := off + int64(n)
		in := pos % pageSize
		dst := p[n:min(len(p), n+int(pageSize-in))]
		if pg := c.page(pos / pageSize); pg != nil {
			copy(dst, pg[in:])
		} else {
			clear(dst)
		}
		n += len(dst)
	}
	return len(p)
}

// write returns the content with p at off.
func (c content) write(p []byte, off int64) content {
	if len(p) == 0 {
		return c
	}
	end := off + int64(len(p))
	chunks := make([]*chunk, max(int64(len(c.chunks)), (end-1)/chunkSize+1))
	copy(chunks, c.chunks)
	copied := int64(-1)
	for len(p) > 0 {
		at, in := off/chunkSize, off%pageSize
		if at != copied {
			chunks[at] = chunks[at].copy()
			copied = at
		}
		slot := &chunks[at][off%chunkSize/pageSize]
		pg := new(page)
		if *slot != nil {
			*pg = **slot
		}
		n := copy(pg[in:], p)
		*slot = pg
		p, off = p[n:], off+int64(n)
	}
	return content{size: max(c.size, end), chunks: chunks}
}

// resize returns the content cut or extended to size bytes. Bytes that were cut
// read as zeros when the file grows again.
func (c content) resize(size int64) content {
	if size >= c.size {
		c.size = size
		return c
	}
	c.size = size
	if size >= int64(len(c.chunks))*chunkSize {
		return c
	}
	full, rest := size/chunkSize, size%chunkSize
	if rest == 0 || c.chunks[full] == nil {
		c.chunks = c.chunks[:full:full]
		return c
	}
	last := c.chunks[full].copy()
	at, in := rest/pageSize, rest%pageSize
	if in > 0 {
		if last[at] != nil {
			pg := *last[at]
			clear(pg[in:])
			last[at] = &pg
		}
		at++
	}
	clear(last[at:])
	c.chunks = append(c.chunks[:full:full], last)
	return c
}

func (c *chunk) copy() *chunk {
	fresh := new(chunk)
	if c != nil {
		*fresh = *c
	}
	return fresh
}
