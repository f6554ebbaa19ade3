// SPDX-License-Identifier: GPL-2.0-only
/* Looks at processes: their VMAs from the window on, and every page-table word of those. */
#include <linux/mm_types.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/mm.h>
#include <linux/sched/task.h>
#include <linux/vmalloc.h>

#include "oracle.h"

#define STRING_ROOM (1UL << 20)
/* Bits 12 to 51: where a frame is differs from boot to boot. */
#define WITHOUT_PFN(word) ((word) & ~GENMASK_ULL(51, 12))

/* A page of a VMA: a token for each of its three strings. */
struct page_look {
	struct token t, x, m;
	unsigned long end; /* where pages end that look the same, for no table is there */
};

static void look_at_page(struct watched *file, unsigned long pfn, pte_t pte,
			 struct page_look *look)
{
	struct page *page;
	struct folio *folio;

	if (is_zero_pfn(pfn)) {
		look->x.value = 'z';
		return;
	}
	if (file && file->buffer && pfn - file->buffer->pfn < file->buffer->pages) {
		look->x = (struct token){ DEVICE_PAGE, pfn - file->buffer->pfn };
		return;
	}
	look->x.value = 'o';
	if ((pte_present(pte) && pte_special(pte)) || !pfn_valid(pfn))
		return;
	page = pfn_to_page(pfn);
	folio = page_folio(page);
	look->m.value = atomic_read(&page->_mapcount) + 1;
	if (folio_test_anon(folio))
		look->x.value = 'a';
	else if (file && folio->mapping == file->mapping)
		look->x = (struct token){ FILE_PAGE, folio->index + (page - &folio->page) };
}

static void look_at_pte(struct watched *file, pte_t pte, struct page_look *look)
{
	u64 word = pte_val(pte);

	if (pte_none(pte)) {
		look->t = (struct token){ WORD, 0 };
	} else if (!pte_present(pte) && is_migration_word(word)) {
		look->t = (struct token){ SWAP, without_pfn_of_migration(word) };
		look_at_page(file, pfn_of_migration(word), pte, look);
	} else if (!pte_present(pte)) {
		look->t = (struct token){ SWAP, word };
	} else {
		look->t = (struct token){ WORD, WITHOUT_PFN(word) };
		look_at_page(file, pte_pfn(pte), pte, look);
	}
}

/* Where there is no table for `address`, the token is the level whose entry is empty. */
static void look_at_address(struct mm_struct *mm, struct watched *file, unsigned long address,
			    struct page_look *look)
{
	pgd_t *pgd = pgd_offset(mm, address);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	look->t = (struct token){ LETTER, 'G' };
	look->x = (struct token){ LETTER, '.' };
	look->m = (struct token){ COUNT, 0 };
	look->end = (address & PGDIR_MASK) + PGDIR_SIZE;
	if (pgd_none(*pgd))
		return;
	look->t.value = '4';
	p4d = p4d_offset(pgd, address);
	look->end = (address & P4D_MASK) + P4D_SIZE;
	if (p4d_none(*p4d))
		return;
	look->t.value = 'U';
	pud = pud_offset(p4d, address);
	look->end = (address & PUD_MASK) + PUD_SIZE;
	if (pud_none(*pud))
		return;
	look->t.value = 'D';
	pmd = pmd_offset(pud, address);
	look->end = (address & PMD_MASK) + PMD_SIZE;
	if (pmd_none(*pmd))
		return;
	look->end = address + PAGE_SIZE;
	if (!pmd_present(*pmd))
		look->t = (struct token){ SWAP, pmd_val(*pmd) };
	else if (pmd_leaf(*pmd))
		look->t = (struct token){ LEAF, WITHOUT_PFN(pmd_val(*pmd)) };
	else
		look_at_pte(file, *pte_offset_kernel(pmd, address), look);
}

struct strings {
	struct runs t, x, m;
	char *room;
};

static void strings_begin(struct strings *s)
{
	s->t = (struct runs){ .text = { .at = s->room, .room = STRING_ROOM } };
	s->x = (struct runs){ .text = { .at = s->room + STRING_ROOM, .room = STRING_ROOM } };
	s->m = (struct runs){ .text = { .at = s->room + 2 * STRING_ROOM, .room = STRING_ROOM } };
}

static void strings_say(struct strings *s, struct text *answer)
{
	runs_end(&s->t);
	runs_end(&s->x);
	runs_end(&s->m);
	answer->full |= s->t.text.full | s->x.text.full | s->m.text.full;
	say(answer, ",\"t\":\"%s\",\"x\":\"%s\",\"m\":\"%s\"}", s->t.text.at, s->x.text.at,
	    s->m.text.at);
}

static int file_of(const struct stage *stage, const struct vm_area_struct *vma)
{
	int i;

	for (i = 0; vma->vm_file && i < FILES_MAX; i++) {
		if (stage->files[i].file && stage->files[i].mapping == vma->vm_file->f_mapping)
			return i;
	}
	return -1;
}

static void say_vma(struct stage *stage, struct vm_area_struct *vma, struct strings *strings,
		     struct text *answer)
{
	int number = file_of(stage, vma);
	struct watched *file = number < 0 ? NULL : &stage->files[number];
	unsigned long address = vma->vm_start;

	say(answer, "{\"a\":%lu,\"n\":%lu,\"o\":%lu,\"f\":%d,\"fl\":\"%lx\",\"pp\":\"%lx\"",
	    (vma->vm_start - WINDOW) >> PAGE_SHIFT, vma_pages(vma), vma->vm_pgoff, number,
	    (unsigned long)vma->vm_flags, (unsigned long)pgprot_val(vma->vm_page_prot));
	strings_begin(strings);
	while (address < vma->vm_end) {
		struct page_look look;
		unsigned long count;

		look_at_address(vma->vm_mm, file, address, &look);
		count = (min(look.end, vma->vm_end) - address) >> PAGE_SHIFT;
		runs_add(&strings->t, look.t, count);
		runs_add(&strings->x, look.x, count);
		runs_add(&strings->m, look.m, count);
		address += count << PAGE_SHIFT;
	}
	strings_say(strings, answer);
}

static void say_mm(struct stage *stage, struct mm_struct *mm, struct strings *strings,
		    struct text *answer)
{
	unsigned long at = WINDOW;
	struct vm_area_struct *vma;
	const char *gap = "";

	mmap_read_lock(mm);
	while ((vma = find_vma(mm, at))) {
		say(answer, "%s", gap);
		say_vma(stage, vma, strings, answer);
		gap = ",";
		at = vma->vm_end;
	}
	mmap_read_unlock(mm);
}

int op_dump(struct stage *stage, struct watched *unused, const struct line *line,
	    struct text *answer)
{
	struct strings strings = { .room = vmalloc(3 * STRING_ROOM) };
	const char *gap = "";
	int i;

	if (!strings.room)
		return -ENOMEM;
	say(answer, "\"procs\":[");
	for (i = 0; i < PROCS_MAX; i++) {
		struct mm_struct *mm = mm_of(stage->pids[i]);

		if (!mm)
			continue;
		say(answer, "%s{\"p\":%d,\"vmas\":[", gap, i);
		say_mm(stage, mm, &strings, answer);
		say(answer, "]}");
		gap = ",";
		mmput(mm);
	}
	say(answer, "]");
	vfree(strings.room);
	return 0;
}

/* The mm of that process, to be put; NULL if there is none. */
struct mm_struct *mm_of(pid_t number)
{
	struct pid *pid = number ? find_get_pid(number) : NULL;
	struct task_struct *task = pid ? get_pid_task(pid, PIDTYPE_TGID) : NULL;
	struct mm_struct *mm = task ? get_task_mm(task) : NULL;

	if (task)
		put_task_struct(task);
	put_pid(pid);
	return mm;
}
