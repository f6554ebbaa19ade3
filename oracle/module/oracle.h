/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module's files share. /dev/rangewalk takes one line of the golden script format a write
 * and gives its answer, the inside of a JSON object, to the reads that follow.
 */
#ifndef RANGEWALK_ORACLE_H
#define RANGEWALK_ORACLE_H

#include <linux/fs.h>
#include <linux/mm.h>

#define FILES_MAX 8
#define PROCS_MAX 16
#define WORDS_MAX 16
/* Page 0 of the golden format. Processes own nothing from here on but what scripts map. */
#define WINDOW 0x3fffff00000UL
/* Bits of a file's bitmap: no file has more pages. */
#define BITMAP_BITS (1UL << 20)

/* Text that is appended to; what does not fit is lost and `full` says so. */
struct text {
	char *at;
	size_t length, room;
	bool full;
};

__printf(2, 3) void say(struct text *text, const char *format, ...);

/* What a run-length string repeats: a kind, and a number where the kind has one. */
struct token {
	enum token_kind {
		LETTER, /* the letter in `value` */
		WORD, LEAF, SWAP, /* hex, after nothing, L, N */
		FILE_PAGE, DEVICE_PAGE, /* f7, d7: a run counts up */
		COUNT,
		CACHED_PAGE, /* flags in the upper half, mapcount in the lower */
	} kind;
	u64 value;
};

/* A run-length string in the making: TOKEN*COUNT, joined by spaces. */
struct runs {
	struct text text;
	struct token token; /* of the run's first page */
	u64 count;
};

void runs_add(struct runs *runs, struct token token, u64 count);
void runs_end(struct runs *runs);

/* A device buffer: adjacent frames that are mapped as raw pfns. */
struct buffer {
	struct address_space mapping;
	unsigned long pfn, pages, prefault;
	unsigned long faults, mkwrites;
	unsigned long *written;
	bool notes_writes; /* dev1: read-only entries, pfn_mkwrite takes notes */
	refcount_t users;
};

struct watched {
	struct file *file; /* NULL: no such file */
	struct address_space *mapping;
	struct buffer *buffer; /* NULL: a file with a page cache */
	unsigned long pages;
	unsigned long *bitmap;
	unsigned long bits;
	pgoff_t start, end;
};

/* Folios that are being migrated at a time. */
#define MIGRATING_MAX 64

/* What the guest's /init told us of its world. */
struct stage {
	struct watched files[FILES_MAX];
	struct folio *migrating[MIGRATING_MAX]; /* locked */
	pid_t pids[PROCS_MAX]; /* 0: no such process */
};

/* A parsed line: its numbers, after the op's name. */
struct line {
	const char *name;
	s64 n[WORDS_MAX];
	int count;
};

/* Each answers with 0 or -errno, and says what it has to say. */
typedef int (*op_fn)(struct stage *stage, struct watched *file, const struct line *line,
		     struct text *answer);

/* buffer.c */
struct buffer *buffer_new(unsigned long pages, unsigned long prefault, bool notes_writes);
struct file *buffer_open(struct buffer *buffer, int flags);
void buffer_put(struct buffer *buffer);
struct buffer *buffer_of(struct file *file);

/* walks.c: the kernel's own functions */
int op_wp(struct stage *, struct watched *, const struct line *, struct text *);
int op_clean(struct stage *, struct watched *, const struct line *, struct text *);
int op_bmreset(struct stage *, struct watched *, const struct line *, struct text *);
int op_zap(struct stage *, struct watched *, const struct line *, struct text *);
int op_zapp(struct stage *, struct watched *, const struct line *, struct text *);
int op_mkclean(struct stage *, struct watched *, const struct line *, struct text *);
int op_wprange(struct stage *, struct watched *, const struct line *, struct text *);
int op_dax(struct stage *, struct watched *, const struct line *, struct text *);
int find_walks(void);
void say_bits(struct text *answer, const unsigned long *bits, unsigned long count);

/* migrate.c */
int op_migrate(struct stage *, struct watched *, const struct line *, struct text *);
int op_migrated(struct stage *, struct watched *, const struct line *, struct text *);
int find_migration(void);
void migrations_end(struct stage *stage);
bool is_migration_word(u64 word);
unsigned long pfn_of_migration(u64 word);
u64 without_pfn_of_migration(u64 word);

/* dump.c */
int op_dump(struct stage *, struct watched *, const struct line *, struct text *);
struct mm_struct *mm_of(pid_t pid);

/* tree.c */
int op_tree(struct stage *, struct watched *, const struct line *, struct text *);
int op_order(struct stage *, struct watched *, const struct line *, struct text *);
int find_iterators(void);
void *address_of(const char *symbol);
struct vm_area_struct *first_vma(struct address_space *, pgoff_t first, pgoff_t last);
struct vm_area_struct *next_vma(struct vm_area_struct *, pgoff_t first, pgoff_t last);

/* cache.c */
int op_pages(struct stage *, struct watched *, const struct line *, struct text *);
int op_bufbits(struct stage *, struct watched *, const struct line *, struct text *);

#endif
