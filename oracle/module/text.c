// SPDX-License-Identifier: GPL-2.0-only
/* Answers in the making: bounded text, and the run-length strings of the golden format. */
#include <linux/kernel.h>
#include <linux/string.h>

#include "oracle.h"

void say(struct text *text, const char *format, ...)
{
	size_t left = text->room - text->length;
	va_list args;
	int wanted;

	va_start(args, format);
	wanted = vsnprintf(text->at + text->length, left, format, args);
	va_end(args);
	if (wanted >= left)
		text->full = true;
	else
		text->length += wanted;
}

static void say_token(struct text *text, struct token token)
{
	switch (token.kind) {
	case LETTER:
		say(text, "%c", (char)token.value);
		break;
	case WORD:
		say(text, "%llx", token.value);
		break;
	case LEAF:
		say(text, "L%llx", token.value);
		break;
	case SWAP:
		say(text, "N%llx", token.value);
		break;
	case FILE_PAGE:
		say(text, "f%llu", token.value);
		break;
	case DEVICE_PAGE:
		say(text, "d%llu", token.value);
		break;
	case COUNT:
		say(text, "%llu", token.value);
		break;
	case CACHED_PAGE:
		say(text, "%llu,%llu", token.value >> 32, token.value & U32_MAX);
		break;
	}
}

void runs_end(struct runs *runs)
{
	if (!runs->count)
		return;
	if (runs->text.length)
		say(&runs->text, " ");
	say_token(&runs->text, runs->token);
	if (runs->count > 1)
		say(&runs->text, "*%llu", runs->count);
	runs->count = 0;
}

/* `count` pages that look alike; those of a file or device are added one by one. */
void runs_add(struct runs *runs, struct token token, u64 count)
{
	bool counts_up = token.kind == FILE_PAGE || token.kind == DEVICE_PAGE;
	u64 next = runs->token.value + (counts_up ? runs->count : 0);

	if (!runs->count || runs->token.kind != token.kind || next != token.value) {
		runs_end(runs);
		runs->token = token;
	}
	runs->count += count;
}
