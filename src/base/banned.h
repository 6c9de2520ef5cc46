/* banned.h - functions that Pedel does not use, made into compile errors. Force-included before every file.
 * Each has a bounded or reentrant stand-in: buf_*, snprintf, strtok_r, text_int, moment_local, fork and execv with an array.
 * Ownership: none.  Errors: the compiler's.  Units: none.  Threads: most of these are not safe with more than one: a reason too.
 * Source: after git's banned.h. */
#ifndef PEDEL_BASE_BANNED_H
#define PEDEL_BASE_BANNED_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define BANNED(func) pedel_does_not_use_##func
#undef strcpy
#define strcpy(to, from) BANNED(strcpy)
#undef strcat
#define strcat(to, from) BANNED(strcat)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef strtok
#define strtok(s, sep) BANNED(strtok)
#undef gets
#define gets(s) BANNED(gets)
#undef atoi
#define atoi(s) BANNED(atoi)
#undef atol
#define atol(s) BANNED(atol)
#undef popen
#define popen(cmd, mode) BANNED(popen)
#undef system
#define system(cmd) BANNED(system)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef ctime
#define ctime(t) BANNED(ctime)
#undef alloca
#define alloca(n) BANNED(alloca)
#endif
