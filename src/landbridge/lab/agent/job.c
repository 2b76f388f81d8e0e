/* Jobs: the host's commands, each with its own session and its own pipes or terminal. */
#define _GNU_SOURCE
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DRAIN_PIECES 512 /* a background process may go on writing for ever */

struct job {
	bool used;
	uint16_t id;
	pid_t pid;
	bool tty;
	int input;  /* what the job reads, or -1 */
	int output; /* what the job writes to its standard output (or terminal), or -1 */
	int error;
	struct backlog pending;
};

/* The ends that the job itself gets. */
struct ends {
	int input;
	int output;
	int error;
};

static struct job jobs[JOBS_MAX];

static struct job *job_find(uint16_t id)
{
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (jobs[i].used && jobs[i].id == id)
			return &jobs[i];
	return NULL;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void set_nonblocking(int fd)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void job_close(struct job *job)
{
	if (!job->tty)
		close_fd(&job->input);
	close_fd(&job->output);
	close_fd(&job->error);
	backlog_free(&job->pending);
	job->used = false;
}

static void send_exit(uint16_t id, int32_t status)
{
	send_frame(FRAME_EXIT, id, &status, sizeof(status));
}

static int open_terminal(struct job *job, struct ends *ends, const struct start *start)
{
	struct winsize size = { .ws_row = start->rows, .ws_col = start->columns };
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master < 0 || grantpt(master) || unlockpt(master))
		return -errno;
	ioctl(master, TIOCSWINSZ, &size);
	ends->input = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (ends->input < 0)
		return -errno;
	ends->output = ends->error = ends->input;
	job->input = job->output = master;
	set_nonblocking(master);
	return 0;
}

static int open_pipes(struct job *job, struct ends *ends, const struct start *start)
{
	int in[2];
	int out[2];
	int err[2];

	if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		return -errno;
	job->output = out[0];
	job->error = err[0];
	ends->output = out[1];
	ends->error = err[1];
	set_nonblocking(job->output);
	set_nonblocking(job->error);
	if (!(start->flags & START_STDIN)) {
		ends->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return 0;
	}
	if (pipe2(in, O_CLOEXEC))
		return -errno;
	ends->input = in[0];
	job->input = in[1];
	set_nonblocking(job->input);
	return 0;
}

/* In the child: become the command, or tell why not. */
static void become(const struct ends *ends, const struct start *start, const char *cwd, char **argv, char **envp,
		   int trouble)
{
	sigset_t none;
	int error;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	if (start->flags & START_TTY)
		ioctl(ends->input, TIOCSCTTY, 0);
	dup2(ends->input, 0);
	dup2(ends->output, 1);
	dup2(ends->error, 2);
	if ((start->uid || start->gid) &&
	    (setgroups(0, NULL) || setresgid(start->gid, start->gid, start->gid) ||
	     setresuid(start->uid, start->uid, start->uid)))
		goto failed;
	if (chdir(cwd))
		goto failed;
	environ = envp;
	execvp(argv[0], argv);
failed:
	error = errno;
	if (write(trouble, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static pid_t launch(const struct ends *ends, const struct start *start, const char *cwd, char **argv, char **envp)
{
	int trouble[2];
	int error = 0;
	pid_t pid;

	if (pipe2(trouble, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		error = errno;
	if (pid == 0)
		become(ends, start, cwd, argv, envp, trouble[1]);
	close(trouble[1]);
	/* The pipe closes by itself as the command starts. */
	if (pid > 0 && read(trouble[0], &error, sizeof(error)) == sizeof(error))
		waitpid(pid, NULL, 0);
	close(trouble[0]);
	return error ? -error : pid;
}

/* Split `count` NUL-terminated strings off the front of a text. */
static char **take_strings(char **text, const char *end, uint32_t count)
{
	char **strings = calloc((size_t)count + 1, sizeof(*strings));

	for (uint32_t i = 0; strings && i < count; i++) {
		size_t length = strnlen(*text, (size_t)(end - *text));

		if (*text + length >= end) {
			free(strings);
			return NULL;
		}
		strings[i] = *text;
		*text += length + 1;
	}
	return strings;
}

static int job_run(struct job *job, char *data, size_t length)
{
	struct ends ends = { -1, -1, -1 };
	struct start start;
	char *text = data + sizeof(start);
	char **cwd;
	char **argv;
	char **envp;
	int result;

	if (length < sizeof(start))
		return -EINVAL;
	memcpy(&start, data, sizeof(start));
	if (!start.argc || start.argc > length || start.envc > length)
		return -EINVAL;
	cwd = take_strings(&text, data + length, 1);
	argv = cwd ? take_strings(&text, data + length, start.argc) : NULL;
	envp = argv ? take_strings(&text, data + length, start.envc) : NULL;
	if (!envp) {
		result = -EINVAL;
		goto out;
	}
	job->tty = start.flags & START_TTY;
	result = job->tty ? open_terminal(job, &ends, &start) : open_pipes(job, &ends, &start);
	if (!result)
		result = launch(&ends, &start, cwd[0], argv, envp);
	job->pid = result;
	close_fd(&ends.input);
	if (!job->tty) {
		close_fd(&ends.output);
		close_fd(&ends.error);
	}
out:
	free(cwd);
	free(argv);
	free(envp);
	return result;
}

void job_start(uint16_t id, char *data, size_t length)
{
	struct job *job = NULL;
	int result;

	for (size_t i = 0; !job && i < JOBS_MAX; i++)
		if (!jobs[i].used)
			job = &jobs[i];
	if (!job) {
		send_exit(id, -EAGAIN);
		return;
	}
	*job = (struct job){ .used = true, .id = id, .input = -1, .output = -1, .error = -1 };
	result = job_run(job, data, length);
	if (result < 0) {
		job_close(job);
		send_exit(id, result);
	}
}

static void job_feed(struct job *job)
{
	int state = backlog_write(&job->pending, job->input);

	if (!state)
		return;
	if (state < 0) {
		backlog_free(&job->pending);
		if (!job->tty)
			close_fd(&job->input);
	}
	send_frame(FRAME_TAKEN, job->id, "", 0);
}

void job_stdin(uint16_t id, const char *data, size_t length)
{
	struct job *job = job_find(id);

	if (!job)
		return;
	if (!length) {
		if (!job->tty)
			close_fd(&job->input);
		return;
	}
	if (job->input < 0 || !backlog_add(&job->pending, data, length))
		send_frame(FRAME_TAKEN, id, "", 0);
	else
		job_feed(job);
}

void job_signal(uint16_t id, int signal)
{
	struct job *job = job_find(id);

	/* The job leads its own session, so its group has its number. */
	if (job)
		kill(-job->pid, signal);
}

void job_resize(uint16_t id, uint16_t rows, uint16_t columns)
{
	struct job *job = job_find(id);
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	if (job && job->tty && job->output >= 0)
		ioctl(job->output, TIOCSWINSZ, &size);
}

/* Forward one piece; false when there is none (now, or ever again). */
static bool job_forward(struct job *job, int *fd, uint16_t kind)
{
	static char data[PIECE];
	ssize_t got = read(*fd, data, sizeof(data));

	if (got > 0) {
		send_frame(kind, job->id, data, (size_t)got);
		return true;
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	close_fd(fd);
	if (job->tty)
		job->input = -1;
	return false;
}

static void job_end(struct job *job, int32_t status)
{
	for (int i = 0; i < DRAIN_PIECES && job->output >= 0 && job_forward(job, &job->output, FRAME_STDOUT); i++)
		;
	for (int i = 0; i < DRAIN_PIECES && job->error >= 0 && job_forward(job, &job->error, FRAME_STDERR); i++)
		;
	kmsg_forward();
	send_exit(job->id, status);
	job_close(job);
}

void jobs_reap(void)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < JOBS_MAX; i++)
			if (jobs[i].used && jobs[i].pid == pid)
				job_end(&jobs[i], status);
}

size_t jobs_poll(struct pollfd *polled)
{
	size_t count = 0;

	for (size_t i = 0; i < JOBS_MAX; i++) {
		const struct job *job = &jobs[i];

		if (!job->used)
			continue;
		if (job->output >= 0)
			polled[count++] = (struct pollfd){ .fd = job->output, .events = POLLIN };
		if (job->error >= 0)
			polled[count++] = (struct pollfd){ .fd = job->error, .events = POLLIN };
		if (job->input >= 0 && job->pending.length)
			polled[count++] = (struct pollfd){ .fd = job->input, .events = POLLOUT };
	}
	return count;
}

void jobs_ready(const struct pollfd *polled, size_t count)
{
	for (size_t p = 0; p < count; p++) {
		for (size_t i = 0; polled[p].revents && i < JOBS_MAX; i++) {
			struct job *job = &jobs[i];

			if (!job->used)
				continue;
			if (polled[p].events == POLLOUT && job->input == polled[p].fd)
				job_feed(job);
			else if (polled[p].events == POLLIN && job->output == polled[p].fd)
				job_forward(job, &job->output, FRAME_STDOUT);
			else if (polled[p].events == POLLIN && job->error == polled[p].fd)
				job_forward(job, &job->error, FRAME_STDERR);
		}
	}
}
