/* From the initramfs to the host's file system with a scratch layer on top. */
#define _GNU_SOURCE
#include "agent.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PORT_WAIT_MS 10000

void give_up(const char *what)
{
	int console = open("/dev/console", O_WRONLY | O_NOCTTY);

	if (console >= 0) {
		dprintf(console, "landbridge agent: %s: %s\n", what, strerror(errno));
		close(console);
	}
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void make_and_mount(const char *source, const char *target, const char *type, unsigned long flags,
			   const char *data)
{
	mkdir(target, 0755);
	if (mount(source, target, type, flags, data))
		give_up(target);
}

/* For what a kernel may have been built without. */
static void mount_if_there(const char *source, const char *target, const char *type, const char *data)
{
	mkdir(target, 0755);
	mount(source, target, type, MS_NOSUID | MS_NOEXEC | MS_NODEV, data);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		dprintf(2, "%s: %s\n", path, strerror(errno));
	close(fd);
}

/* The value of `landbridge.NAME=` on the kernel's command line. */
static bool boot_option(const char *name, char *value, size_t size)
{
	char line[4096] = "";
	char wanted[64];
	char *rest = line;
	char *word;
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, line, sizeof(line) - 1);

	if (fd >= 0)
		close(fd);
	if (got < 0)
		return false;
	snprintf(wanted, sizeof(wanted), "landbridge.%s=", name);
	while ((word = strsep(&rest, " \n"))) {
		if (strncmp(word, wanted, strlen(wanted)))
			continue;
		snprintf(value, size, "%s", word + strlen(wanted));
		return true;
	}
	return false;
}

/* The initramfs lists the modules that the root file system needs, in order. */
static void load_modules(void)
{
	FILE *list = fopen("/modules.list", "re");
	char name[128];

	if (!list)
		return;
	while (fgets(name, sizeof(name), list)) {
		char path[160];
		int fd;

		name[strcspn(name, "\n")] = '\0';
		snprintf(path, sizeof(path), "/modules/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			give_up(path);
		close(fd);
	}
	fclose(list);
}

static void mount_host(void)
{
	char source[64];
	struct stat device;

	if (!boot_option("root", source, sizeof(source)))
		give_up("landbridge.root= is missing");
	mkdir("/host", 0755);
	if (strcmp(source, "virtiofs") == 0) {
		make_and_mount("host", "/host", "virtiofs", MS_RDONLY, NULL);
		return;
	}
	/* The disk is found a moment after its driver is there. */
	for (int i = 0; i < PORT_WAIT_MS && stat(source, &device); i++)
		usleep(1000);
	make_and_mount(source, "/host", "erofs", MS_RDONLY, NULL);
}

static void mount_scratch(void)
{
	make_and_mount("scratch", "/scratch", "tmpfs", 0, "mode=755");
	mkdir("/scratch/upper", 0755);
	mkdir("/scratch/work", 0755);
	make_and_mount("landbridge", "/new", "overlay", 0,
		       "lowerdir=/host,upperdir=/scratch/upper,workdir=/scratch/work");
}

/* The guest kernel's own modules, wherever the host keeps them. */
static void bind_kernel_modules(void)
{
	char where[1024];
	char source[1100];
	char target[256];
	struct utsname name;

	if (!boot_option("modules", where, sizeof(where)))
		return;
	uname(&name);
	snprintf(source, sizeof(source), "/host%s", where);
	snprintf(target, sizeof(target), "/new/lib/modules/%s", name.release);
	mkdir("/new/lib/modules", 0755);
	mkdir(target, 0755);
	/* A layer of its own, so that modules can be installed there too. */
	mkdir("/scratch/modules", 0755);
	mkdir("/scratch/modules-work", 0755);
	snprintf(where, sizeof(where), "lowerdir=%.900s,upperdir=/scratch/modules,workdir=/scratch/modules-work",
		 source);
	if (mount("modules", target, "overlay", 0, where))
		give_up(target);
}

static void mount_system(void)
{
	make_and_mount("proc", "/proc", "proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	make_and_mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL);
	make_and_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=755");
	make_and_mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "gid=5,mode=620,ptmxmode=666");
	make_and_mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777");
	make_and_mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755");
	mount_if_there("debugfs", "/sys/kernel/debug", "debugfs", "mode=755");
	mount_if_there("tracefs", "/sys/kernel/tracing", "tracefs", NULL);
	mount_if_there("securityfs", "/sys/kernel/security", "securityfs", NULL);
	mount_if_there("bpf", "/sys/fs/bpf", "bpf", "mode=700");
	mount_if_there("cgroup2", "/sys/fs/cgroup", "cgroup2", NULL);
	mkdir("/run/lock", 01777);
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		give_up("/dev/fd");
}

static void enter_new_root(void)
{
	if (chdir("/new") || mount("/new", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		give_up("cannot enter the new root");
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	ioctl(fd, SIOCSIFFLAGS, &request);
	close(fd);
	write_file("/proc/sys/net/ipv4/ping_group_range", "0 2147483647");
}

void boot(void)
{
	static const char name[] = "landbridge";

	mkdir("/proc", 0755);
	mkdir("/dev", 0755);
	make_and_mount("proc", "/proc", "proc", 0, NULL);
	make_and_mount("devtmpfs", "/dev", "devtmpfs", MS_NOSUID, "mode=755");
	load_modules();
	mount_host();
	mount_scratch();
	bind_kernel_modules();
	enter_new_root();
	mount_system();
	umask(022);
	if (sethostname(name, strlen(name)))
		give_up("cannot set the host name");
	bring_up_loopback();
	write_file("/proc/sys/kernel/dmesg_restrict", "0");
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
}

/* The device of the virtio-serial port with our name, once the driver has found it. */
static bool find_named_port(char *path, size_t size)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	bool found = false;

	while (ports && !found && (entry = readdir(ports))) {
		char file[320];
		char name[32] = "";
		int fd;

		snprintf(file, sizeof(file), "/sys/class/virtio-ports/%s/name", entry->d_name);
		fd = open(file, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		found = read(fd, name, sizeof(name) - 1) > 0 && strncmp(name, "landbridge\n", sizeof(name)) == 0;
		close(fd);
		snprintf(path, size, "/dev/%s", entry->d_name);
	}
	if (ports)
		closedir(ports);
	return found;
}

static void make_raw(int fd)
{
	struct termios line;

	if (tcgetattr(fd, &line))
		give_up("the serial line is no terminal");
	cfmakeraw(&line);
	cfsetspeed(&line, B115200);
	line.c_cflag |= CLOCAL;
	tcsetattr(fd, TCSANOW, &line);
}

int open_port(void)
{
	char path[320] = "";
	char serial[64];
	int fd;

	if (boot_option("port", serial, sizeof(serial))) {
		snprintf(path, sizeof(path), "/dev/%s", serial);
		fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd < 0)
			give_up(path);
		make_raw(fd);
		return fd;
	}
	for (int i = 0; i < PORT_WAIT_MS && !find_named_port(path, sizeof(path)); i++)
		usleep(1000);
	fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		give_up("no virtio-serial port named landbridge");
	return fd;
}
