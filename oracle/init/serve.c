// SPDX-License-Identifier: GPL-2.0-only
/*
 * A process of the scenario: does to its own window what it is asked to. Around every access it
 * reads its own fault counters, after a rehearsal that has whatever these lines themselves touch
 * faulted in.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "init.h"

/* The program is linked to low addresses; user addresses end here. */
#define PROGRAM_END 0x100000000UL
#define ADDRESSES_END 0x7ffffffff000UL

enum access { LOAD, STORE };

static sigjmp_buf after_signal;
static volatile char signal_letter;
static volatile char rehearsal[PAGE];
static struct request request;
static struct reply reply;

static void on_signal(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (number == SIGBUS)
		signal_letter = 'B';
	else
		signal_letter = info->si_code == SEGV_ACCERR ? 'A' : 'S';
	siglongjmp(after_signal, 1);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* Faults that one access took. */
static long touch(volatile char *at, enum access access)
{
	long before = faults();

	if (access == STORE)
		*at = 1;
	else
		(void)*at;
	return faults() - before;
}

static char hit(volatile char *at, enum access access)
{
	long count;

	touch(rehearsal, access);
	if (sigsetjmp(after_signal, 0))
		return signal_letter;
	count = touch(at, access);
	return count < 10 ? '0' + count : '+';
}

static long access_pages(char *first, unsigned long count, enum access access)
{
	for (unsigned long i = 0; i < count && i < HITS_MAX; i++) {
		reply.hit[i] = hit(first + i * PAGE, access);
		reply.hits++;
	}
	return 0;
}

static void *address(unsigned long page)
{
	return (void *)(WINDOW + page * PAGE);
}

static long result(long value)
{
	return value == -1 ? -errno : 0;
}

/* n: ADDR LEN PGOFF */
static long map(void *at)
{
	const char *letter = request.mode;
	int protection = PROT_NONE, flags = MAP_FIXED;

	flags |= *letter++ == 's' ? MAP_SHARED : MAP_PRIVATE;
	for (; *letter; letter++) {
		protection |= *letter == 'r' ? PROT_READ : 0;
		protection |= *letter == 'w' ? PROT_WRITE : 0;
		protection |= *letter == 'x' ? PROT_EXEC : 0;
		flags |= *letter == 'P' ? MAP_POPULATE : 0;
	}
	flags |= request.fd < 0 ? MAP_ANONYMOUS : 0;
	at = mmap(at, request.n[1] * PAGE, protection, flags, request.fd, request.n[2] * PAGE);
	return at == MAP_FAILED ? -errno : 0;
}

static int protection_of(const char *word)
{
	if (!strcmp(word, "rw"))
		return PROT_READ | PROT_WRITE;
	return !strcmp(word, "r") ? PROT_READ : PROT_NONE;
}

static void listen_to(const int *sockets, long number) __attribute__((noreturn));

/* fork(), but the child's parent is /init too: it is the one who waits. */
static long fork_to(const int *sockets, long child)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		uffd_forget();
		listen_to(sockets, child);
	}
	return pid < 0 ? -errno : pid;
}

static long perform(const int *sockets)
{
	const char *name = request.name;
	unsigned long length = request.n[1] * PAGE;
	void *at = address(request.n[0]);

	if (!strcmp(name, "r"))
		return access_pages(at, request.n[1], LOAD);
	if (!strcmp(name, "w"))
		return access_pages(at, request.n[1], STORE);
	if (!strcmp(name, "map"))
		return map(at);
	if (!strcmp(name, "unmap"))
		return result(munmap(at, length));
	if (!strcmp(name, "prot"))
		return result(mprotect(at, length, protection_of(request.mode)));
	if (!strcmp(name, "dontneed"))
		return result(madvise(at, length, MADV_DONTNEED));
	if (!strcmp(name, "msync"))
		return result(msync(at, length, MS_SYNC));
	if (!strcmp(name, "remap")) {
		void *to = address(request.n[2]);

		to = mremap(at, length, request.n[3] * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to);
		return to == MAP_FAILED ? -errno : 0;
	}
	if (!strcmp(name, "uffd"))
		return uffd_register(at, length);
	if (!strcmp(name, "scan"))
		return pagemap_scan(at, length, &reply.n);
	if (!strcmp(name, "fork"))
		return fork_to(sockets, request.n[0]);
	if (!strcmp(name, "exit"))
		_exit(0);
	return -ENOSYS;
}

static void answer(int socket)
{
	if (write(socket, &reply, offsetof(struct reply, hit) + reply.hits) < 0)
		_exit(1);
}

static void listen_to(const int *sockets, long number)
{
	int socket = sockets[number];

	for (;;) {
		if (read(socket, &request, sizeof(request)) != sizeof(request))
			_exit(1);
		reply.hits = 0;
		reply.n = 0;
		reply.rc = perform(sockets);
		answer(socket);
	}
}

static const int *first_sockets;
static long first_number;

static void begin(void)
{
	/* The old stack, the vdso and whatever else lies above the program. */
	munmap((void *)PROGRAM_END, ADDRESSES_END - PROGRAM_END);
	catch_signals();
	answer(first_sockets[first_number]); /* ready */
	listen_to(first_sockets, first_number);
}

/*
 * Everything a process needs is static, its stack too: it maps no memory of its own but the
 * program, so that all other addresses, and their page tables, are the scenario's.
 */
void serve(const int *sockets, long number)
{
	static char stack[1 << 16];
	ucontext_t context;

	first_sockets = sockets;
	first_number = number;
	getcontext(&context);
	context.uc_stack.ss_sp = stack;
	context.uc_stack.ss_size = sizeof(stack);
	context.uc_link = NULL;
	makecontext(&context, begin, 0);
	setcontext(&context);
	_exit(1);
}
