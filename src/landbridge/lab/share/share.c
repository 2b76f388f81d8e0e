/* Run a virtiofsd that cannot write to this machine, whoever starts it and whatever the guest asks.
 *
 * usage: share [--own-root] PROGRAM ARGUMENT...
 *
 * A private mount namespace is made and every mount in it set read-only; the program starts there.
 * --own-root makes a user namespace first, in which an ordinary user is root: the virtiofsd of QEMU
 * needs that. The program dies with the process that started this one.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

/* As in linux/mount.h, which clashes with sys/mount.h on some libraries. */
struct attributes {
	uint64_t set;
	uint64_t clear;
	uint64_t propagation;
	uint64_t user_namespace;
};

#define ATTRIBUTE_READ_ONLY 1u
#define RECURSIVE 0x8000u

static void fail(const char *what)
{
	fprintf(stderr, "share: %s: %s\n", what, strerror(errno));
	exit(125);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		fail(path);
	close(fd);
}

static void become_own_root(void)
{
	char map[64];
	uid_t uid = getuid();
	gid_t gid = getgid();

	if (unshare(CLONE_NEWUSER))
		fail("cannot make a user namespace");
	snprintf(map, sizeof(map), "0 %u 1", uid);
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/setgroups", "deny");
	snprintf(map, sizeof(map), "0 %u 1", gid);
	write_file("/proc/self/gid_map", map);
}

static void make_read_only(void)
{
	struct attributes attributes = { .set = ATTRIBUTE_READ_ONLY };

	if (unshare(CLONE_NEWNS))
		fail("cannot make a mount namespace");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		fail("cannot make mounts private");
	if (syscall(SYS_mount_setattr, -1, "/", RECURSIVE, &attributes, sizeof(attributes)))
		fail("cannot make mounts read-only");
}

/* virtiofsd holds one descriptor for each file that the guest knows. */
static void allow_many_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	pid_t parent = getppid();

	if (argc > 1 && strcmp(argv[1], "--own-root") == 0) {
		become_own_root();
		argc--;
		argv++;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: share [--own-root] PROGRAM ARGUMENT...\n");
		return 125;
	}
	make_read_only();
	allow_many_files();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return 125;
	execv(argv[1], argv + 1);
	fail(argv[1]);
}
