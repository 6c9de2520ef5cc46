/* t.h - what every unit test includes: cmocka and what it needs, and a few of our own. */
#ifndef TESTS_T_H
#define TESTS_T_H
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include "base/arena.h"
#include "base/err.h"

#define CHECK(c) assert_true(c)
#define CHECK_STR(a, b) assert_string_equal((a), (b))
#define CHECK_INT(a, b) assert_int_equal((a), (b))
/* A row of a table that fails should say which. */
#define CHECK_ROW(i, c) do { if (!(c)) { print_message("row %d: %s\n", (int)(i), #c); fail(); } } while (0)

static inline int t_entries(const char *folder)
{
	DIR *h = opendir(folder);
	int n = 0;

	while (h && readdir(h))
		n++;
	if (h)
		closedir(h);
	return n;
}
#endif
