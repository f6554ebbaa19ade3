// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle's /init: replays /script, a script in the golden format, and writes one JSON line a
 * scenario to the debug port. Format and answers: golden/README.md.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "init.h"

#define ANSWER_ROOM (16UL << 20)

static int dev;
static bool traced; /* by the scenario */
static char answer[ANSWER_ROOM];

/* Ops that the module answers itself, given its line. */
static const char *const module_ops[] = { "wp",	     "clean",	"bmreset", "zap",  "zapp",
					  "mkclean", "wprange", "dax",	   "dump", "tree",
					  "order",   "pages",	"bufbits", "migrate", "migrated" };

static int tell_module(const char *line)
{
	return write(dev, line, strlen(line)) < 0 ? -errno : 0;
}

static void ask_module(const char *line)
{
	int error = tell_module(line);
	ssize_t count;

	if (error) {
		out("\"rc\":%d", error);
		return;
	}
	count = read(dev, answer, sizeof(answer) - 1);
	answer[count > 0 ? count : 0] = 0;
	out_text(answer);
}

/* Which process has which number: asked before the ops that name processes. */
static void tell_pids(void)
{
	char line[256] = "pids";

	for (int i = 0; i < PROCS_MAX; i++)
		snprintf(line + strlen(line), sizeof(line) - strlen(line), " %d", worker_pid(i));
	if (tell_module(line))
		give_up("the module does not take the process numbers");
}

static bool op_for_module(const struct op *op)
{
	for (size_t i = 0; i < sizeof(module_ops) / sizeof(*module_ops); i++) {
		if (strcmp(op->words[0], module_ops[i]))
			continue;
		tell_pids();
		ask_module(op->text);
		return true;
	}
	return false;
}

/* Ops that the process whose number comes first does to itself. */
static bool op_for_worker(const struct op *op)
{
	static const char *const names[] = { "map",   "r",     "w",    "unmap", "prot", "dontneed",
					     "msync", "remap", "uffd", "scan" };
	struct request request = { .fd = -1 };
	static struct reply reply;
	bool is_map = !strcmp(op->words[0], "map");
	int first = is_map ? 3 : 2; /* the word after process and file */
	bool known = false;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		known |= !strcmp(op->words[0], names[i]);
	if (!known)
		return false;
	if (op->count < first || !worker_pid(op->n[1])) {
		out("\"rc\":%d", -ESRCH);
		return true;
	}
	snprintf(request.name, sizeof(request.name), "%.11s", op->words[0]);
	snprintf(request.mode, sizeof(request.mode), "%.11s", op->words[op->count - 1]);
	for (int i = first; i < op->count && i - first < 6; i++)
		request.n[i - first] = op->n[i];
	if (is_map && op->n[2] >= 0 && op->n[2] < FILES_MAX) {
		const struct file *file = &files[op->n[2]];

		request.fd = strchr(request.mode, 'R') ? file->fd_read : file->fd;
	}
	worker_ask(op->n[1], &request, &reply);
	out("\"rc\":%ld", reply.rc);
	if (!strcmp(op->words[0], "scan"))
		out(",\"n\":%ld", reply.n);
	if (reply.hits) {
		out_text(",\"hits\":");
		out_quoted(reply.hit, reply.hits);
	}
	return true;
}

static long softclear(const struct op *op)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", worker_pid(op->n[1]));
	return write_file(path, op->words[2], 0);
}

/* levels N: 0 if the machine's page tables have so many. */
static long levels(const struct op *op)
{
	/* Only five levels reach it. */
	void *beyond = mmap((void *)(1UL << 47), PAGE, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (beyond != MAP_FAILED)
		munmap(beyond, PAGE);
	return op->n[1] == (beyond == MAP_FAILED ? 4 : 5) ? 0 : -EINVAL;
}

/* The number behind a line's name, from kB to pages. */
static unsigned long pages_of(const char *text, const char *name)
{
	const char *line = strstr(text, name);

	return line ? strtoul(line + strlen(name), NULL, 10) / 4 : 0;
}

/* smaps P A: what it says of the VMA at window page A. */
static void say_smaps(const struct op *op)
{
	static const char *const names[] = { "\nRss:", "\nShared_Clean:", "\nShared_Dirty:",
					     "\nPrivate_Clean:", "\nPrivate_Dirty:" };
	unsigned long at = WINDOW + op->n[2] * PAGE, start, end;
	char path[40], *text, *line;
	bool found = false;
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/smaps", worker_pid(op->n[1]));
	text = read_file(path, &length);
	for (line = text; line && *line && !found; line = strchr(line, '\n')) {
		line += *line == '\n';
		found = sscanf(line, "%lx-%lx ", &start, &end) == 2 && start <= at && at < end;
		if (found)
			break;
	}
	out("\"rc\":%d,\"smaps\":[", found ? 0 : -EFAULT);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		out("%s%lu", i ? "," : "", found ? pages_of(line, names[i]) : 0);
	out_text("]");
	free(text);
}

/* tr FILE TEXT: a write to tracefs. */
static long trace_write(const char *text)
{
	char path[128] = "/sys/kernel/tracing/";
	const char *file = text + strlen("tr ");
	size_t length = strcspn(file, " ");
	bool is_trace;

	traced = true;
	strncat(path, file, length < 64 ? length : 64);
	/* Only truncation empties the trace; in a list of events it would undo the ones before. */
	is_trace = length == strlen("trace") && !strncmp(file, "trace", length);
	return write_file(path, file[length] ? file + length + 1 : "", is_trace ? O_TRUNC : 0);
}

/* As it was at boot, so that no scenario traces for the next one. */
static void trace_reset(void)
{
	write_file("/sys/kernel/tracing/events/enable", "0", 0);
	write_file("/sys/kernel/tracing/current_tracer", "nop", 0);
	write_file("/sys/kernel/tracing/kprobe_events", "", O_TRUNC);
	write_file("/sys/kernel/tracing/set_graph_function", "", O_TRUNC);
	write_file("/sys/kernel/tracing/tracing_on", "1", 0);
	write_file("/sys/kernel/tracing/trace", "", O_TRUNC);
}

static void say_file(const char *path, const char *key)
{
	size_t length;
	char *text = read_file(path, &length);

	out("\"%s\":", key);
	out_quoted(text ? text : "", length);
	free(text);
}

/* A comment, or the mark of function_graph where another task goes on. */
static bool is_remark(const char *line)
{
	return *line == '#' || !strncmp(line, " ---", 4) || strstr(line, " => ");
}

/* The trace's lines but for remarks, as a list. */
static void say_trace(void)
{
	size_t length;
	char *text = read_file("/sys/kernel/tracing/trace", &length);
	char *place = NULL, *line;
	const char *gap = "";

	out_text("\"trace\":[");
	for (line = strtok_r(text, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
		if (is_remark(line))
			continue;
		out_text(gap);
		out_quoted(line, strlen(line));
		gap = ",";
	}
	out_text("]");
	free(text);
}

static void run_op(const struct op *op)
{
	const char *name = op->words[0];
	long rc;

	if (op_for_module(op) || op_for_worker(op))
		return;
	if (!strcmp(name, "trdump")) {
		say_trace();
		return;
	}
	if (!strcmp(name, "smaps")) {
		say_smaps(op);
		return;
	}
	if (!strcmp(name, "cat")) {
		say_file(op->text + strlen("cat "), "text");
		return;
	}
	if (!strcmp(name, "levels"))
		rc = levels(op);
	else if (!strcmp(name, "file"))
		rc = file_new(op, dev);
	else if (!strcmp(name, "proc"))
		rc = worker_new(op->n[1]);
	else if (!strcmp(name, "fork"))
		rc = worker_fork(op->n[1], op->n[2]);
	else if (!strcmp(name, "exit"))
		rc = worker_exit(op->n[1]);
	else if (!strcmp(name, "softclear"))
		rc = softclear(op);
	else if (!strcmp(name, "faround"))
		rc = write_file("/sys/kernel/debug/fault_around_bytes", op->words[1], 0);
	else if (!strcmp(name, "tr"))
		rc = trace_write(op->text);
	else if (!file_op(op, &rc))
		rc = -ENOSYS;
	out("\"rc\":%ld", rc);
}

static void take_apart(const char *text, struct op *op)
{
	int used;

	memset(op, 0, sizeof(*op));
	op->text = text;
	while (op->count < WORDS_MAX && sscanf(text, "%31s%n", op->words[op->count], &used) == 1) {
		op->n[op->count] = strtol(op->words[op->count], NULL, 10);
		op->count++;
		text += used;
	}
}

static void scenario_begin(const char *name)
{
	if (tell_module("reset"))
		give_up("the module does not answer");
	files_begin();
	workers_begin();
	out("{\"s\":\"%s\",\"ops\":[", name);
}

static void scenario_end(void)
{
	workers_end();
	files_end();
	if (traced)
		trace_reset();
	traced = false;
	if (tell_module("reset"))
		give_up("the module does not answer");
	out("]}\n");
	out_flush();
}

/* Scenarios replayed. */
static int replay(char *script)
{
	char *place = NULL, *line;
	const char *gap = "";
	int count = 0;

	for (line = strtok_r(script, "\n", &place); line; line = strtok_r(NULL, "\n", &place)) {
		struct op op;

		if (*line == '#')
			continue;
		if (!strncmp(line, "scenario ", 9)) {
			if (count++)
				scenario_end();
			scenario_begin(line + 9);
			gap = "";
			continue;
		}
		take_apart(line, &op);
		out("%s{\"op\":", gap);
		out_quoted(line, strlen(line));
		out_text(",");
		run_op(&op);
		out_text("}");
		gap = ",";
	}
	if (count)
		scenario_end();
	return count;
}

int main(int argc, char **argv)
{
	struct machine machine;
	struct utsname kernel;
	size_t length;
	char *script;
	double begin;
	int count;

	/* The C library's restartable sequences would write to a page of ours at any moment. */
	if (!getenv("GLIBC_TUNABLES")) {
		setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execv(argv[0], argv);
	}
	(void)argc;
	machine = machine_set_up();
	dev = machine.dev;
	out_open();
	uname(&kernel);
	begin = uptime();
	out("{\"kernel\":\"%s\",\"insmod\":%d,\"dev\":%d,\"ext4\":%d,\"t\":%.3f,", kernel.release,
	    machine.insmod, machine.dev, machine.ext4, begin);
	out("\"version\":\"%s\"}\n", kernel.version);
	out_flush();
	if (machine.khugepaged || machine.insmod || machine.dev < 0 || machine.ext4)
		give_up("khugepaged %d, modules %d, device %d, ext4 %d", machine.khugepaged,
			machine.insmod, machine.dev, machine.ext4);
	script = read_file("/script", &length);
	if (!script)
		give_up("there is no /script");
	count = replay(script);
	out("{\"done\":%d,\"secs\":%.3f,\"collapsed\":%ld}\n", count, uptime() - begin,
	    machine_collapsed());
	out_flush();
	machine_off();
}
