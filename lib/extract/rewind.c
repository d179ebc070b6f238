/* rewind.c — see rewind.h. What the handler of the signal relies on lies in pages that nothing can write (code, `own.sealed`, the copy) or
 * is written before it is read (its stack, `own.resident`); it calls nothing of any library, whose tables lie in memory that a file may
 * have changed. The descriptor by which it asks about pages cannot be closed: the next file, which the kernel hands over before a signal that has
 * come is seen to, would take its number and answer in its place.
 *
 * Memory of the process is of three kinds. Small pieces are put back whole from a copy. Large ones are private views of that copy: of them, the
 * pages that were written to are put back, which the kernel lists (/proc/self/pagemap) and which are few. And what was never touched when the copy
 * was made is cleared where it has become resident.
 * Registers with a meaning of their own: the kernel resets floating point and direction when it starts a handler; the thread pointer and the flags,
 * of which the kernel leaves the demand for alignment, are set again here; restartable sequences, with which a program could lead the kernel into
 * its handler's way, are off. */
#include "rewind.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* AddressSanitizer keeps terabytes beside the memory it watches. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#include <asm/prctl.h>
#include <sys/rseq.h>

#define PAGE 4096u
#define PAGE_LIST ((int)NX_STANDING_KEPT - 1) /* its descriptor */
#define PIECES_MAX 1024u
#define STACK_BYTES (8u * 1024u * 1024u)
/* Memory that a file may use in all; one that needs more is read by a process of its own, which is told no. */
#define HEAP_BYTES (64u * 1024u * 1024u)
/* So much stays resident from file to file. A process that has grown further ends instead of being cleaned. */
#define KEPT_PAGES (24u * 1024u * 1024u / PAGE)
/* Anonymous memory of less is copied without asking which pages of it have been touched. */
#define SMALL (64u * 1024u)
#define UNTOUCHED_MAX (128u * 1024u * 1024u)

/* From here on, asking which pages were written to costs less than copying them all. */
#define LARGE (2u * PAGE)
#define ENTRIES 1024u

typedef enum {
  COPIED,
  VIEW,      /* a private mapping of the copy */
  UNTOUCHED, /* reads as zeros */
} Kind;

/* A stretch of memory that can be written. */
typedef struct {
  guint8 *at;
  gsize length;
  Kind kind;
  gsize copied_at; /* in the copy, unless UNTOUCHED */
} Piece;

typedef struct {
  Piece pieces[PIECES_MAX];
  gsize n_pieces;
  const guint8 *copy;
  gsize copy_length;
  gint64 thread_pointer;
  guint8 *stack;
  NxRewindWork work;
  gpointer user_data;
} Sealed;

/* This lies among the program's variables, and is no piece. Only the first member must not change. */
static struct {
  _Alignas(PAGE) union {
    Sealed sealed;
    guint8 pages[(sizeof(Sealed) + PAGE - 1) / PAGE * PAGE];
  };
  _Alignas(PAGE) guint8 signal_stack[64 * 1024];
  _Alignas(8) guint8 resident[UNTOUCHED_MAX / PAGE];
  guint64 entries[ENTRIES]; /* of the page list */
  char maps[512 * 1024];
  _Alignas(PAGE) guint8 end[PAGE];
} own;

/* ------------------------------------------------------------------------------------------------------------ the way back */

static inline long ask_kernel(long number, long a, long b, long c, long d)
{
  long result;
  register long fourth __asm__("r10") = d;
  __asm__ volatile("syscall" : "=a"(result) : "0"(number), "D"(a), "S"(b), "d"(c), "r"(fourth) : "rcx", "r11", "memory");
  return result;
}

static inline void copy_bytes(guint8 *to, const guint8 *from, gsize length)
{
  __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(length) : : "memory");
}

static inline void clear_page(guint8 *at)
{
  gsize words = PAGE / 8;
  __asm__ volatile("rep stosq" : "+D"(at), "+c"(words) : "a"(0L) : "memory");
}

static inline G_NORETURN void give_up(void)
{
  for (;;)
    ask_kernel(SYS_exit_group, 0, 0, 0, 0);
}

/* The list's entries of n ≤ ENTRIES pages. */
static inline gboolean list_pages(const guint8 *at, gsize n)
{
  const long length = (long)(n * sizeof *own.entries);
  return ask_kernel(SYS_pread64, PAGE_LIST, (long)own.entries, length, (long)((guintptr)at / PAGE * sizeof *own.entries)) == length;
}

/* In memory or swapped out. */
static inline gboolean is_there(guint64 entry)
{
  return entry >> 62 != 0;
}

/* What was written to has left the file that is mapped there. */
static inline gboolean is_of_file(guint64 entry)
{
  return entry >> 61 & 1;
}

static inline gboolean put_back_written(const Piece *piece)
{
  const gsize n_pages = piece->length / PAGE;
  for (gsize from = 0; from < n_pages; from += ENTRIES) {
    const gsize n = n_pages - from < ENTRIES ? n_pages - from : ENTRIES;
    if (!list_pages(piece->at + from * PAGE, n))
      return FALSE;
    for (gsize i = 0; i < n; i++)
      if (is_there(own.entries[i]) && !is_of_file(own.entries[i]))
        copy_bytes(piece->at + (from + i) * PAGE, own.sealed.copy + piece->copied_at + (from + i) * PAGE, PAGE);
  }
  return TRUE;
}

/* Clears what has become resident; FALSE when that is too much. */
static inline gboolean clear_touched(const Piece *piece, gsize *kept)
{
  if (ask_kernel(SYS_mincore, (long)piece->at, (long)piece->length, (long)own.resident, 0) != 0)
    return FALSE;
  for (gsize page = 0; page < piece->length / PAGE; page++) {
    if (page % 8 == 0 && page + 8 <= piece->length / PAGE && *(const guint64 *)(const void *)(own.resident + page) == 0) {
      page += 7;
      continue;
    }
    if (!(own.resident[page] & 1))
      continue;
    clear_page(piece->at + page * PAGE);
    (*kept)++;
  }
  return *kept <= KEPT_PAGES;
}

static inline gboolean take_back(const Piece *piece, gsize *kept)
{
  switch (piece->kind) {
  case COPIED: copy_bytes(piece->at, own.sealed.copy + piece->copied_at, piece->length); return TRUE;
  case VIEW: return put_back_written(piece);
  default: return clear_touched(piece, kept);
  }
}

static void begin(void)
{
  own.sealed.work(own.sealed.user_data);
  _exit(0);
}

static inline G_NORETURN void begin_on_stack(void)
{
  __asm__ volatile("xorl %%ebp, %%ebp\n\tmovq %0, %%rsp\n\tpushq $2\n\tpopfq\n\tcall *%1\n\tud2"
                   :
                   : "r"(own.sealed.stack + STACK_BYTES), "r"(begin)
                   : "memory");
  __builtin_unreachable();
}

__attribute__((no_stack_protector)) static void go_back(int number)
{
  gsize kept = 0;
  (void)number;
  if (ask_kernel(SYS_arch_prctl, ARCH_SET_FS, (long)own.sealed.thread_pointer, 0, 0) != 0 ||
      ask_kernel(SYS_close_range, NX_STANDING_KEPT, G_MAXUINT, 0, 0) != 0)
    give_up();
  for (gsize i = 0; i < own.sealed.n_pieces; i++) {
    if (!take_back(&own.sealed.pieces[i], &kept))
      give_up();
  }
  begin_on_stack();
}

/* ------------------------------------------------------------------------------------------------- what can be written */

static gboolean add_piece(guint8 *at, gsize length, Kind kind)
{
  if (length == 0)
    return TRUE;
  if (own.sealed.n_pieces == PIECES_MAX || (kind == UNTOUCHED && length > UNTOUCHED_MAX)) {
    errno = E2BIG;
    return FALSE;
  }
  own.sealed.pieces[own.sealed.n_pieces++] = (Piece){at, length, kind, own.sealed.copy_length};
  if (kind != UNTOUCHED)
    own.sealed.copy_length += length;
  return TRUE;
}

/* The stack that this runs on changes while the copy is made. */
static Kind kind_of_touched(const guint8 *at, gsize length)
{
  const guint8 *frame = __builtin_frame_address(0);
  return length < LARGE || (frame >= at && frame < at + length) ? COPIED : VIEW;
}

/* Fills own.resident: 1 for pages that are in memory or swapped out. */
static gboolean find_touched(const guint8 *at, gsize n_pages)
{
  if (n_pages > sizeof own.resident)
    return FALSE;
  for (gsize from = 0; from < n_pages; from += ENTRIES) {
    const gsize n = MIN(n_pages - from, ENTRIES);
    if (!list_pages(at + from * PAGE, n))
      return FALSE;
    for (gsize i = 0; i < n; i++)
      own.resident[from + i] = is_there(own.entries[i]) ? 1 : 0;
  }
  return TRUE;
}

/* Where the run of pages that are alike ends; a few untouched ones between and behind touched ones go with them. */
static gsize end_of_run(gsize from, gsize n_pages)
{
  const gboolean is_touched = own.resident[from];
  const gsize patience = is_touched ? SMALL / PAGE : 0;
  gsize end = from + 1;
  for (gsize i = end; i < n_pages && i - end <= patience; i++) {
    if (own.resident[i] == is_touched)
      end = i + 1;
  }
  return n_pages - end <= patience ? n_pages : end;
}

/* Anonymous memory: runs of pages that are there, and of pages that are not. */
static gboolean add_by_touch(guint8 *at, gsize length)
{
  const gsize n_pages = length / PAGE;
  if (!find_touched(at, n_pages))
    return FALSE;
  for (gsize from = 0, to; from < n_pages; from = to) {
    to = end_of_run(from, n_pages);
    if (!add_piece(at + from * PAGE, (to - from) * PAGE, own.resident[from] ? kind_of_touched(at + from * PAGE, (to - from) * PAGE) : UNTOUCHED))
      return FALSE;
  }
  return TRUE;
}

static gboolean add_range(guint8 *from, guint8 *to, gboolean is_anonymous)
{
  if (from >= to)
    return TRUE;
  const gsize length = (gsize)(to - from);
  return is_anonymous && length >= SMALL ? add_by_touch(from, length) : add_piece(from, length, kind_of_touched(from, length));
}

/* One line of /proc/self/maps. Memory that is shared with other processes is given up; code that can be written makes it all pointless. */
static gboolean add_mapping(const char *line)
{
  char *at;
  guint8 *from = (guint8 *)strtoull(line, &at, 16), *to = (guint8 *)strtoull(at + 1, &at, 16);
  const char *rights = at + 1;
  if (rights[1] != 'w')
    return TRUE;
  if (rights[2] == 'x') {
    errno = EPERM;
    return FALSE;
  }
  if (rights[3] == 's')
    return munmap(from, (gsize)(to - from)) == 0;
  strtoull(rights + 4, &at, 16);
  strtoull(at, &at, 16);
  strtoull(at + 1, &at, 16);
  const gboolean is_anonymous = strtoull(at, &at, 10) == 0;
  guint8 *own_start = (guint8 *)&own, *own_end = own.end;
  if (from >= own_end || to <= own_start)
    return add_range(from, to, is_anonymous);
  return add_range(from, MIN(to, own_start), FALSE) && add_range(MAX(from, own_end), to, FALSE);
}

static gboolean find_pieces(void)
{
  int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  gsize have = 0;
  ssize_t n = 1;
  while (fd >= 0 && have < sizeof own.maps - 1 && (n = read(fd, own.maps + have, sizeof own.maps - 1 - have)) > 0)
    have += (gsize)n;
  if (fd < 0 || n != 0)
    return FALSE;
  close(fd);
  own.maps[have] = '\0';
  for (char *line = own.maps; *line; line = strchr(line, '\n') + 1) {
    if (!add_mapping(line))
      return FALSE;
  }
  return TRUE;
}

/* Whether a page has been touched is told by its being in memory, so what was never touched must not be swapped out once it has been. */
static gboolean keep_in_memory(void)
{
  struct sysinfo about;
  if (sysinfo(&about) == 0 && about.totalswap == 0)
    return TRUE;
  for (gsize i = 0; i < own.sealed.n_pieces; i++) {
    const Piece *piece = &own.sealed.pieces[i];
    if (piece->kind == UNTOUCHED && mlock2(piece->at, piece->length, MLOCK_ONFAULT) != 0)
      return FALSE;
  }
  return TRUE;
}

/* ------------------------------------------------------------------------------------------------------------ preparation */

/* The heap gets all it will ever have, and keeps it. */
static gboolean make_room(void)
{
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, G_MAXINT);
  malloc_trim(0);
  void *volatile room = malloc(HEAP_BYTES);
  gboolean is_there = room != NULL;
  free(room);
  return is_there;
}

/* With a page below it that nothing may touch. */
static gboolean make_stack(void)
{
  // cppcheck-suppress invalidFunctionArg ; -1 is the descriptor of anonymous memory, see mmap(2)
  guint8 *at = mmap(NULL, PAGE + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  own.sealed.stack = at + PAGE;
  return at != MAP_FAILED && mprotect(at, PAGE, PROT_NONE) == 0;
}

/* No brk() beyond what there is. */
static gboolean forbid_growth(void)
{
  const struct rlimit none = {0, 0};
  return setrlimit(RLIMIT_DATA, &none) == 0;
}

static gboolean forget_restartable_sequences(void)
{
  return __rseq_size == 0 || syscall(SYS_rseq, own.sealed.thread_pointer + __rseq_offset, 32, RSEQ_FLAG_UNREGISTER, RSEQ_SIG) == 0;
}

/* Gives up all capabilities but that of locking memory. */
static gboolean drop_capabilities(void)
{
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
  if (syscall(SYS_capget, &header, sets) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS(sets); i++) {
    sets[i].permitted &= i == CAP_TO_INDEX(CAP_IPC_LOCK) ? CAP_TO_MASK(CAP_IPC_LOCK) : 0;
    sets[i].effective = sets[i].permitted;
    sets[i].inheritable = 0;
  }
  return syscall(SYS_capset, &header, sets) == 0;
}

/* To a privileged process the list would tell addresses of the machine's memory. */
static gboolean open_page_list(void)
{
  if (!drop_capabilities())
    return FALSE;
  int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  gboolean is_good = fd >= 0 && dup2(fd, PAGE_LIST) >= 0;
  if (fd >= 0 && fd != PAGE_LIST)
    close(fd);
  return is_good;
}

/* Opened again so that nothing that is mapped from it can be written. */
static int open_read_only(int fd)
{
  char path[64];
  g_snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_RDONLY | O_CLOEXEC);
}

static gboolean fill_copy(int fd)
{
  guint8 *copy = mmap(NULL, own.sealed.copy_length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (copy == MAP_FAILED)
    return FALSE;
  for (gsize i = 0; i < own.sealed.n_pieces; i++) {
    const Piece *piece = &own.sealed.pieces[i];
    if (piece->kind != UNTOUCHED)
      memcpy(copy + piece->copied_at, piece->at, piece->length);
  }
  return munmap(copy, own.sealed.copy_length) == 0;
}

static gboolean map_views(int fd)
{
  for (gsize i = 0; i < own.sealed.n_pieces; i++) {
    const Piece *piece = &own.sealed.pieces[i];
    if (piece->kind == VIEW &&
        mmap(piece->at, piece->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, fd, (off_t)piece->copied_at) != piece->at)
      return FALSE;
  }
  return TRUE;
}

/* Nothing here may leave anything in memory that the copy lacks. */
static gboolean copy_pieces(void)
{
  int fd = memfd_create("beginning", MFD_CLOEXEC), again = fd < 0 ? -1 : open_read_only(fd);
  gboolean is_good = again >= 0 && ftruncate(fd, (off_t)own.sealed.copy_length) == 0;
  own.sealed.copy = is_good ? mmap(NULL, own.sealed.copy_length, PROT_READ, MAP_SHARED, again, 0) : MAP_FAILED;
  is_good = own.sealed.copy != MAP_FAILED && fill_copy(fd) && map_views(again);
  if (fd >= 0)
    close(fd);
  if (again >= 0)
    close(again);
  return is_good;
}

static gboolean take_signal(void)
{
  stack_t stack = {.ss_sp = own.signal_stack, .ss_size = sizeof own.signal_stack};
  struct sigaction action = {.sa_handler = go_back, .sa_flags = SA_ONSTACK | SA_NODEFER};
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, NX_REWIND_SIGNAL);
  return sigaltstack(&stack, NULL) == 0 && sigaction(NX_REWIND_SIGNAL, &action, NULL) == 0 && sigprocmask(SIG_UNBLOCK, &set, NULL) == 0;
}

void nx_rewind_begin(const NxSandbox *sandbox, void (*ready)(gpointer user_data), NxRewindWork work, gpointer user_data)
{
  own.sealed.work = work;
  own.sealed.user_data = user_data;
  if (syscall(SYS_arch_prctl, ARCH_GET_FS, &own.sealed.thread_pointer) != 0 || !forget_restartable_sequences() || !make_room() ||
      !make_stack() || !open_page_list() || !find_pieces() || !keep_in_memory() || !take_signal() || !copy_pieces() || !forbid_growth() ||
      mprotect(&own.sealed, sizeof own.pages, PROT_READ) != 0 || !nx_sandbox_enter_standing(sandbox))
    return;
  ready(user_data);
  begin_on_stack();
}

#else

void nx_rewind_begin(const NxSandbox *sandbox, void (*ready)(gpointer user_data), NxRewindWork work, gpointer user_data)
{
  (void)sandbox, (void)ready, (void)work, (void)user_data;
  errno = ENOSYS;
}

#endif
