// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scenario's processes, as /init sees them. Each is a child of /init, those that another one
 * forked as well, and hangs on a socket of its own; all sockets exist before the first process.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init.h"

/* No request takes that long. */
#define PATIENCE_MS 60000

static pid_t pids[PROCS_MAX];
static int ours[PROCS_MAX], theirs[PROCS_MAX];

void workers_begin(void)
{
	for (int i = 0; i < PROCS_MAX; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair))
			give_up("socketpair: %s", strerror(errno));
		ours[i] = pair[0];
		theirs[i] = pair[1];
		pids[i] = 0;
	}
}

static bool is_number(long number)
{
	return number >= 0 && number < PROCS_MAX;
}

/* 0: no such process. */
pid_t worker_pid(long number)
{
	return is_number(number) ? pids[number] : 0;
}

static void kill_worker(long number)
{
	kill(pids[number], SIGKILL);
	waitpid(pids[number], NULL, 0);
	pids[number] = 0;
}

void workers_end(void)
{
	for (int i = 0; i < PROCS_MAX; i++) {
		if (pids[i])
			kill_worker(i);
		close(ours[i]);
		close(theirs[i]);
	}
}

/* Waits for the answer to what the process was asked. */
static void hear(long number, const char *what, struct reply *reply)
{
	struct pollfd answer = { .fd = ours[number], .events = POLLIN };

	if (poll(&answer, 1, PATIENCE_MS) != 1)
		give_up("process %ld hangs in `%s`", number, what);
	if (read(ours[number], reply, sizeof(*reply)) <= 0)
		give_up("process %ld died in `%s`", number, what);
}

int worker_new(long number)
{
	static struct reply ready;
	pid_t pid;

	if (!is_number(number) || pids[number])
		return -EINVAL;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		serve(theirs, number);
	pids[number] = pid;
	/* Until it says that it is ready, memory of ours is still mapped in it. */
	hear(number, "proc", &ready);
	return 0;
}

int worker_fork(long parent, long child)
{
	struct request request = { .name = "fork", .n = { child } };
	static struct reply reply;

	if (!worker_pid(parent) || !is_number(child) || pids[child])
		return -EINVAL;
	worker_ask(parent, &request, &reply);
	if (reply.rc < 0)
		return reply.rc;
	pids[child] = reply.rc;
	return 0;
}

/* The process ends by itself; when this returns its mm is gone. */
int worker_exit(long number)
{
	struct request request = { .name = "exit" };

	if (!worker_pid(number))
		return -EINVAL;
	if (write(ours[number], &request, sizeof(request)) != sizeof(request))
		give_up("process %ld does not listen", number);
	waitpid(pids[number], NULL, 0);
	pids[number] = 0;
	return 0;
}

void worker_ask(long number, const struct request *request, struct reply *reply)
{
	if (write(ours[number], request, sizeof(*request)) != sizeof(*request))
		give_up("process %ld does not listen", number);
	hear(number, request->name, reply);
}
