// SPDX-License-Identifier: GPL-2.0-only
/* Looks at a file's i_mmap: the tree as it stands, and the order in which the kernel's own
 * iterator visits it. */
#include <linux/kprobes.h>
#include <linux/pagemap.h>
#include <linux/rbtree_augmented.h>
#include <linux/sched/mm.h>
#include <linux/version.h>

#include "oracle.h"

/* The iterator is not exported: its addresses come from a probe that is put there and removed. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 0, 0)
typedef struct vm_area_struct *(*iter_first_fn)(struct address_space *, pgoff_t, pgoff_t);
#define ITER_FIRST "mapping_rmap_tree_iter_first"
#define ITER_NEXT "mapping_rmap_tree_iter_next"
#define ITER_ROOT(mapping) (mapping)
#else
typedef struct vm_area_struct *(*iter_first_fn)(struct rb_root_cached *, pgoff_t, pgoff_t);
#define ITER_FIRST "vma_interval_tree_iter_first"
#define ITER_NEXT "vma_interval_tree_iter_next"
#define ITER_ROOT(mapping) (&(mapping)->i_mmap)
#endif
typedef struct vm_area_struct *(*iter_next_fn)(struct vm_area_struct *, pgoff_t, pgoff_t);

static iter_first_fn iter_first;
static iter_next_fn iter_next;

void *address_of(const char *symbol)
{
	struct kprobe probe = { .symbol_name = symbol };
	void *address;

	if (register_kprobe(&probe))
		return NULL;
	address = probe.addr;
	unregister_kprobe(&probe);
	return address;
}

int find_iterators(void)
{
	iter_first = address_of(ITER_FIRST);
	iter_next = address_of(ITER_NEXT);
	return iter_first && iter_next ? 0 : -ENOENT;
}

struct vm_area_struct *first_vma(struct address_space *mapping, pgoff_t first, pgoff_t last)
{
	return iter_first(ITER_ROOT(mapping), first, last);
}

struct vm_area_struct *next_vma(struct vm_area_struct *vma, pgoff_t first, pgoff_t last)
{
	return iter_next(vma, first, last);
}

struct look {
	struct mm_struct *mms[PROCS_MAX];
	struct text *answer;
	int said; /* nodes so far */
};

static void look_begin(struct look *look, struct stage *stage, struct text *answer)
{
	int i;

	look->answer = answer;
	look->said = 0;
	for (i = 0; i < PROCS_MAX; i++)
		look->mms[i] = mm_of(stage->pids[i]);
	say(answer, "\"nodes\":[");
}

static void look_end(struct look *look)
{
	int i;

	for (i = 0; i < PROCS_MAX; i++) {
		if (look->mms[i])
			mmput(look->mms[i]);
	}
	say(look->answer, "]");
}

static int number_of(const struct look *look, const struct mm_struct *mm)
{
	int i;

	for (i = 0; i < PROCS_MAX; i++) {
		if (look->mms[i] == mm)
			return i;
	}
	return -1;
}

/* The part of a node that `tree` and `order` have in common. */
static void say_node(struct look *look, struct vm_area_struct *vma)
{
	unsigned long page = (vma->vm_start - WINDOW) >> PAGE_SHIFT;
	pgoff_t last = vma->vm_pgoff + vma_pages(vma) - 1;

	say(look->answer, "%s[%d,%lu,%lu,%lu,%lu", look->said ? "," : "",
	    number_of(look, vma->vm_mm), page, vma->vm_pgoff, last, vma->shared.rb_subtree_last);
	look->said++;
}

/* As deep as the tree, which is balanced. */
static void say_subtree(struct look *look, const struct rb_node *node, int parent, char side)
{
	int here = look->said;

	if (!node)
		return;
	say_node(look, rb_entry(node, struct vm_area_struct, shared.rb));
	say(look->answer, ",%d,\"%c\",\"%c\"]", parent, side, rb_is_red(node) ? 'r' : 'b');
	say_subtree(look, node->rb_left, here, 'L');
	say_subtree(look, node->rb_right, here, 'R');
}

int op_tree(struct stage *stage, struct watched *file, const struct line *line,
	    struct text *answer)
{
	struct look look;

	look_begin(&look, stage, answer);
	i_mmap_lock_read(file->mapping);
	say_subtree(&look, file->mapping->i_mmap.rb_root.rb_node, -1, '-');
	i_mmap_unlock_read(file->mapping);
	look_end(&look);
	return 0;
}

int op_order(struct stage *stage, struct watched *file, const struct line *line,
	     struct text *answer)
{
	pgoff_t first = line->n[1], last = first + line->n[2] - 1;
	struct vm_area_struct *vma;
	struct look look;

	look_begin(&look, stage, answer);
	i_mmap_lock_read(file->mapping);
	for (vma = first_vma(file->mapping, first, last); vma; vma = next_vma(vma, first, last)) {
		say_node(&look, vma);
		say(answer, "]");
	}
	i_mmap_unlock_read(file->mapping);
	look_end(&look);
	return 0;
}
