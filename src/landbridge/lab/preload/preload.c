/* What QEMU's virtiofsd takes for granted and the root of a user namespace does not have.
 *
 * - It ends if it cannot drop its supplementary groups. They are the user's own, which the guest
 *   may read as anyway: do nothing, say it is done.
 * - The guest's overlay opens every file with O_NOATIME, which only a file's owner may.
 * - Files of everyone but the user look like the overflow user's, which the guest knows as nobody:
 *   show them as root's, which almost all are, so that nobody owns nothing there.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#define OVERFLOW_ID 65534

int setgroups(size_t count, const gid_t *groups)
{
	(void)count;
	(void)groups;
	return 0;
}

int openat64(int directory, const char *path, int flags, ...)
{
	static int (*real)(int, const char *, int, ...);
	va_list rest;
	mode_t mode;

	va_start(rest, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
	va_end(rest);
	if (!real)
		real = dlsym(RTLD_NEXT, "openat64");
	return real(directory, path, flags & ~O_NOATIME, mode);
}

int __openat64_2(int directory, const char *path, int flags);

/* The same, as hardened programs call it. */
int __openat64_2(int directory, const char *path, int flags)
{
	return openat64(directory, path, flags);
}

int fstatat64(int directory, const char *restrict path, struct stat64 *restrict status, int flags)
{
	static int (*real)(int, const char *, struct stat64 *, int);
	int result;

	if (!real)
		real = dlsym(RTLD_NEXT, "fstatat64");
	result = real(directory, path, status, flags);
	if (!result && status->st_uid == OVERFLOW_ID)
		status->st_uid = 0;
	if (!result && status->st_gid == OVERFLOW_ID)
		status->st_gid = 0;
	return result;
}

int statx(int directory, const char *restrict path, int flags, unsigned int mask, struct statx *restrict status)
{
	static int (*real)(int, const char *, int, unsigned int, struct statx *);
	int result;

	if (!real)
		real = dlsym(RTLD_NEXT, "statx");
	result = real(directory, path, flags, mask, status);
	if (!result && status->stx_uid == OVERFLOW_ID)
		status->stx_uid = 0;
	if (!result && status->stx_gid == OVERFLOW_ID)
		status->stx_gid = 0;
	return result;
}
