#include "os/fence.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Debian 12's headers end at version 2; these are the kernel's, up to version 7. */
enum { FS_ABI1 = 13, NET_RULE = 2, NET_BIND = 1, NET_CONNECT = 2 };
#define FS_REFER     (1ull << 13)       /* version 2: rename and link between folders */
#define FS_TRUNCATE  (1ull << 14)       /* version 3 */
#define FS_IOCTL_DEV (1ull << 15)       /* version 5 */
struct ruleset { uint64_t fs, net, scoped; };
struct port_rule { uint64_t access, port; };

int fence_version(void)
{
	long got = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return got > 0 ? (int)got : 0;
}

static uint64_t fs_rights(int may, uint64_t known)
{
	uint64_t r = 0;

	if (may & (FENCE_READ | FENCE_WRITE))
		r |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	if (may & FENCE_RUN)
		r |= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
	if (may & FENCE_WRITE)          /* all but running and making devices */
		r |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
			LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | FS_REFER | FS_TRUNCATE;
	return r & known;
}

static int path_add(int rules, const struct fence_path *p, uint64_t known)
{
	const uint64_t of_files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | FS_TRUNCATE;
	struct landlock_path_beneath_attr one = { .allowed_access = fs_rights(p->may, known), .parent_fd = open(p->path, O_PATH | O_CLOEXEC) };
	struct stat st;
	int rc = 0;

	if (one.parent_fd < 0)
		return 0;
	if (fstat(one.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		one.allowed_access &= of_files;
	if (one.allowed_access)
		rc = (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &one, 0);
	close(one.parent_fd);
	return rc;
}

int fence_close(const struct fence *f, struct err *e)
{
	int version = fence_version(), rules, rc = 0;
	struct ruleset all = { .fs = (1ull << FS_ABI1) - 1 };

	if (!version)
		return FAIL(e, E_CONFINE, "the kernel has no landlock");
	all.fs |= (version >= 2 ? FS_REFER : 0) | (version >= 3 ? FS_TRUNCATE : 0) | (version >= 5 ? FS_IOCTL_DEV : 0);
	all.net = version < 4 ? 0 : f->nport < 0 ? NET_BIND : NET_BIND | NET_CONNECT;
	all.scoped = version >= 6 ? (uint64_t)f->scope : 0;
	rules = (int)syscall(SYS_landlock_create_ruleset, &all, version < 4 ? sizeof all.fs : version < 6 ? offsetof(struct ruleset, scoped) : sizeof all, 0);
	if (rules < 0)
		return FAIL(e, E_CONFINE, "landlock: %s", strerror(errno));
	for (int i = 0; i < f->npath && rc == 0; i++)
		rc = path_add(rules, &f->path[i], all.fs);
	for (int i = 0; i < f->nport && version >= 4 && rc == 0; i++) {
		struct port_rule one = { NET_CONNECT, (uint64_t)f->port[i] };

		rc = (int)syscall(SYS_landlock_add_rule, rules, NET_RULE, &one, 0);
	}
	if (rc == 0)
		rc = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (rc == 0)
		rc = (int)syscall(SYS_landlock_restrict_self, rules, 0);
	if (rc != 0)
		FAIL(e, E_CONFINE, "landlock: %s", strerror(errno));
	close(rules);
	return rc == 0 ? 0 : -1;
}
