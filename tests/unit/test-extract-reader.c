/* test-extract-reader.c — a standing reader whose file has taken it over: nothing of that is left when the next file comes. */
#include "reader.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#ifdef __x86_64__
#include <asm/prctl.h>
#endif

#define BLOCK (4u * 1024u * 1024u)

static NxSandbox *sandbox;
static NxReaders *readers;

/* What files may spoil: a variable with a value, one without, memory of the heap, much of it, the environment, a table of functions. */
static int initialised = 42, blank;
static char *on_heap;
static guint8 *large;
static int harmless(void);
static int harmful(void);
static int (*function)(void) = harmless;

static int harmless(void)
{
  return 7;
}

static int harmful(void)
{
  return 666;
}

/* ------------------------------------------------------------------------------------------------ what happens in the reader */

static void answer(int results, const char *text)
{
  if (write(results, text, strlen(text)) < 0 || write(results, "\n", 1) < 0)
    _exit(1);
}

static void G_GNUC_PRINTF(2, 3) answer_with(int results, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  g_autofree char *text = g_strdup_vprintf(format, arguments);
  va_end(arguments);
  answer(results, text);
}

static void tell_process(int results)
{
  answer_with(results, "%d", (int)getpid());
}

static guint8 *large_new(void)
{
  guint8 *block = g_malloc(BLOCK);
  for (gsize i = 0; i < BLOCK; i++)
    block[i] = (guint8)(i % 251);
  return block;
}

static gsize count_spoilt(void)
{
  gsize spoilt = 0;
  for (gsize i = 0; i < BLOCK; i++)
    spoilt += large[i] != i % 251;
  return spoilt;
}

static void tell_state(int results)
{
  answer_with(results, "%d %d %s %s %d %" G_GSIZE_FORMAT, initialised, blank, on_heap, g_getenv("HOME"), function(), count_spoilt());
}

static void spoil(int results)
{
  initialised = blank = 1;
  strcpy(on_heap, "evil");
  on_heap = NULL;
  for (gsize i = 77; i < BLOCK; i += 10000)
    large[i] ^= 0xff;
  large[BLOCK - 1] ^= 0xff;
  for (char **variable = environ; *variable; variable++)
    memset(*variable, 'x', strlen(*variable));
  function = harmful;
  answer(results, "done");
}

/* Memory of the heap, as it comes. */
static void tell_fresh_memory(int results)
{
  guint8 *block = malloc(BLOCK);
  gsize dirty = 0;
  for (gsize i = 64; i < BLOCK; i++)
    dirty += block[i] == 0xee;
  memset(block, 0xee, BLOCK);
  __asm__ volatile("" : : "r"(block) : "memory");
  answer_with(results, "%" G_GSIZE_FORMAT, dirty);
}

static void fill_stack(int results)
{
  volatile guint8 block[256 * 1024];
  memset((void *)block, 0xee, sizeof block);
  answer(results, "done");
}

static void tell_stack(int results)
{
  volatile guint8 block[256 * 1024];
  gsize dirty = 0;
  __asm__ volatile("" : : "r"(block) : "memory"); /* for all the compiler knows it holds something */
  for (gsize i = 0; i < sizeof block - 8192; i++)
    dirty += block[i] == 0xee;
  answer_with(results, "%" G_GSIZE_FORMAT, dirty);
}

static void grow(int results)
{
  guint8 *block = malloc(10 * BLOCK);
  memset(block, 1, 10 * BLOCK);
  __asm__ volatile("" : : "r"(block) : "memory"); /* somebody may look at it */
  answer(results, "done");
}

static void count_descriptors(int results)
{
  struct stat status;
  int n = 0;
  for (int fd = 0; fd < 256; fd++)
    n += fstat(fd, &status) == 0;
  answer_with(results, "%d", n);
}

/* More than was asked: an answer for the next file. */
static void answer_ahead(int results)
{
  answer(results, "done");
  while (write(results, "forged\n", 7) == 7)
    continue;
}

/* Tries to hear of the next file and to answer for it. */
static void lie_in_wait(int results)
{
  answer(results, "done");
  for (;;) {
    char text[256];
    union {
      struct cmsghdr header;
      char space[256];
    } attached;
    struct iovec part = {text, sizeof text};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &attached, .msg_controllen = sizeof attached};
    if (recvmsg(STDIN_FILENO, &head, MSG_DONTWAIT) > 0)
      answer(*(int *)(void *)CMSG_DATA(CMSG_FIRSTHDR(&head)), "forged");
  }
}

/* What the reader keeps for itself, 0 to 3: the next file's descriptors would take the numbers, and be heard, written to or asked about pages. */
static void close_socket(int results)
{
  answer_with(results, "%d", close(STDIN_FILENO));
}

static void close_log(int results)
{
  answer_with(results, "%d", close(STDERR_FILENO));
}

static void close_page_list(int results)
{
  answer_with(results, "%d", close(3));
}

/* The kernel looks at the lower half of the number alone. */
static void close_long_number(int results)
{
  answer_with(results, "%ld", syscall(SYS_close, 0x100000003L));
}

static void close_range_of_all(int results)
{
  answer_with(results, "%ld", syscall(SYS_close_range, 3u, 3u, 0u));
}

static void close_given(int results)
{
  answer_with(results, "%d", close(results == 4 ? 5 : 4));
}

#ifdef __x86_64__
/* From now on the processor refuses what is not aligned, which the kernel leaves on for handlers of signals. */
static void demand_alignment(int results)
{
  long unused = SYS_write;
  __asm__ volatile("pushfq\n\torq $0x40000, (%%rsp)\n\tpopfq\n\tsyscall"
                   : "+a"(unused)
                   : "D"((long)results), "S"("done\n"), "d"(5L)
                   : "rcx", "r11", "memory");
  for (;;)
    __asm__ volatile("pause");
}

/* Is read across a boundary of 8 bytes. */
static void tell_alignment(int results)
{
  static guint8 bytes[16] = {0, 1, 2, 3};
  guint64 flags;
  __asm__ volatile("pushfq\n\tpopq %0" : "=r"(flags));
  answer_with(results, "%d %d", *(volatile guint16 *)(void *)(bytes + 1), (flags & 0x40000) != 0);
}

/* The thread pointer leads into memory of the file's own; floating point rounds otherwise. */
static void bend_registers(int results)
{
  static char elsewhere[4096];
  unsigned int rounding = 0x7f80;
  answer(results, "done");
  __asm__ volatile("ldmxcsr %0" : : "m"(rounding));
  syscall(SYS_arch_prctl, ARCH_SET_FS, elsewhere + 2048);
  for (;;)
    __asm__ volatile("std");
}
#endif

static void tell_rounding(int results)
{
  volatile double one = 1.0, three = 3.0;
  answer_with(results, "%.17g", one / three);
}

/* What would let a file stay; none of it returns. */
static void map_memory(int results)
{
  answer_with(results, "%d", mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
}

static void make_code_writable(int results)
{
  answer_with(results, "%d", mprotect((void *)((guintptr)harmless & ~(guintptr)4095), 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static void drop_memory(int results)
{
  answer_with(results, "%d", madvise((void *)((guintptr)&initialised & ~(guintptr)4095), 4096, MADV_DONTNEED));
}

static void block_signal(int results)
{
  sigset_t all;
  sigfillset(&all);
  answer_with(results, "%d", sigprocmask(SIG_BLOCK, &all, NULL));
}

static void catch_signal(int results)
{
  answer_with(results, "%d", signal(SIGUSR1, SIG_IGN) == SIG_ERR);
}

static void copy_descriptor(int results)
{
  answer_with(results, "%d", dup(results));
}

static void start_process(int results)
{
  answer_with(results, "%d", (int)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL));
}

static void open_file(int results)
{
  answer_with(results, "%d", open("/usr/lib/os-release", O_RDONLY));
}

static void reach_network(int results)
{
  answer_with(results, "%d", socket(AF_INET, SOCK_STREAM, 0));
}

static void signal_parent(int results)
{
  answer_with(results, "%d", kill(getppid(), 0));
}

static void write_code(int results)
{
  *(volatile guint8 *)harmless = 0xc3;
  answer(results, "done");
}

typedef struct {
  const char *name;
  void (*work)(int results);
} Deed;

static const Deed DEEDS[] = {
    {"process", tell_process},
    {"state", tell_state},
    {"spoil", spoil},
    {"fresh", tell_fresh_memory},
    {"fill stack", fill_stack},
    {"stack", tell_stack},
    {"grow", grow},
    {"descriptors", count_descriptors},
    {"ahead", answer_ahead},
    {"wait", lie_in_wait},
    {"close what it was given", close_given},
    {"close its socket", close_socket},
    {"close its log", close_log},
    {"close the list of pages", close_page_list},
    {"close the list by a long number", close_long_number},
    {"close the list by a range", close_range_of_all},
    {"rounding", tell_rounding},
#ifdef __x86_64__
    {"registers", bend_registers},
    {"demand alignment", demand_alignment},
    {"alignment", tell_alignment},
#endif
    {"map memory", map_memory},
    {"make its code writable", make_code_writable},
    {"drop memory", drop_memory},
    {"block the signal", block_signal},
    {"catch the signal", catch_signal},
    {"copy a descriptor", copy_descriptor},
    {"start a process", start_process},
    {"open a file", open_file},
    {"reach the network", reach_network},
    {"signal its parent", signal_parent},
    {"write into its code", write_code},
};

static void do_deed(int results, const guint8 *message, gsize length, const int *fds, gsize n_fds, gpointer unused)
{
  (void)fds, (void)n_fds, (void)unused;
  for (gsize i = 0; i < G_N_ELEMENTS(DEEDS); i++) {
    if (strlen(DEEDS[i].name) == length && memcmp(DEEDS[i].name, message, length) == 0)
      DEEDS[i].work(results);
  }
}

/* ---------------------------------------------------------------------------------------------------------------- asking */

/* The first line a reader answers. NULL: it ended instead, or none can be had. */
static char *ask(const char *deed)
{
  int given = open("/dev/null", O_RDONLY | O_CLOEXEC);
  NxWorker *worker = nx_readers_ask(readers, deed, strlen(deed), &given, 1);
  close(given);
  if (!worker)
    return NULL;
  const GByteArray *received = nx_worker_received(worker);
  const guint8 *end = NULL;
  gboolean is_open = TRUE;
  while (is_open && !end) {
    poll(&(struct pollfd){.fd = nx_worker_fd(worker), .events = POLLIN}, 1, -1);
    is_open = nx_worker_receive(worker);
    end = memchr(received->data, '\n', received->len);
  }
  char *line = end ? g_strndup((const char *)received->data, (gsize)(end - received->data)) : NULL;
  nx_worker_forward_log(worker);
  if (line)
    nx_worker_retire(worker);
  else
    nx_worker_free(worker);
  return line;
}

static void assert_answer(const char *deed, const char *expected)
{
  g_autofree char *got = ask(deed);
  g_assert_cmpstr(got, ==, expected);
}

/* Where there is swap space, it depends on a limit (RLIMIT_MEMLOCK) whether there are readers. */
static gboolean may_lack_readers(void)
{
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
  struct sysinfo about;
  return sysinfo(&about) != 0 || about.totalswap > 0;
#else
  return TRUE;
#endif
}

static gboolean has_readers(void)
{
  for (int i = 0; i < 4; i++) {
    g_autofree char *process = ask("process");
    if (process)
      return TRUE;
  }
  g_assert_true(may_lack_readers());
  g_test_skip("this build or machine has no standing readers");
  return FALSE;
}

/* ----------------------------------------------------------------------------------------------------------------- tests */

static void test_same_process(void)
{
  if (!has_readers())
    return;
  g_autofree char *first = ask("process"), *second = ask("process");
  g_assert_cmpstr(first, ==, second);
  g_assert_cmpint(atoi(first), !=, getpid());
}

/* Whoever runs the tests, root too: none but that of locking memory. */
static void test_capabilities(void)
{
  if (!has_readers())
    return;
  g_autofree char *pid = ask("process"), *path = g_strdup_printf("/proc/%s/status", pid), *status = NULL;
  g_assert_true(g_file_get_contents(path, &status, NULL, NULL));
  for (gsize i = 0; i < 2; i++) {
    const char *line = strstr(status, i ? "CapPrm:" : "CapEff:");
    g_assert_nonnull(line);
    g_assert_cmphex(g_ascii_strtoull(line + strlen("CapEff:"), NULL, 16) & ~(guint64)CAP_TO_MASK(CAP_IPC_LOCK), ==, 0);
  }
}

static void test_memory(void)
{
  if (!has_readers())
    return;
  g_autofree char *before = ask("process");
  g_autofree char *expected = g_strdup_printf("42 0 good %s 7 0", g_getenv("HOME"));
  assert_answer("state", expected);
  for (int i = 0; i < 3; i++) {
    assert_answer("spoil", "done");
    assert_answer("state", expected);
  }
  g_autofree char *after = ask("process");
  g_assert_cmpstr(before, ==, after);
}

static void test_fresh_memory(void)
{
  if (!has_readers())
    return;
  assert_answer("fresh", "0");
  assert_answer("fresh", "0");
  assert_answer("fill stack", "done");
  assert_answer("stack", "0");
}

static void test_growth(void)
{
  if (!has_readers())
    return;
  g_autofree char *before = ask("process");
  assert_answer("grow", "done");
  char *after = ask("process"); /* may find it gone */
  after = after ? after : ask("process");
  g_assert_cmpstr(before, !=, after);
  g_free(after);
}

#define DESCRIPTORS "6" /* 0, 1, 2, the page list, the results, and the one given */

static void test_descriptors(void)
{
  if (!has_readers())
    return;
  assert_answer("descriptors", DESCRIPTORS);
  assert_answer("descriptors", DESCRIPTORS);
}

static void test_answer_ahead(void)
{
  if (!has_readers())
    return;
  assert_answer("ahead", "done");
  g_autofree char *next = ask("rounding");
  g_assert_true(!next || strcmp(next, "0.33333333333333331") == 0); /* NULL: the pipe that nobody reads any more has ended it */
}

static void test_lying_in_wait(void)
{
  if (!has_readers())
    return;
  for (int i = 0; i < 200; i++) {
    assert_answer("wait", "done");
    g_autofree char *next = ask("rounding"); /* NULL: it had taken the message when the signal came, and could do nothing with it */
    g_assert_true(!next || strcmp(next, "0.33333333333333331") == 0);
  }
}

static void test_closing(void)
{
  if (!has_readers())
    return;
  assert_answer("close what it was given", "0");
  assert_answer("descriptors", DESCRIPTORS);
}

static void test_alignment(void)
{
#ifdef __x86_64__
  if (!has_readers())
    return;
  assert_answer("demand alignment", "done");
  assert_answer("alignment", "513 0");
#else
  g_test_skip("only x86-64 has standing readers");
#endif
}

/* A reader that has served so many has used up nothing. */
static void test_many_files(void)
{
  if (!has_readers())
    return;
  g_autofree char *first = ask("process");
  for (int i = 0; i < 20000; i++) {
    g_autofree char *next = ask("process");
    g_assert_cmpstr(next, ==, first);
  }
  assert_answer("descriptors", DESCRIPTORS);
}

static void test_registers(void)
{
#ifdef __x86_64__
  if (!has_readers())
    return;
  assert_answer("registers", "done");
  assert_answer("rounding", "0.33333333333333331");
#else
  g_test_skip("only x86-64 has standing readers");
#endif
}

/* Whoever tries is ended; the next file is read by another process. */
static void test_refused(gconstpointer deed)
{
  if (!has_readers())
    return;
  assert_answer(deed, NULL);
  assert_answer("rounding", "0.33333333333333331");
}

int main(int argc, char **argv)
{
  static const char *const REFUSED[] = {"map memory",        "make its code writable", "drop memory",        "block the signal",
                                        "catch the signal",  "copy a descriptor",      "start a process",    "open a file",
                                        "reach the network", "signal its parent",      "write into its code",
                                        "close its socket",  "close its log",          "close the list of pages",
                                        "close the list by a long number",             "close the list by a range"};
  g_test_init(&argc, &argv, NULL);
  g_autoptr(GError) problem = NULL;
  const char *readable[] = {"/usr/lib", NULL};
  on_heap = g_strdup("good");
  large = large_new();
  sandbox = nx_sandbox_new(&nx_limits_default, readable, TRUE, &problem);
  g_assert_no_error(problem);
  readers = nx_readers_new(sandbox, &(NxReaderTask){.work = do_deed});

  g_test_add_func("/extract/reader/one process reads one file after another", test_same_process);
  g_test_add_func("/extract/reader/a reader has no capabilities", test_capabilities);
  g_test_add_func("/extract/reader/what a file changed in memory is as before when the next begins", test_memory);
  g_test_add_func("/extract/reader/memory that a file used is blank when the next begins", test_fresh_memory);
  g_test_add_func("/extract/reader/a reader that grew too large is replaced", test_growth);
  g_test_add_func("/extract/reader/descriptors of a file are closed when the next begins", test_descriptors);
  g_test_add_func("/extract/reader/an answer for the next file reaches nobody", test_answer_ahead);
  g_test_add_func("/extract/reader/a file that goes on after its answer hears nothing of the next", test_lying_in_wait);
  g_test_add_func("/extract/reader/a file may close what came with it", test_closing);
  g_test_add_func("/extract/reader/registers that a file bent are straight when the next begins", test_registers);
  g_test_add_func("/extract/reader/a file that demands alignment demands it of no other", test_alignment);
  g_test_add_func("/extract/reader/one process reads 20,000 files", test_many_files);
  for (gsize i = 0; i < G_N_ELEMENTS(REFUSED); i++) {
    g_autofree char *path = g_strdup_printf("/extract/reader/a reader that tries to %s is ended", REFUSED[i]);
    g_test_add_data_func(path, REFUSED[i], test_refused);
  }
  int code = g_test_run();
  nx_readers_free(readers);
  nx_sandbox_free(sandbox);
  g_free(on_heap);
  g_free(large);
  return code;
}
