// SPDX-License-Identifier: GPL-2.0-only
/* Looks at a file itself: its page cache, or what a device buffer remembers. */
#include <linux/bitmap.h>
#include <linux/pagemap.h>

#include "oracle.h"

enum { CACHED = 1, DIRTY = 2, UPTODATE = 4, WRITEBACK = 8 };

static struct token look_at(struct folio *folio, pgoff_t index)
{
	struct page *page = folio_page(folio, index - folio->index);
	u64 flags = CACHED;

	flags |= folio_test_dirty(folio) ? DIRTY : 0;
	flags |= folio_test_uptodate(folio) ? UPTODATE : 0;
	flags |= folio_test_writeback(folio) ? WRITEBACK : 0;
	return (struct token){ CACHED_PAGE, flags << 32 | (atomic_read(&page->_mapcount) + 1) };
}

int op_pages(struct stage *stage, struct watched *file, const struct line *line,
	     struct text *answer)
{
	struct runs runs = {};
	pgoff_t index;

	say(answer, "\"pg\":\"");
	runs.text = (struct text){ .at = answer->at + answer->length,
				   .room = answer->room - answer->length };
	for (index = 0; index < file->pages; index++) {
		struct folio *folio = filemap_get_folio(file->mapping, index);
		struct token token = { CACHED_PAGE, 0 };

		if (!IS_ERR_OR_NULL(folio)) {
			token = look_at(folio, index);
			folio_put(folio);
		}
		runs_add(&runs, token, 1);
	}
	runs_end(&runs);
	answer->length += runs.text.length;
	answer->full |= runs.text.full;
	say(answer, "\"");
	return 0;
}

int op_bufbits(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	struct buffer *buffer = file->buffer;

	if (!buffer)
		return -EINVAL;
	say(answer, "\"rc\":0,\"faults\":%lu,\"mkwrites\":%lu,\"bits\":[", buffer->faults,
	    buffer->mkwrites);
	say_bits(answer, buffer->written, buffer->pages);
	say(answer, "]");
	if (line->n[1])
		bitmap_zero(buffer->written, buffer->pages);
	return 0;
}
