/* sandbox.c — see sandbox.h. seccomp refuses what is not on its list with EPERM, Landlock refuses every path but a few with EACCES: a library that
 * asks for something unexpected sees an error and not a death. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/filter.h>
#include <linux/landlock.h>

const NxLimits nx_limits_default = { .wall_seconds = 120, .cpu_seconds = 90, .address_space = 2ull * 1024 * 1024 * 1024 };

/* So many threads may come to those that the machine had when the run began: this run's readers', or what its user starts beside it. */
#define MORE_TASKS 1024u

struct NxSandbox {
  NxLimits limits;
  guint64 tasks_max;         /* processes and threads of this user; 0: not known */
  int ruleset;               /* Landlock; -1: none */
  struct sock_fprog program; /* seccomp */
  struct sock_fprog standing_program; /* seccomp of a standing reader; empty: this machine has none */
};

const NxLimits *nx_sandbox_limits(const NxSandbox *sandbox)
{
  return &sandbox->limits;
}

int nx_sandbox_fd(const NxSandbox *sandbox)
{
  return sandbox->ruleset;
}

/* ----------------------------------------------------------------------------------------------------------------- Landlock */

/* The kernel's structure of ABI 6; older kernels take a shorter one, older headers know a shorter one. */
typedef struct {
  guint64 handled_access_fs;
  guint64 handled_access_net; /* ABI 4 */
  guint64 scoped;             /* ABI 6 */
} LandlockRuleset;

/* Rights by the ABI version that brought them. */
static guint64 fs_rights(int abi)
{
  guint64 rights = (1ull << 13) - 1;
  if (abi >= 2)
    rights |= 1ull << 13; /* refer */
  if (abi >= 3)
    rights |= 1ull << 14; /* truncate */
  if (abi >= 5)
    rights |= 1ull << 15; /* ioctl on devices */
  return rights;
}

static gsize ruleset_size(int abi)
{
  return abi >= 6 ? sizeof(LandlockRuleset) : abi >= 4 ? offsetof(LandlockRuleset, scoped) : offsetof(LandlockRuleset, handled_access_net);
}

/* Lets files below `path` be read. */
static void allow_reading(int ruleset, const char *path)
{
  struct stat status;
  struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE, .parent_fd = open(path, O_PATH | O_CLOEXEC) };
  if (rule.parent_fd < 0)
    return;
  if (fstat(rule.parent_fd, &status) == 0 && S_ISDIR(status.st_mode))
    rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
  syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  close(rule.parent_fd);
}

/* A worker has its own use for the lowest numbers. */
static int moved_up(int fd)
{
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, 16);
  close(fd);
  return moved;
}

/* -1 when the kernel has none. */
static int make_ruleset(const char *const *readable)
{
  long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 1)
    return -1;
  LandlockRuleset attributes = { .handled_access_fs = fs_rights((int)abi), .handled_access_net = 3, .scoped = 3 };
  int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attributes, ruleset_size((int)abi), 0);
  for (; ruleset >= 0 && *readable; readable++)
    allow_reading(ruleset, *readable);
  return ruleset < 0 ? -1 : moved_up(ruleset);
}

/* ------------------------------------------------------------------------------------------------------------------ seccomp */

/* What reading a file, computing, and drawing a picture need. No network, no exec, no fork, no signals to others, no tracing. */
static const char *const ALLOWED[] = {
  "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "close", "dup", "exit", "exit_group", "faccessat", "faccessat2", "fadvise64",
  "fstat", "fstatfs", "futex", "getcpu", "getcwd", "getdents64", "getegid", "geteuid", "getgid", "getpid", "getppid", "getrandom",
  "getrlimit", "getrusage", "gettid", "gettimeofday", "getuid", "lseek", "madvise", "membarrier", "mmap", "mprotect", "mremap", "munmap",
  "nanosleep", "newfstatat", "poll", "ppoll", "pread64", "preadv", "read", "readlink", "readlinkat", "readv", "restart_syscall", "rseq",
  "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "setrlimit", "sigaltstack", "stat",
  "lstat", "access", "statfs", "statx", "sysinfo", "time", "uname", "write", "writev",
};
/* What a process needs that reads one file after another (rewind.h): it can change neither its memory map nor its descriptors but by closing those
 * of a file, and not what a signal does. Its memory has to suffice: brk() shows it, and RLIMIT_DATA lets it not grow. */
static const char *const ALLOWED_STANDING[] = {
  "brk", "clock_gettime", "exit", "exit_group", "fstat", "futex", "getcwd", "getpid", "getrandom", "gettid", "gettimeofday", "lseek",
  "mincore", "newfstatat", "pause", "pread64", "preadv", "read", "readv", "recvmsg", "restart_syscall", "sysinfo", "time", "write", "writev",
};
/* Only where Landlock decides which paths. */
static const char *const ALLOWED_WITH_LANDLOCK[] = { "open", "openat" };

static gboolean allow(scmp_filter_ctx filter, const char *const *names, gsize n_names)
{
  for (gsize i = 0; i < n_names; i++) {
    int number = seccomp_syscall_resolve_name(names[i]);
    if (number >= 0 && seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0) != 0)
      return FALSE;
  }
  return TRUE;
}

/* What libraries ask of descriptors of their own. Not what they are owned by, and not O_ASYNC: with these a descriptor sends signals to whatever
 * process one names. */
static const int ALLOWED_FCNTL[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL };

static gboolean allow_fcntl(scmp_filter_ctx filter)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ALLOWED_FCNTL); i++) {
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1, SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)ALLOWED_FCNTL[i])) != 0)
      return FALSE;
  }
  return TRUE;
}

/* prlimit64 on oneself only; threads but no processes: glibc and GLib start threads with clone or, refused with ENOSYS, not with clone3. */
static gboolean allow_with_arguments(scmp_filter_ctx filter)
{
  return allow_fcntl(filter) && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_EQ, 0)) == 0 &&
         seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, 0x10000 /* CLONE_THREAD */, 0x10000)) == 0 &&
         seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/* The filter as a program that a child can load with one system call. */
static gboolean export_program(scmp_filter_ctx filter, struct sock_fprog *program)
{
  int fd = memfd_create("seccomp", MFD_CLOEXEC);
  if (fd < 0)
    return FALSE;
  struct stat status;
  gboolean is_good = seccomp_export_bpf(filter, fd) == 0 && fstat(fd, &status) == 0 && status.st_size > 0;
  if (is_good) {
    program->filter = g_malloc((gsize)status.st_size);
    program->len = (unsigned short)((gsize)status.st_size / sizeof(struct sock_filter));
    is_good = pread(fd, program->filter, (size_t)status.st_size, 0) == status.st_size;
  }
  close(fd);
  return is_good;
}

/* Of what belongs to the files: numbers with one of the bits above those of NX_STANDING_KEPT - 1. Only the lower half of a register is a
 * descriptor. */
static gboolean allow_closing(scmp_filter_ctx filter)
{
  static const int CALLS[] = { SCMP_SYS(close), SCMP_SYS(close_range) };
  for (gsize i = 0; i < G_N_ELEMENTS(CALLS); i++) {
    for (guint64 bit = NX_STANDING_KEPT; bit <= G_MAXUINT32; bit <<= 1) {
      if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, CALLS[i], 1, SCMP_A0(SCMP_CMP_MASKED_EQ, bit, bit)) != 0)
        return FALSE;
    }
  }
  return TRUE;
}

/* Whatever is not allowed ends the process, by a signal that it has no handler for: a library that would make do without it must not answer differently
 * from one that got it, so the file is read by a process of its own then. */
static gboolean make_standing_program(struct sock_fprog *program)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_TRAP);
  if (!filter)
    return FALSE;
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  gboolean is_good = allow(filter, ALLOWED_STANDING, G_N_ELEMENTS(ALLOWED_STANDING)) && allow_closing(filter) &&
                     seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(arch_prctl), 1, SCMP_A0(SCMP_CMP_EQ, 0x1002 /* ARCH_SET_FS */)) == 0 &&
                     seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(rt_sigprocmask), 1, SCMP_A1(SCMP_CMP_EQ, 0 /* asks only */)) == 0 &&
                     export_program(filter, program);
  seccomp_release(filter);
  return is_good;
}

static gboolean make_program(gboolean has_landlock, struct sock_fprog *program)
{
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (!filter)
    return FALSE;
  seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
  gboolean is_good = allow(filter, ALLOWED, G_N_ELEMENTS(ALLOWED)) && allow_with_arguments(filter) &&
                     (!has_landlock || allow(filter, ALLOWED_WITH_LANDLOCK, G_N_ELEMENTS(ALLOWED_WITH_LANDLOCK))) &&
                     export_program(filter, program);
  seccomp_release(filter);
  return is_good;
}

/* A limit of threads counts all that the user has anywhere (RLIMIT_NPROC), of which nobody can tell quickly, but there are no more than the
 * machine has: the second number of "1/80" in proc_loadavg(5). */
static guint64 find_tasks_max(void)
{
  g_autofree char *text = NULL;
  const char *slash = g_file_get_contents("/proc/loadavg", &text, NULL, NULL) ? strchr(text, '/') : NULL;
  return slash ? g_ascii_strtoull(slash + 1, NULL, 10) + MORE_TASKS : 0;
}

/* At INFO: nobody can mend a kernel from one hour to the next, and cron mails every warning. */
static void tell_missing_landlock(void)
{
  static gboolean is_told;
  if (!is_told)
    nx_log_info("this kernel has no Landlock: files are read in processes that can open nothing, so rare characters may miss in previews");
  is_told = TRUE;
}

NxSandbox *nx_sandbox_new(const NxLimits *limits, const char *const *readable, gboolean use_landlock, GError **err)
{
  NxSandbox *sandbox = g_new0(NxSandbox, 1);
  sandbox->limits = *limits;
  sandbox->tasks_max = find_tasks_max();
  sandbox->ruleset = use_landlock ? make_ruleset(readable) : -1;
  if (sandbox->ruleset < 0)
    tell_missing_landlock();
  if (!make_program(sandbox->ruleset >= 0, &sandbox->program)) {
    g_set_error(err, NX_ERROR, NX_ERROR_IO, "cannot make the seccomp filter that protects against hostile files");
    g_clear_pointer(&sandbox, nx_sandbox_free);
    return NULL;
  }
  if (!make_standing_program(&sandbox->standing_program))
    g_clear_pointer(&sandbox->standing_program.filter, g_free);
  return sandbox;
}

void nx_sandbox_free(NxSandbox *sandbox)
{
  if (!sandbox)
    return;
  if (sandbox->ruleset >= 0)
    close(sandbox->ruleset);
  g_free(sandbox->program.filter);
  g_free(sandbox->standing_program.filter);
  g_free(sandbox);
}

/* ----------------------------------------------------------------------------------------------------------------- going in */

/* Nobody but root can go above a hard limit that is set already, by a batch system or ulimit: one that is narrower stays. */
static gboolean set_limit(__rlimit_resource_t resource, guint64 soft, guint64 hard)
{
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0)
    return FALSE;
  limit.rlim_max = MIN(hard, limit.rlim_max);
  limit.rlim_cur = MIN(soft, limit.rlim_max);
  return setrlimit(resource, &limit) == 0;
}

/* AddressSanitizer maps terabytes of shadow memory. */
#ifdef __SANITIZE_ADDRESS__
static gboolean limit_address_space(guint64 soft, guint64 hard)
{
  (void)soft, (void)hard;
  return TRUE;
}
#else
static gboolean limit_address_space(guint64 soft, guint64 hard)
{
  return set_limit(RLIMIT_AS, soft, hard);
}
#endif

gboolean nx_sandbox_limit(const NxSandbox *sandbox)
{
  const NxLimits *limits = &sandbox->limits;
  return set_limit(RLIMIT_CORE, 0, 0) && set_limit(RLIMIT_CPU, limits->cpu_seconds, limits->cpu_seconds + 1) &&
         limit_address_space(limits->address_space, limits->address_space);
}

static gboolean raise_walls(const NxSandbox *sandbox, const struct sock_fprog *program)
{
  if (!set_limit(RLIMIT_FSIZE, 0, 0) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return FALSE;
  if (sandbox->ruleset >= 0 && (syscall(SYS_landlock_restrict_self, sandbox->ruleset, 0) != 0 || close(sandbox->ruleset) != 0))
    return FALSE;
  return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) == 0;
}

/* Pango looks for fonts in threads and aborts where it gets none, so there have to be a few. */
static gboolean limit_threads(const NxSandbox *sandbox)
{
  return sandbox->tasks_max == 0 || set_limit(RLIMIT_NPROC, sandbox->tasks_max, sandbox->tasks_max);
}

gboolean nx_sandbox_enter(const NxSandbox *sandbox)
{
  return nx_sandbox_limit(sandbox) && limit_threads(sandbox) && raise_walls(sandbox, &sandbox->program);
}

gboolean nx_sandbox_enter_standing(const NxSandbox *sandbox)
{
  return sandbox->standing_program.filter && set_limit(RLIMIT_CORE, 0, 0) &&
         limit_address_space(sandbox->limits.address_space, sandbox->limits.address_space) && raise_walls(sandbox, &sandbox->standing_program);
}

/* ----------------------------------------------------------------------------------------------------------- memory of a step */

static int statm = -1;

void nx_sandbox_measure(void)
{
  statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void nx_sandbox_allow_growth(guint64 bytes)
{
  struct rlimit limit;
  char text[64] = "";
  if (statm < 0 || getrlimit(RLIMIT_AS, &limit) != 0)
    return;
  guint64 wanted = limit.rlim_max;
  if (bytes && pread(statm, text, sizeof text - 1, 0) > 0)
    wanted = g_ascii_strtoull(text, NULL, 10) * (guint64)sysconf(_SC_PAGESIZE) + bytes;
  limit_address_space(MIN(wanted, limit.rlim_max), limit.rlim_max);
}

/* -------------------------------------------------------------------------------------------------------------- environment */

void nx_sandbox_forget_environment(void)
{
  char **kept = environ;
  for (char **variable = environ; *variable; variable++) {
    if (nx_environment_is_harmless(*variable))
      *kept++ = *variable;
    else
      explicit_bzero(*variable, strlen(*variable));
  }
  *kept = NULL;
}
