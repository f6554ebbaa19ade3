// SPDX-License-Identifier: GPL-2.0-only
/* The answers' way out: I/O port 0xe9, which QEMU's -debugcon writes to a file. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

#include "init.h"

#define PORT 0xe9

static char buffer[1 << 16];
static size_t length;

void out_open(void)
{
	if (ioperm(PORT, 1, 1))
		give_up("no permission for the debug port");
}

void out_flush(void)
{
	outsb(PORT, buffer, length);
	length = 0;
}

static void out_bytes(const char *bytes, size_t count)
{
	while (count > 0) {
		size_t room = sizeof(buffer) - length;
		size_t part = count < room ? count : room;

		memcpy(buffer + length, bytes, part);
		length += part;
		bytes += part;
		count -= part;
		if (length == sizeof(buffer))
			out_flush();
	}
}

void out_text(const char *text)
{
	out_bytes(text, strlen(text));
}

void out(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	out_text(text);
}

/* A JSON string; line ends become spaces, other control characters are left out. */
void out_quoted(const char *text, size_t count)
{
	out_bytes("\"", 1);
	for (; count > 0; text++, count--) {
		if (*text == '"' || *text == '\\')
			out_bytes("\\", 1);
		if (*text == '\n' || *text == '\t')
			out_bytes(" ", 1);
		else if ((unsigned char)*text >= ' ')
			out_bytes(text, 1);
	}
	out_bytes("\"", 1);
}

/* Says why on the console and stops: the answer file stays without its last line. */
void give_up(const char *format, ...)
{
	va_list args;

	out_flush();
	fprintf(stderr, "oracle: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n");
	machine_off();
}
