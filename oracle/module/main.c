// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle's module: /dev/rangewalk. It lets the guest's /init call the kernel's own walks of a
 * file's mappings, and look at page-table words, VMAs, page caches and interval trees. One user,
 * one line at a time; for throw-away virtual machines only.
 */
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "oracle.h"

#define ANSWER_ROOM (16UL << 20)
#define LINE_MAX_BYTES 512

static struct stage stage;
static struct text answer;

static int op_reset(struct stage *stage, struct watched *unused, const struct line *line,
		    struct text *answer);
static int op_watch(struct stage *stage, struct watched *unused, const struct line *line,
		    struct text *answer);
static int op_buffer(struct stage *stage, struct watched *unused, const struct line *line,
		     struct text *answer);
static int op_pids(struct stage *stage, struct watched *unused, const struct line *line,
		   struct text *answer);

enum first_word { ANY, FILE_NUMBER };

static const struct op {
	const char *name;
	enum first_word first;
	int count; /* numbers after the name, at least */
	op_fn run;
} ops[] = {
	/* What /init says of its world. */
	{ "reset", ANY, 0, op_reset },
	{ "watch", ANY, 3, op_watch },	 /* F FD PAGES */
	{ "buffer", ANY, 4, op_buffer }, /* F PAGES PREFAULT NOTES_WRITES: answers with two fds */
	{ "pids", ANY, PROCS_MAX, op_pids },
	/* Ops of the golden format, as they stand in the script. */
	{ "wp", FILE_NUMBER, 3, op_wp },
	{ "clean", FILE_NUMBER, 4, op_clean },
	{ "bmreset", FILE_NUMBER, 2, op_bmreset },
	{ "zap", FILE_NUMBER, 4, op_zap },
	{ "zapp", FILE_NUMBER, 4, op_zapp },
	{ "mkclean", FILE_NUMBER, 2, op_mkclean },
	{ "wprange", FILE_NUMBER, 3, op_wprange },
	{ "dax", FILE_NUMBER, 3, op_dax },
	{ "migrate", FILE_NUMBER, 2, op_migrate },
	{ "migrated", FILE_NUMBER, 2, op_migrated },
	{ "dump", ANY, 0, op_dump },
	{ "tree", FILE_NUMBER, 1, op_tree },
	{ "order", FILE_NUMBER, 3, op_order },
	{ "pages", FILE_NUMBER, 1, op_pages },
	{ "bufbits", FILE_NUMBER, 2, op_bufbits },
};

static int run(char *words)
{
	struct line line = {};
	struct watched *file = NULL;
	char *word;
	int i;

	line.name = strsep(&words, " ");
	while ((word = strsep(&words, " ")) && line.count < WORDS_MAX) {
		if (kstrtos64(word, 10, &line.n[line.count++]))
			return -EINVAL;
	}
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (strcmp(ops[i].name, line.name))
			continue;
		if (line.count < ops[i].count)
			return -EINVAL;
		if (ops[i].first == FILE_NUMBER) {
			if (line.n[0] < 0 || line.n[0] >= FILES_MAX || !stage.files[line.n[0]].file)
				return -EBADF;
			file = &stage.files[line.n[0]];
		}
		return ops[i].run(&stage, file, &line, &answer);
	}
	return -ENOSYS;
}

static ssize_t oracle_write(struct file *file, const char __user *from, size_t count, loff_t *at)
{
	char words[LINE_MAX_BYTES];
	int error;

	if (count >= sizeof(words))
		return -E2BIG;
	if (copy_from_user(words, from, count))
		return -EFAULT;
	words[count] = 0;
	answer.length = 0;
	answer.full = false;
	error = run(words);
	if (answer.full)
		return -ENOSPC;
	return error ? error : count;
}

static ssize_t oracle_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	loff_t place = 0;

	return simple_read_from_buffer(to, count, &place, answer.at, answer.length);
}

static void forget(struct watched *file)
{
	if (file->file)
		fput(file->file);
	vfree(file->bitmap);
	memset(file, 0, sizeof(*file));
}

static int op_reset(struct stage *stage, struct watched *unused, const struct line *line,
		    struct text *answer)
{
	int i;

	migrations_end(stage);
	for (i = 0; i < FILES_MAX; i++)
		forget(&stage->files[i]);
	memset(stage->pids, 0, sizeof(stage->pids));
	return 0;
}

/* Takes over the reference to `file`. */
static int watch(struct stage *stage, s64 number, struct file *file, unsigned long pages)
{
	struct watched *watched = &stage->files[number];

	watched->file = file;
	watched->mapping = file->f_mapping;
	watched->buffer = buffer_of(file);
	watched->pages = pages;
	watched->bits = pages;
	watched->start = pages;
	watched->end = 0;
	watched->bitmap = vzalloc(BITMAP_BITS / 8);
	return watched->bitmap ? 0 : -ENOMEM;
}

static bool is_new_file(const struct stage *stage, s64 number, s64 pages)
{
	return number >= 0 && number < FILES_MAX && !stage->files[number].file && pages >= 0 &&
	       pages <= BITMAP_BITS;
}

static int op_watch(struct stage *stage, struct watched *unused, const struct line *line,
		    struct text *answer)
{
	struct file *file;

	if (!is_new_file(stage, line->n[0], line->n[2]))
		return -EINVAL;
	file = fget(line->n[1]);
	return file ? watch(stage, line->n[0], file, line->n[2]) : -EBADF;
}

static int install(struct file *file)
{
	int fd = get_unused_fd_flags(0);

	if (fd >= 0)
		fd_install(fd, file);
	return fd;
}

static int op_buffer(struct stage *stage, struct watched *unused, const struct line *line,
		     struct text *answer)
{
	struct buffer *buffer;
	struct file *writable, *readable;

	if (!is_new_file(stage, line->n[0], line->n[1]))
		return -EINVAL;
	buffer = buffer_new(line->n[1], line->n[2], line->n[3]);
	if (!buffer)
		return -ENOMEM;
	writable = buffer_open(buffer, O_RDWR);
	readable = buffer_open(buffer, O_RDONLY);
	buffer_put(buffer);
	if (IS_ERR(writable) || IS_ERR(readable))
		return -ENFILE; /* leaks one; the machine is thrown away */
	say(answer, "%d ", install(get_file(writable)));
	say(answer, "%d", install(readable));
	return watch(stage, line->n[0], writable, line->n[1]);
}

static int op_pids(struct stage *stage, struct watched *unused, const struct line *line,
		   struct text *answer)
{
	int i;

	for (i = 0; i < PROCS_MAX; i++)
		stage->pids[i] = line->n[i];
	return 0;
}

static const struct file_operations oracle_fops = {
	.owner = THIS_MODULE,
	.write = oracle_write,
	.read = oracle_read,
};

static struct miscdevice oracle_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rangewalk",
	.fops = &oracle_fops,
	.mode = 0600,
};

static int __init oracle_init(void)
{
	int error = find_iterators() ?: find_walks() ?: find_migration();

	if (error)
		return error;
	answer.room = ANSWER_ROOM;
	answer.at = vmalloc(answer.room);
	if (!answer.at)
		return -ENOMEM;
	return misc_register(&oracle_device);
}

static void __exit oracle_exit(void)
{
	misc_deregister(&oracle_device);
	op_reset(&stage, NULL, NULL, NULL);
	vfree(answer.at);
}

module_init(oracle_init);
module_exit(oracle_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Rangewalk's oracle: asks the kernel about its walks");
