/* leases.c — see leases.h. */
#include "leases.h"

#include "driver.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEASE_SECONDS 300.0
#define RENEWAL_SECONDS 60.0

/* Field number `field` ≥ 3 of proc_pid_stat(5), whose second, the name, may hold blanks and parentheses. NULL when there is no such process, or none
 * that is shown. */
static char *fact_of_process(pid_t pid, guint field)
{
  enum { AFTER_NAME = 3 };
  g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid), *text = NULL;
  const char *after = g_file_get_contents(path, &text, NULL, NULL) ? strrchr(text, ')') : NULL;
  g_auto(GStrv) fields = g_strsplit(after && after[1] ? after + 2 : "", " ", (gint)field);
  return g_strv_length(fields) > field - AFTER_NAME ? g_strdup(fields[field - AFTER_NAME]) : NULL;
}

/* The field `starttime`, which tells a process from a later one of the same number; "0" when it cannot be read. */
static char *start_of_process(pid_t pid)
{
  char *start = fact_of_process(pid, 22);
  return start ? start : g_strdup("0");
}

/* It has ended, and whoever started it has not asked how. */
static gboolean is_zombie(pid_t pid)
{
  g_autofree char *state = fact_of_process(pid, 3);
  return state && (*state == 'Z' || *state == 'X');
}

/* Numbers of processes mean something in their namespace alone. That of the machine has this number in every kernel (PROC_PID_INIT_INO). */
#define MACHINES_NAMESPACE 0xEFFFFFFCu

/* The host, and of a container with processes of its own which one, for several may bear the same name. */
static char *own_host(void)
{
  struct stat namespace;
  gboolean is_contained = stat("/proc/self/ns/pid", &namespace) == 0 && namespace.st_ino != MACHINES_NAMESPACE;
  return is_contained ? g_strdup_printf("%s+%" G_GUINT64_FORMAT, g_get_host_name(), (guint64)namespace.st_ino) : g_strdup(g_get_host_name());
}

/* What lives as long as the pipeline that we are a stage of. The front, when we end with it as its stages do (process.c). Else the session of
 * processes, whose number is that of the process which began it: what somebody wrapped around this stage alone, as timeout(1) or a group of
 * commands, ends with the stage, and may have made a process group of its own. A session that no process of this container or machine began has
 * the number 0; of it we know only that the first process outlives it. */
static pid_t run_of_stage(void)
{
  enum { FIRST_PROCESS = 1 };
  int signal_of_front = 0;
  if (prctl(PR_GET_PDEATHSIG, &signal_of_front) == 0 && signal_of_front)
    return getppid();
  pid_t session = getsid(0);
  return session > 0 ? session : FIRST_PROCESS;
}

char *nx_lease_holder(void)
{
  pid_t run = run_of_stage();
  g_autofree char *host = own_host(), *start = start_of_process(run);
  return g_strdup_printf("%s:%d:%s", host, (int)run, start);
}

static char *instant_from_now(NxDb *db, double seconds)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_ascii_formatd(number, sizeof number, "%.3f", seconds);
  g_auto(GStrv) parts = g_strsplit(nx_db_driver(db)->instant_from_now, "%s", 2);
  return g_strjoinv(number, parts);
}

/* ------------------------------------------------------------------------------------------------------------- table */

#define TABLE "nx_session_lease"

gboolean nx_leases_exist(NxDb *db, gboolean *exist, GError **err)
{
  NxColumnFacts holder = {0};
  gboolean read = nx_db_has_column(db, TABLE, "holder", &holder, err);
  *exist = holder.exists;
  return read;
}

gboolean nx_leases_prepare(NxDb *db, GError **err)
{
  gboolean has = FALSE;
  if (!nx_leases_exist(db, &has, err))
    return FALSE;
  if (has)
    return TRUE;
  g_autoptr(NxDbTransaction) transaction = nx_db_begin(db, err);
  return transaction &&
         nx_db_script(db,
                      "CREATE TABLE IF NOT EXISTS " TABLE " (session_identifier VARCHAR NOT NULL PRIMARY KEY, holder VARCHAR NOT NULL, "
                      "taken_at VARCHAR NOT NULL, expires_at VARCHAR NOT NULL)",
                      err) &&
         nx_db_commit(&transaction, err);
}

/* ---------------------------------------------------------------------------------------------------- taking and ending */

/* FALSE in *free when another run is handing the session out this moment, or when it has changed since it was chosen. */
static gboolean lock_session(NxDb *db, gint64 start_id, const char *status, gboolean *free, GError **err)
{
  g_autofree char *sql =
      g_strdup_printf("SELECT record_status FROM session_log WHERE id_session_log = $1 %s", nx_db_driver(db)->lock_free_rows);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, "i", start_id);
  *free = rows && nx_rows_next(rows) && g_strcmp0(nx_rows_text(rows, 0), status) == 0;
  return rows && nx_rows_finish(rows, err);
}

gboolean nx_lease_read(NxDb *db, const char *session_identifier, NxLease *lease, GError **err)
{
  g_autofree char *now = instant_from_now(db, 0);
  g_autofree char *sql =
      g_strdup_printf("SELECT holder, expires_at FROM " TABLE " WHERE session_identifier = $1 AND expires_at > %s", now);
  g_autoptr(NxRows) rows = nx_db_select(db, err, sql, "s", session_identifier);
  if (rows && nx_rows_next(rows))
    *lease = (NxLease){.holder = g_strdup(nx_rows_text(rows, 0)), .until = g_strdup(nx_rows_text(rows, 1))};
  return rows && nx_rows_finish(rows, err);
}

void nx_lease_clear(NxLease *lease)
{
  g_clear_pointer(&lease->holder, g_free);
  g_clear_pointer(&lease->until, g_free);
}

/* TRUE when a process of that session lives, or when nobody can tell, because not all processes are shown (hidepid of proc(5)). */
static gboolean session_lives(pid_t session)
{
  g_autoptr(GDir) processes = g_file_test("/proc/1", G_FILE_TEST_EXISTS) ? g_dir_open("/proc", 0, NULL) : NULL;
  gboolean lives = processes == NULL;
  for (const char *name = lives ? NULL : g_dir_read_name(processes); name && !lives; name = g_dir_read_name(processes)) {
    gint64 pid = g_ascii_strtoll(name, NULL, 10);
    lives = pid > 0 && getsid((pid_t)pid) == session && !is_zombie((pid_t)pid);
  }
  return lives;
}

/* The process of that number and start, or what is left of the session that it began. No process gets the number of a session of which
 * anything lives; and no signal reaches a process that has ended, while one of others may not be seen in /proc. */
static gboolean run_lives(pid_t pid, const char *start)
{
  g_autofree char *now = start_of_process(pid);
  if (is_zombie(pid))
    return session_lives(pid);
  if (!g_str_equal(now, "0"))
    return g_str_equal(now, start);
  return kill(pid, 0) == 0 || errno != ESRCH || session_lives(pid);
}

gboolean nx_lease_holder_is_gone(const char *holder)
{
  const char *start = strrchr(holder, ':');
  g_autofree char *host = own_host();
  g_autofree char *place = g_strndup(holder, start ? (gsize)(start - holder) : 0);
  char *number = strrchr(place, ':');
  gint64 pid = number ? g_ascii_strtoll(number + 1, NULL, 10) : 0;
  if (pid <= 0 || g_str_equal(start, ":0") || strlen(host) != (gsize)(number - place) || !g_str_has_prefix(place, host))
    return FALSE;
  return !run_lives((pid_t)pid, start + 1);
}

/* *holder: who is gone and still holds the session, to be compared with; "" when nobody is. */
static gboolean find_gone(NxDb *db, const char *session_identifier, char **holder, GError **err)
{
  g_autoptr(NxRows) rows = nx_db_select(db, err, "SELECT holder FROM " TABLE " WHERE session_identifier = $1", "s", session_identifier);
  const char *known = rows && nx_rows_next(rows) ? nx_rows_text(rows, 0) : NULL;
  *holder = g_strdup(known && nx_lease_holder_is_gone(known) ? known : "");
  return rows && nx_rows_finish(rows, err);
}

gboolean nx_lease_take(NxDb *db, const char *session_identifier, gint64 start_id, const char *status, const NxLeaseTaker *taker,
                       gboolean *taken, GError **err)
{
  g_autofree char *gone = NULL;
  g_autofree char *now = instant_from_now(db, 0);
  g_autofree char *end = instant_from_now(db, LEASE_SECONDS * nx_time_scale());
  g_autofree char *sql = g_strdup_printf("INSERT INTO " TABLE " (session_identifier, holder, taken_at, expires_at) VALUES ($1, $2, %s, %s) "
                                         "ON CONFLICT (session_identifier) DO UPDATE SET holder = excluded.holder, taken_at = "
                                         "excluded.taken_at, expires_at = excluded.expires_at "
                                         "WHERE " TABLE ".expires_at <= %s OR " TABLE ".holder = $3",
                                         now, end, now);
  if (!lock_session(db, start_id, status, taken, err))
    return FALSE;
  if (!*taken)
    return TRUE;
  if (taker->from_gone && !find_gone(db, session_identifier, &gone, err))
    return FALSE;
  gboolean done = nx_db_run(db, err, sql, "sss", session_identifier, taker->holder, gone ? gone : "");
  *taken = done && nx_db_changed(db) > 0;
  return done;
}

/* The session's row is locked before the lease's, as by those who take one: two that wait for each other would both be stopped. */
static gboolean lock_own_session(NxDb *db, const char *session_identifier, GError **err)
{
  g_autofree char *sql = g_strdup_printf("SELECT id_session_log FROM session_log WHERE session_identifier = $1 AND event_type = 'START' "
                                         "ORDER BY id_session_log %s",
                                         nx_db_driver(db)->lock_rows);
  return nx_db_run(db, err, sql, "s", session_identifier);
}

gboolean nx_lease_end(NxDb *db, const char *session_identifier, const char *holder, gboolean *held, GError **err)
{
  if (!lock_own_session(db, session_identifier, err) ||
      !nx_db_run(db, err, "DELETE FROM " TABLE " WHERE session_identifier = $1 AND holder = $2", "ss", session_identifier, holder))
    return FALSE;
  *held = nx_db_changed(db) > 0;
  return TRUE;
}

/* ----------------------------------------------------------------------------------------------------------- renewing */

struct NxLeaseKeeper {
  char *address;
  GThread *thread;
  GMutex mutex; /* of what follows */
  GCond change;
  GPtrArray *holders;
  gboolean is_due; /* one was added: nobody renewed its leases so far */
  gboolean has_ended;
};

static gboolean renew(const char *address, GPtrArray *holders, GError **err)
{
  gboolean has = FALSE;
  g_autoptr(NxDb) db = nx_db_open(address, NX_DB_WRITE, err);
  if (!db || !nx_leases_exist(db, &has, err))
    return FALSE;
  if (!has)
    return TRUE;
  g_autofree char *end = instant_from_now(db, LEASE_SECONDS * nx_time_scale());
  g_autofree char *sql = g_strdup_printf("UPDATE " TABLE " SET expires_at = %s WHERE holder = $1", end);
  for (guint i = 0; i < holders->len; i++)
    if (!nx_db_run(db, err, sql, "s", holders->pdata[i]))
      return FALSE;
  return TRUE;
}

static GPtrArray *copy_of(GPtrArray *texts)
{
  GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);
  for (guint i = 0; i < texts->len; i++)
    g_ptr_array_add(copy, g_strdup(texts->pdata[i]));
  return copy;
}

/* Between two renewals, or until the end: TRUE when it is time for one. */
static gboolean wait_for_renewal(NxLeaseKeeper *keeper)
{
  gint64 until = g_get_monotonic_time() + (gint64)(RENEWAL_SECONDS * nx_time_scale() * G_TIME_SPAN_SECOND);
  while (!keeper->has_ended && !keeper->is_due && g_cond_wait_until(&keeper->change, &keeper->mutex, until))
    ;
  keeper->is_due = FALSE;
  return !keeper->has_ended;
}

static gpointer keep(gpointer data)
{
  NxLeaseKeeper *keeper = data;
  g_mutex_lock(&keeper->mutex);
  while (wait_for_renewal(keeper)) {
    g_autoptr(GPtrArray) holders = copy_of(keeper->holders);
    g_autoptr(GError) problem = NULL;
    g_mutex_unlock(&keeper->mutex);
    if (!renew(keeper->address, holders, &problem))
      nx_log_warning("the leases of this run could not be renewed, and are tried again: %s", problem->message);
    g_mutex_lock(&keeper->mutex);
  }
  g_mutex_unlock(&keeper->mutex);
  return NULL;
}

NxLeaseKeeper *nx_lease_keeper_new(const char *address, const char *holder)
{
  NxLeaseKeeper *keeper = g_new0(NxLeaseKeeper, 1);
  g_autoptr(GError) problem = NULL;
  keeper->address = g_strdup(address);
  keeper->holders = g_ptr_array_new_with_free_func(g_free);
  g_ptr_array_add(keeper->holders, g_strdup(holder));
  g_mutex_init(&keeper->mutex);
  g_cond_init(&keeper->change);
  /* Signals are for the thread that reads lines: they end its waiting. */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  keeper->thread = g_thread_try_new("leases", keep, keeper, &problem);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (!keeper->thread)
    nx_log_warning("the leases of this run are not renewed, and other runs may take its sessions after %.0f s: %s", LEASE_SECONDS, problem->message);
  return keeper;
}

void nx_lease_keeper_add(NxLeaseKeeper *keeper, const char *holder)
{
  g_mutex_lock(&keeper->mutex);
  if (!g_ptr_array_find_with_equal_func(keeper->holders, holder, g_str_equal, NULL)) {
    g_ptr_array_add(keeper->holders, g_strdup(holder));
    keeper->is_due = TRUE;
    g_cond_signal(&keeper->change);
  }
  g_mutex_unlock(&keeper->mutex);
}

void nx_lease_keeper_free(NxLeaseKeeper *keeper)
{
  if (!keeper)
    return;
  g_mutex_lock(&keeper->mutex);
  keeper->has_ended = TRUE;
  g_cond_signal(&keeper->change);
  g_mutex_unlock(&keeper->mutex);
  if (keeper->thread)
    g_thread_join(keeper->thread);
  g_mutex_clear(&keeper->mutex);
  g_cond_clear(&keeper->change);
  g_ptr_array_unref(keeper->holders);
  g_free(keeper->address);
  g_free(keeper);
}
