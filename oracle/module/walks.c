// SPDX-License-Identifier: GPL-2.0-only
/* The ops that call the kernel's own walks of a file's mappings, and what they return. */
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/version.h>

#include "oracle.h"

/* What `mkclean` returns for a page that is not cached. */
#define NOT_CACHED (-2)

static void say_count(struct text *answer, long count)
{
	say(answer, "\"rc\":0,\"n\":%ld", count);
}

int op_wp(struct stage *stage, struct watched *file, const struct line *line, struct text *answer)
{
	say_count(answer, wp_shared_mapping_range(file->mapping, line->n[1], line->n[2]));
	return 0;
}

int op_clean(struct stage *stage, struct watched *file, const struct line *line,
	     struct text *answer)
{
	const s64 *n = line->n;
	long count;

	if (n[3] > n[1] || n[1] + n[2] - n[3] > BITMAP_BITS)
		return -EINVAL;
	count = clean_record_shared_mapping_range(file->mapping, n[1], n[2], n[3], file->bitmap,
						  &file->start, &file->end);
	say_count(answer, count);
	say(answer, ",\"start\":%lu,\"end\":%lu,\"bits\":[", file->start, file->end);
	say_bits(answer, file->bitmap, file->bits);
	say(answer, "]");
	return 0;
}

int op_bmreset(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	bool given = line->count >= 4;

	if (line->n[1] < 0 || line->n[1] > BITMAP_BITS)
		return -EINVAL;
	memset(file->bitmap, 0, BITMAP_BITS / 8);
	file->bits = line->n[1];
	file->start = given ? line->n[2] : file->bits;
	file->end = given ? line->n[3] : 0;
	say(answer, "\"rc\":0");
	return 0;
}

int op_zap(struct stage *stage, struct watched *file, const struct line *line, struct text *answer)
{
	unmap_mapping_range(file->mapping, line->n[1] << PAGE_SHIFT, line->n[2] << PAGE_SHIFT,
			    line->n[3]);
	say_count(answer, 0);
	return 0;
}

int op_zapp(struct stage *stage, struct watched *file, const struct line *line,
	    struct text *answer)
{
	unmap_mapping_pages(file->mapping, line->n[1], line->n[2], line->n[3]);
	say_count(answer, 0);
	return 0;
}

int op_mkclean(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	struct folio *folio = filemap_get_folio(file->mapping, line->n[1]);

	if (IS_ERR_OR_NULL(folio)) {
		say_count(answer, NOT_CACHED);
		return 0;
	}
	folio_lock(folio);
	say_count(answer, folio_mkclean(folio));
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
static long wprange_cached(struct watched *file, pgoff_t first, pgoff_t nr)
{
	long count = 0;
	pgoff_t index;

	for (index = first; index < first + nr && index < file->pages; index++) {
		struct folio *folio = filemap_get_folio(file->mapping, index);

		if (IS_ERR_OR_NULL(folio))
			continue;
		count += mapping_wrprotect_range(file->mapping, index,
						 page_to_pfn(folio_file_page(folio, index)), 1);
		folio_put(folio);
	}
	return count;
}

int op_wprange(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	pgoff_t first = line->n[1], nr = line->n[2];
	struct buffer *buffer = file->buffer;

	if (!buffer) {
		say_count(answer, wprange_cached(file, first, nr));
		return 0;
	}
	nr = first < buffer->pages ? min(nr, buffer->pages - first) : 0;
	say_count(answer, nr ? mapping_wrprotect_range(file->mapping, first, buffer->pfn + first,
						       nr) : 0);
	return 0;
}
#else
int op_wprange(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	say(answer, "\"rc\":%d,\"n\":0", -EOPNOTSUPP);
	return 0;
}
#endif

/* Not exported either. */
static int (*mkclean_pfns)(unsigned long pfn, unsigned long nr, pgoff_t pgoff,
			   struct vm_area_struct *vma);

int find_walks(void)
{
	mkclean_pfns = address_of("pfn_mkclean_range");
	return mkclean_pfns ? 0 : -ENOENT;
}

/* What dax_writeback_one() does with the page tables. */
static long mkclean_run(struct address_space *mapping, unsigned long pfn, pgoff_t first, pgoff_t nr)
{
	pgoff_t last = first + nr - 1;
	struct vm_area_struct *vma;
	long count = 0;

	i_mmap_lock_read(mapping);
	for (vma = first_vma(mapping, first, last); vma; vma = next_vma(vma, first, last))
		count += mkclean_pfns(pfn, nr, first, vma);
	i_mmap_unlock_read(mapping);
	return count;
}

int op_dax(struct stage *stage, struct watched *file, const struct line *line, struct text *answer)
{
	pgoff_t first = line->n[1], nr = line->n[2], index;
	struct buffer *buffer = file->buffer;
	long count = 0;

	if (buffer) {
		nr = first < buffer->pages ? min(nr, buffer->pages - first) : 0;
		say_count(answer, nr ? mkclean_run(file->mapping, buffer->pfn + first, first, nr) : 0);
		return 0;
	}
	for (index = first; index < first + nr && index < file->pages; index++) {
		struct folio *folio = filemap_get_folio(file->mapping, index);

		if (IS_ERR_OR_NULL(folio))
			continue;
		count += mkclean_run(file->mapping, page_to_pfn(folio_file_page(folio, index)),
				     index, 1);
		folio_put(folio);
	}
	say_count(answer, count);
	return 0;
}

void say_bits(struct text *answer, const unsigned long *bits, unsigned long count)
{
	unsigned long word;

	for (word = 0; word < BITS_TO_LONGS(count); word++)
		say(answer, "%s\"%lx\"", word ? "," : "", bits[word]);
}
