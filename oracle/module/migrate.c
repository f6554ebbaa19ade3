// SPDX-License-Identifier: GPL-2.0-only
/*
 * Migration in two ops, with whatever a script does in between: `migrate` locks a folio and puts
 * migration entries where it was mapped, `migrated` maps it again, for it never went anywhere.
 */
#include <linux/pagemap.h>
#include <linux/rmap.h>
#include <linux/swap.h>
#include <linux/swapops.h>

#include "oracle.h"

/* What is returned for a page that is not cached, or whose folio is not where the op wants it. */
#define NOT_THERE (-2)

/* Neither is exported. Both are called with no more than a flag, or none. */
static void (*migrate_folio_entries)(struct folio *folio, enum ttu_flags flags);
static void (*restore_folio_entries)(struct folio *from, struct folio *to, int flags);

int find_migration(void)
{
	migrate_folio_entries = address_of("try_to_migrate");
	restore_folio_entries = address_of("remove_migration_ptes");
	return migrate_folio_entries && restore_folio_entries ? 0 : -ENOENT;
}

static void say_count(struct text *answer, long count)
{
	say(answer, "\"rc\":0,\"n\":%ld", count);
}

static int entries_of(struct folio *folio)
{
	int i, count = 0;

	for (i = 0; i < folio_nr_pages(folio); i++)
		count += atomic_read(&folio_page(folio, i)->_mapcount) + 1;
	return count;
}

static struct folio **place_of(struct stage *stage, struct folio *folio)
{
	int i;

	for (i = 0; i < MIGRATING_MAX; i++) {
		if (stage->migrating[i] == folio)
			return &stage->migrating[i];
	}
	return NULL;
}

/* Small folios, and large ones that are mapped by PTEs. */
int op_migrate(struct stage *stage, struct watched *file, const struct line *line,
	       struct text *answer)
{
	struct folio *folio = filemap_get_folio(file->mapping, line->n[1]);
	struct folio **place = place_of(stage, NULL);
	int before;

	if (IS_ERR_OR_NULL(folio)) {
		say_count(answer, NOT_THERE);
		return 0;
	}
	if (!place || place_of(stage, folio)) {
		folio_put(folio);
		say_count(answer, NOT_THERE);
		return 0;
	}
	folio_lock(folio);
	before = entries_of(folio);
	migrate_folio_entries(folio, TTU_SYNC);
	say_count(answer, before - entries_of(folio));
	*place = folio;
	return 0;
}

static void end(struct folio **place)
{
	struct folio *folio = *place;

	restore_folio_entries(folio, folio, 0);
	folio_unlock(folio);
	folio_put(folio);
	*place = NULL;
}

int op_migrated(struct stage *stage, struct watched *file, const struct line *line,
		struct text *answer)
{
	struct folio *folio = filemap_get_folio(file->mapping, line->n[1]);
	struct folio **place;
	int before;

	if (IS_ERR_OR_NULL(folio)) {
		say_count(answer, NOT_THERE);
		return 0;
	}
	place = place_of(stage, folio);
	if (!place) {
		say_count(answer, NOT_THERE);
	} else {
		before = entries_of(folio);
		end(place);
		say_count(answer, entries_of(folio) - before);
	}
	folio_put(folio);
	return 0;
}

void migrations_end(struct stage *stage)
{
	int i;

	for (i = 0; i < MIGRATING_MAX; i++) {
		if (stage->migrating[i])
			end(&stage->migrating[i]);
	}
}

/* The word itself, not what the kernel's helpers make of it: they differ from release to release. */
#define TYPE_BITS 5
#define OFFSET_BIT 9

bool is_migration_word(u64 word)
{
	u64 type = word >> (64 - TYPE_BITS);

	return type >= SWP_MIGRATION_READ && type <= SWP_MIGRATION_WRITE;
}

/* The offset is inverted; its lowest bits are the frame number. */
unsigned long pfn_of_migration(u64 word)
{
	return (~word << TYPE_BITS >> (TYPE_BITS + OFFSET_BIT)) & SWP_PFN_MASK;
}

u64 without_pfn_of_migration(u64 word)
{
	return word & ~((u64)SWP_PFN_MASK << OFFSET_BIT);
}
