/* pedel - what the operator does from a shell: set up, keep, check. The words are documented in docs/man/pedel.1. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/moment.h"
#include "bin/cli.h"

enum { MEMORY_MOST = 512 << 20 };

struct option { const char *name; size_t at; };
static const struct option options[] = {
	{ "data", offsetof(struct cli, data) }, { "provider", offsetof(struct cli, provider) }, { "cvr", offsetof(struct cli, cvr) },
	{ "db", offsetof(struct cli, db) }, { "origin", offsetof(struct cli, origin) }, { "login", offsetof(struct cli, login) }, { "name", offsetof(struct cli, name) },
	{ "to", offsetof(struct cli, to) }, { "from", offsetof(struct cli, from) }, { "tickets", offsetof(struct cli, tickets) },
};
/* needs and may: options, space between. A command of two words is written so. */
static const struct command {
	const char *name, *needs, *may;
	int (*run)(struct cli *c, struct err *e);
	const char *help;
} commands[] = {
	{ "init", "data provider cvr", "db origin", cli_init, "init --data DIR --provider NAME --cvr N [--db URL] [--origin URL]" },
	{ "admin add", "data login name password-stdin", "", cli_admin_add, "admin add --data DIR --login L --name N --password-stdin" },
	{ "token add", "data login name", "", cli_token_add, "token add --data DIR --login L --name N" },
	{ "demo", "data", "tickets", cli_demo, "demo --data DIR [--tickets N]" },
	{ "verify", "", "data from", cli_verify, "verify --data DIR | --from FILE" },
	{ "backup", "data to", "", cli_backup, "backup --data DIR --to FILE" },
	{ "restore", "data from", "db", cli_restore, "restore --data DIR --from FILE [--db URL]" },
	{ "move-db", "data to", "", cli_move_db, "move-db --data DIR --to URL|sqlite" },
};
enum { NCOMMANDS = sizeof commands / sizeof *commands, NOPTIONS = sizeof options / sizeof *options };

static void help(FILE *f)
{
	fputs("pedel " PEDEL_VERSION "\n\n", f);
	for (int i = 0; i < NCOMMANDS; i++)
		fprintf(f, "  pedel %s\n", commands[i].help);
	fputs("  pedel --help | --version\n\nExit codes: 0 done, 1 not done, 2 wrong input. The manual is pedel(1).\n", f);
}

static int wrong(const struct cli *c, const char *en, const char *da, const char *what)
{
	fprintf(stderr, "pedel: ");
	fprintf(stderr, c->lang == LANG_DA ? "%s%s. Se pedel --help.\n" : "%s%s. See pedel --help.\n", c->lang == LANG_DA ? da : en, what);
	return 2;
}

static bool listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = list; *s; s += strcspn(s, " "), s += *s == ' ')
		if (strncmp(s, word, n) == 0 && (s[n] == ' ' || !s[n]))
			return true;
	return false;
}

/* The options after the command's words: 0, or the exit code. */
static int parse(struct cli *c, const struct command *k, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i], *value = NULL, *eq;
		char name[40];
		int o;

		if (strncmp(word, "--", 2) != 0)
			return wrong(c, "what is ", "hvad er ", word);
		eq = strchr(word, '=');
		snprintf(name, sizeof name, "%.*s", (int)(eq ? eq - word - 2 : 38), word + 2);
		if (!listed(k->needs, name) && !listed(k->may, name))
			return wrong(c, "this command does not take ", "kommandoen kender ikke ", word);
		if (strcmp(name, "password-stdin") == 0) {
			c->password_stdin = true;
			continue;
		}
		value = eq ? eq + 1 : i + 1 < argc ? argv[++i] : NULL;
		if (!value || (!*value && strcmp(name, "login") != 0))      /* a login has a sentence of its own */
			return wrong(c, "a value is missing after ", "der mangler en værdi efter ", word);
		for (o = 0; o < NOPTIONS && strcmp(options[o].name, name) != 0; o++)
			;
		if (o < NOPTIONS)
			*(const char **)((char *)c + options[o].at) = value;
	}
	for (int o = 0; o < NOPTIONS; o++)
		if (listed(k->needs, options[o].name) && !*(const char **)((char *)c + options[o].at))
			return wrong(c, "this is missing: --", "der mangler: --", options[o].name);
	if (listed(k->needs, "password-stdin") && !c->password_stdin)
		return wrong(c, "this is missing: --", "der mangler: --", "password-stdin");
	return 0;
}

static int tell(const struct cli *c, const struct err *e)
{
	fprintf(stderr, "pedel: %s", err_text(e->id, c->lang));
	if (e->field[0] || e->detail[0])
		fprintf(stderr, " [%s%s%s]", e->field, e->field[0] && e->detail[0] ? ": " : "", e->detail);
	fprintf(stderr, " (%s)\n", err_name(e->id));
	return err_kind(e->id) == ERR_INPUT ? 2 : 1;
}

/* Root that works on somebody else's folder does so as its owner: what is made there must be readable to pedeld, and root has no
 * business in a folder where another can put links. */
static int become_owner(const char *folder)
{
	struct passwd *owner;
	struct stat st;

	if (geteuid() != 0 || !folder || stat(folder, &st) != 0 || st.st_uid == 0)
		return 0;
	owner = getpwuid(st.st_uid);
	if ((owner ? initgroups(owner->pw_name, owner->pw_gid) : setgroups(1, &st.st_gid)) != 0 ||
	    setgid(owner ? owner->pw_gid : st.st_gid) != 0 || setuid(st.st_uid) != 0)
		return fprintf(stderr, "pedel: %s: %s\n", folder, strerror(errno)), -1;
	return 0;
}

int main(int argc, char **argv)
{
	const char *lang = getenv("LC_ALL") && *getenv("LC_ALL") ? getenv("LC_ALL") : getenv("LANG");
	struct cli c = { .lang = lang && strncmp(lang, "da", 2) == 0 ? LANG_DA : LANG_EN };
	const struct command *k = NULL;
	struct err e = { 0 };
	int words = 0, rc;

	moment_zone();
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("pedel " PEDEL_VERSION), 0;
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0))
		return help(stdout), 0;
	if (argc < 2)
		return help(stderr), 2;
	for (int i = 0; i < NCOMMANDS && !k; i++) {
		size_t n = strcspn(commands[i].name, " ");
		const char *second = commands[i].name[n] ? commands[i].name + n + 1 : NULL;

		if (strncmp(argv[1], commands[i].name, n) != 0 || argv[1][n] || (second && (argc < 3 || strcmp(argv[2], second) != 0)))
			continue;
		k = &commands[i];
		words = second ? 2 : 1;
	}
	if (!k)
		return wrong(&c, "there is no such command: ", "den kommando findes ikke: ", argv[1]);
	if (argc == words + 2 && strcmp(argv[words + 1], "--help") == 0)
		return printf("pedel %s\n", k->help), 0;
	rc = parse(&c, k, argc - 1 - words, argv + 1 + words);
	if (rc != 0)
		return rc;
	if (sodium_init() < 0)
		return fprintf(stderr, "pedel: libsodium\n"), 1;
	umask(077);
	if (become_owner(c.data) != 0)
		return 1;
	c.a = arena_begin(MEMORY_MOST);
	rc = k->run(&c, &e) == 0 ? 0 : tell(&c, &e);
	arena_end(c.a);
	return rc;
}
