// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a worker tracks of its own memory: userfaultfd write-protects asynchronously, PAGEMAP_SCAN
 * finds what was written. The headers of the C library are older than both.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "init.h"

#define WP_ASYNC (1UL << 15)

/* linux/fs.h of 6.7 and later. */
struct scan_request {
	__u64 size, flags, start, end, walk_end, vec, vec_len, max_pages;
	__u64 category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct scan_region {
	__u64 start, end, categories;
};
#define SCAN _IOWR('f', 16, struct scan_request)
#define SCAN_WP_MATCHING 1
#define PAGE_WRITTEN (1UL << 1)
#define PAGE_PRESENT (1UL << 3)
#define REGIONS_MAX 4096

static int uffd = -1;

static long uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = WP_ASYNC };
	long error;

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0)
		return -errno;
	if (!ioctl(uffd, UFFDIO_API, &api))
		return 0;
	error = -errno;
	close(uffd);
	uffd = -1;
	return error;
}

long uffd_register(void *at, unsigned long length)
{
	struct uffdio_register request = {
		.range = { .start = (unsigned long)at, .len = length },
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	long error = uffd < 0 ? uffd_open() : 0;

	if (error)
		return error;
	return ioctl(uffd, UFFDIO_REGISTER, &request) ? -errno : 0;
}

/* In a forked child the descriptor is the parent's. */
void uffd_forget(void)
{
	if (uffd >= 0)
		close(uffd);
	uffd = -1;
}

long pagemap_scan(void *at, unsigned long length, long *found)
{
	static struct scan_region regions[REGIONS_MAX];
	struct scan_request request = {
		.size = sizeof(request),
		.flags = SCAN_WP_MATCHING,
		.start = (unsigned long)at,
		.end = (unsigned long)at + length,
		.vec = (unsigned long)regions,
		.vec_len = REGIONS_MAX,
		.category_mask = PAGE_WRITTEN | PAGE_PRESENT,
		.return_mask = PAGE_WRITTEN,
	};
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	long count, i;

	if (pagemap < 0)
		return -errno;
	count = ioctl(pagemap, SCAN, &request);
	close(pagemap);
	*found = 0;
	if (count < 0)
		return -errno;
	for (i = 0; i < count; i++)
		*found += (regions[i].end - regions[i].start) / PAGE;
	return 0;
}
