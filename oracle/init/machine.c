// SPDX-License-Identifier: GPL-2.0-only
/* The guest around the script: file systems, modules, the RAM disk, and switching off. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

/* 0 or -errno. */
static int load_module(const char *name, const char *parameters)
{
	char path[300];
	int fd, error = 0;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
		error = -errno;
	if (error)
		fprintf(stderr, "oracle: %s: %s\n", name, strerror(-error));
	close(fd);
	return error;
}

/* Loads every module of /modules/order, lines `FILE PARAMETERS`; the first error, or 0. */
static int load_modules(void)
{
	FILE *order = fopen("/modules/order", "r");
	char line[256];
	int first = 0;

	if (!order)
		return -errno;
	while (fgets(line, sizeof(line), order)) {
		char *parameters = line + strcspn(line, " \n");
		int error;

		line[strcspn(line, "\n")] = 0;
		if (*parameters)
			*parameters++ = 0;
		error = load_module(line, parameters);
		first = first ? first : error;
	}
	fclose(order);
	return first;
}

/* Copies the image of an ext4 file system to the RAM disk and mounts it. */
static int mount_ext4(void)
{
	static char block[1 << 20];
	int from = open("/ext4.img", O_RDONLY | O_CLOEXEC);
	int to = open("/dev/ram0", O_WRONLY | O_CLOEXEC);
	ssize_t count;

	if (from < 0 || to < 0)
		return -errno;
	while ((count = read(from, block, sizeof(block))) > 0) {
		if (write(to, block, count) != count)
			return -errno;
	}
	fsync(to);
	close(from);
	close(to);
	unlink("/ext4.img");
	return mount("/dev/ram0", "/ext4", "ext4", 0, "") ? -errno : 0;
}

#define THP "/sys/kernel/mm/transparent_hugepage/"
#define KHUGEPAGED THP "khugepaged/"

/* What khugepaged has counted there. */
static long khugepaged(const char *path)
{
	size_t length;
	char *text = read_file(path, &length);
	long count = text ? atol(text) : 0;

	free(text);
	return count;
}

long machine_collapsed(void)
{
	return khugepaged(KHUGEPAGED "pages_collapsed");
}

/* Gives khugepaged a process to look at that stays, and where there is nothing to be done. */
static void keep_khugepaged(void)
{
	const size_t length = 1 << 22;
	char *area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		_exit(1);
	/* It is none of khugepaged's before something was there. */
	*area = 1;
	if (madvise(area, length, MADV_HUGEPAGE))
		_exit(1);
	for (;;)
		pause();
}

/*
 * khugepaged would make huge pages of ours, on a slow host sooner. It looks around once when a
 * first process gives it something to do, then sleeps as long as it is told to. Where anonymous
 * memory may ask for huge pages it never ends, to be started anew when shared memory may have
 * them. So it gets that look before anybody else comes. 0 or an error.
 */
static int settle_khugepaged(void)
{
	int error, tries;

	error = write_file(KHUGEPAGED "scan_sleep_millisecs", "4000000000", 0);
	if (!error)
		error = write_file(KHUGEPAGED "max_ptes_none", "0", 0);
	if (!error)
		error = write_file(THP "enabled", "madvise", 0);
	/* It waits for something to do before there is any. */
	usleep(100000);
	if (!fork())
		keep_khugepaged();
	for (tries = 0; tries < 200 && !khugepaged(KHUGEPAGED "full_scans"); tries++)
		usleep(10000);
	return error;
}

struct machine machine_set_up(void)
{
	struct machine machine;

	mount("none", "/dev", "devtmpfs", 0, "");
	mount("none", "/proc", "proc", 0, "");
	mount("none", "/sys", "sysfs", 0, "");
	mount("none", "/sys/kernel/debug", "debugfs", 0, "");
	mount("none", "/sys/kernel/tracing", "tracefs", 0, "");
	machine.khugepaged = settle_khugepaged();
	machine.insmod = load_modules();
	machine.dev = open("/dev/rangewalk", O_RDWR | O_CLOEXEC);
	machine.ext4 = mount_ext4();
	return machine;
}

void machine_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

/* 0 or -errno. `flags` are more of open's. */
int write_file(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags);
	int error = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		error = -errno;
	close(fd);
	return error;
}

/* The whole file, to be freed; NULL if it cannot be read. */
char *read_file(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *text = NULL;
	size_t room = 0;
	ssize_t count = 1;

	*length = 0;
	if (fd < 0)
		return NULL;
	while (count > 0) {
		room += 1 << 16;
		text = realloc(text, room + 1);
		while (*length < room && (count = read(fd, text + *length, room - *length)) > 0)
			*length += count;
	}
	close(fd);
	text[*length] = 0;
	return text;
}

/* Seconds since boot. */
double uptime(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
