/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the guest's /init share. */
#ifndef RANGEWALK_INIT_H
#define RANGEWALK_INIT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FILES_MAX 8
#define PROCS_MAX 16
#define WORDS_MAX 12
#define PAGE 4096UL
/* Page 0 of the golden format. */
#define WINDOW 0x3fffff00000UL
/* Pages that one `r` or `w` may touch. */
#define HITS_MAX 65536

/* A line of the script, taken apart. */
struct op {
	const char *text;
	char words[WORDS_MAX][32];
	long n[WORDS_MAX]; /* the words as numbers */
	int count;
};

/* out.c: the answer file, through QEMU's debug port; and giving up. */
void out_open(void);
void out(const char *format, ...) __attribute__((format(printf, 1, 2)));
void out_text(const char *text);
void out_flush(void);
void out_quoted(const char *text, size_t length);
void give_up(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* machine.c: the guest around the script. */
struct machine {
	int khugepaged, insmod, dev, ext4; /* errors, and the module's descriptor */
};
struct machine machine_set_up(void);
/* Huge pages that khugepaged made of small ones. */
long machine_collapsed(void);
void machine_off(void) __attribute__((noreturn));
int write_file(const char *path, const char *text, int flags);
char *read_file(const char *path, size_t *length);
double uptime(void);

/* files.c: the scenario's files. */
struct file {
	int fd, fd_read; /* -1: no such file; the second is open for reading only */
	unsigned long pages;
	bool is_buffer;
};
extern struct file files[FILES_MAX];
void files_begin(void);
void files_end(void);
int file_new(const struct op *op, int dev);
bool file_op(const struct op *op, long *rc);

/* worker.c: a process of the scenario, and how it is told what to do. */
struct request {
	char name[12];
	char mode[12];
	long n[6];
	int fd;
};
struct reply {
	long rc, n; /* n: pages that a scan found */
	unsigned hits;
	char hit[HITS_MAX];
};
void workers_begin(void);
void workers_end(void);
pid_t worker_pid(long number);
int worker_new(long number);
int worker_fork(long parent, long child);
int worker_exit(long number);
void worker_ask(long number, const struct request *request, struct reply *reply);

/* track.c: userfaultfd and PAGEMAP_SCAN, of the worker itself. */
long uffd_register(void *at, unsigned long length);
void uffd_forget(void);
long pagemap_scan(void *at, unsigned long length, long *found);

/* serve.c: the worker's own loop. */
void serve(const int *sockets, long number) __attribute__((noreturn));

#endif
