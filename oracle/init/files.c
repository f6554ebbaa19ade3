// SPDX-License-Identifier: GPL-2.0-only
/* The scenario's files: made, filled, cut, synced. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "init.h"

struct file files[FILES_MAX];

void files_begin(void)
{
	for (int i = 0; i < FILES_MAX; i++)
		files[i] = (struct file){ .fd = -1, .fd_read = -1 };
}

void files_end(void)
{
	for (int i = 0; i < FILES_MAX; i++) {
		if (files[i].fd >= 0)
			close(files[i].fd);
		if (files[i].fd_read >= 0)
			close(files[i].fd_read);
	}
	files_begin();
}

/* Writes pages one call each: on kernels with large folios that makes small ones. */
static long write_pages(int fd, unsigned long first, unsigned long count)
{
	static const char page[PAGE];
	unsigned long done;

	for (done = 0; done < count; done++) {
		if (pwrite(fd, page, PAGE, (first + done) * PAGE) != PAGE)
			return done ? (long)done : -errno;
	}
	return done;
}

/*
 * Writes pages in one call: on kernels with large folios that makes large ones, if no fault for the
 * buffer comes in between.
 */
static long write_at_once(int fd, unsigned long first, unsigned long count)
{
	char *buffer = malloc(count * PAGE);
	long done;

	if (!buffer)
		return -ENOMEM;
	memset(buffer, 1, count * PAGE);
	done = pwrite(fd, buffer, count * PAGE, first * PAGE);
	free(buffer);
	return done < 0 ? -errno : done / (long)PAGE;
}

static int open_for_reading(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY);
}

static int watch(long number, int dev)
{
	char line[80];

	snprintf(line, sizeof(line), "watch %ld %d %lu", number, files[number].fd,
		 files[number].pages);
	return write(dev, line, strlen(line)) < 0 ? -errno : 0;
}

static int memfd_new(long number, int dev)
{
	struct file *file = &files[number];

	file->fd = memfd_create("rangewalk", 0);
	if (file->fd < 0 || ftruncate(file->fd, file->pages * PAGE))
		return -errno;
	file->fd_read = open_for_reading(file->fd);
	return watch(number, dev);
}

static int ext4_new(long number, int dev)
{
	struct file *file = &files[number];
	char path[40];
	long written;

	snprintf(path, sizeof(path), "/ext4/%ld", number);
	unlink(path);
	file->fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	if (file->fd < 0)
		return -errno;
	written = write_pages(file->fd, 0, file->pages);
	if (written < 0 || fsync(file->fd))
		return written < 0 ? written : -errno;
	file->fd_read = open_for_reading(file->fd);
	return watch(number, dev);
}

static int buffer_new(const struct op *op, int dev)
{
	struct file *file = &files[op->n[1]];
	long prefault = op->count > 4 ? op->n[4] : 1;
	char line[80];
	ssize_t count;

	snprintf(line, sizeof(line), "buffer %ld %lu %ld %d", op->n[1], file->pages, prefault,
		 !strcmp(op->words[2], "dev1"));
	if (write(dev, line, strlen(line)) < 0)
		return -errno;
	count = read(dev, line, sizeof(line) - 1);
	line[count > 0 ? count : 0] = 0;
	file->is_buffer = true;
	return sscanf(line, "%d %d", &file->fd, &file->fd_read) == 2 ? 0 : -EIO;
}

/* file F KIND N [PREFAULT]: 0 or -errno. */
int file_new(const struct op *op, int dev)
{
	if (op->count < 4 || op->n[1] < 0 || op->n[1] >= FILES_MAX || files[op->n[1]].fd >= 0)
		return -EINVAL;
	files[op->n[1]].pages = op->n[3];
	if (!strcmp(op->words[2], "memfd"))
		return memfd_new(op->n[1], dev);
	if (!strcmp(op->words[2], "ext4"))
		return ext4_new(op->n[1], dev);
	return buffer_new(op, dev);
}

/* Ops on a file by system call; false if the op is none of them. */
bool file_op(const struct op *op, long *rc)
{
	const char *name = op->words[0];
	long done;
	int fd;

	if (op->count < 2 || op->n[1] < 0 || op->n[1] >= FILES_MAX)
		return false;
	fd = files[op->n[1]].fd;
	if (!strcmp(name, "fsync"))
		done = fsync(fd);
	else if (!strcmp(name, "trunc"))
		done = ftruncate(fd, op->n[2] * PAGE);
	else if (!strcmp(name, "punch"))
		done = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				 op->n[2] * PAGE, op->n[3] * PAGE);
	else if (!strcmp(name, "fill")) {
		*rc = write_at_once(fd, op->n[2], op->n[3]);
		return true;
	} else
		return false;
	*rc = done ? -errno : 0;
	return true;
}
