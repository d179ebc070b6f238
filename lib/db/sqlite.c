/* sqlite.c — the SQLite engine: opening (and recovering) files, waiting for locks, statements and cells.
 * Facts about opening and journals: sqlite.org/c3ref/open.html, sqlite.org/wal.html ("Read-Only Databases"). */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h> /* AT_EACCESS */
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define SCHEME "sqlite:///"
#define BUSY_TIMEOUT_MS 30000

/* What the caller decides by (every other error is NX_ERROR_IO), and what a person can do where SQLite's own words do not tell. */
static const struct {
  int code;
  NxErrorCode meaning;
  const char *advice;
} ERROR_MEANINGS[] = {
    {SQLITE_BUSY, NX_ERROR_PLACE, "another program is at work on it; try again when that has ended"},
    {SQLITE_LOCKED, NX_ERROR_PLACE, NULL},
    {SQLITE_FULL, NX_ERROR_PLACE, NULL},
    {SQLITE_IOERR, NX_ERROR_PLACE, NULL},
    {SQLITE_READONLY, NX_ERROR_PLACE, "give the user of this program permission to write to the file and to its folder"},
    {SQLITE_NOTADB, NX_ERROR_FORMAT, NULL},
    {SQLITE_CORRUPT, NX_ERROR_FORMAT, "put back a backup, or save what is left with `sqlite3 FILE .recover`"},
    {SQLITE_CONSTRAINT, NX_ERROR_DATA, NULL},
    {SQLITE_MISMATCH, NX_ERROR_DATA, NULL},
    {SQLITE_INTERRUPT, NX_ERROR_INTERRUPTED, NULL},
};

static const char *const JOURNALS[] = {"-wal", "-shm", "-journal", NULL};

static char *owner_of(const char *path)
{
  struct stat facts;
  struct passwd entry, *owner = NULL;
  char texts[4096];
  if (stat(path, &facts) != 0)
    return NULL;
  if (getpwuid_r(facts.st_uid, &entry, texts, sizeof texts, &owner) != 0 || !owner)
    return g_strdup_printf("%u", (guint)facts.st_uid);
  return g_strdup(owner->pw_name);
}

/* What keeps us from writing lies beside the database, left by a program of somebody else; NULL when it does not. */
static char *advice_on_journals(sqlite3 *connection)
{
  const char *name = connection ? sqlite3_db_filename(connection, "main") : NULL;
  g_autoptr(GString) files = g_string_new(NULL);
  g_autofree char *owner = NULL;
  guint count = 0;
  for (gsize i = 0; name && *name && JOURNALS[i]; i++) {
    g_autofree char *path = g_strconcat(name, JOURNALS[i], NULL);
    if (access(path, F_OK) != 0 || faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0)
      continue;
    g_string_append_printf(files, "%s%s", count++ ? " and " : "", path);
    owner = owner ? owner : owner_of(path);
  }
  if (!count)
    return NULL;
  return g_strdup_printf("%s belong%s to user %s: have them, or root, give the user of this program permission to write", files->str,
                         count == 1 ? "s" : "", owner ? owner : "?");
}

/* Journals come and go beside the file itself, wherever a link to it lies. */
char *nx_db_unwritable(const char *address)
{
  g_autofree char *path = nx_db_file_path(address);
  g_autofree char *file = path ? realpath(path, NULL) : NULL;
  g_autofree char *folder = file ? g_path_get_dirname(file) : NULL;
  g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
  if (file) {
    g_ptr_array_add(parts, g_strdup(file));
    g_ptr_array_add(parts, g_strdup(folder));
  }
  for (gsize i = 0; file && JOURNALS[i]; i++)
    g_ptr_array_add(parts, g_strconcat(file, JOURNALS[i], NULL));
  for (guint i = 0; i < parts->len; i++) {
    g_autofree char *why = nx_path_unwritable(parts->pdata[i]);
    if (why)
      return g_strdup_printf("%s: %s", (char *)parts->pdata[i], why);
  }
  return NULL;
}

gboolean nx_sqlite_error(sqlite3 *connection, int code, GError **err)
{
  NxErrorCode meaning = NX_ERROR_IO;
  const char *advice = NULL;
  for (gsize i = 0; i < G_N_ELEMENTS(ERROR_MEANINGS); i++)
    if (ERROR_MEANINGS[i].code == (code & 0xff)) {
      meaning = ERROR_MEANINGS[i].meaning;
      advice = ERROR_MEANINGS[i].advice;
    }
  g_autofree char *on_journals = (code & 0xff) == SQLITE_READONLY ? advice_on_journals(connection) : NULL;
  advice = on_journals ? on_journals : advice;
  g_autofree char *message = nx_text_utf8(connection ? sqlite3_errmsg(connection) : sqlite3_errstr(code), -1);
  g_set_error(err, NX_ERROR, meaning, "%s%s%s", message, advice ? "; " : "", advice ? advice : "");
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------- addresses */

static gboolean sqlite_accepts(const char *address)
{
  return g_str_has_prefix(address, SCHEME) || !strstr(address, "://");
}

/* A slash at the end is typed by whoever completes names: without it there it is a file's. */
static char *sqlite_file_path(const char *address)
{
  char *path = g_strdup(g_str_has_prefix(address, SCHEME) ? address + strlen(SCHEME) : address);
  for (gsize length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
    path[length - 1] = '\0';
  return path;
}

static char *sqlite_url_shown(const char *address)
{
  return g_str_has_prefix(address, SCHEME) ? g_strdup(address) : g_strconcat(SCHEME, address, NULL);
}

static gboolean sqlite_find(const char *address, gboolean *exists, GError **err)
{
  g_autofree char *path = sqlite_file_path(address);
  struct stat status;
  *exists = stat(path, &status) == 0;
  gboolean can_be_told = *exists || errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENAMETOOLONG;
  return can_be_told || nx_error_from_errno(err, errno, "look at", path);
}

static void sqlite_describe(const char *address, char **host, char **database)
{
  *host = g_strdup("local file");
  *database = sqlite_file_path(address);
}

/* A name that SQLite cannot take for a URI, for memory or for a temporary file. */
static char *plain_name(const char *path)
{
  return path[0] == '/' ? g_strdup(path) : g_strconcat("./", path, NULL);
}

/* --------------------------------------------------------------------------------------------------------- waiting */

/* Another process holds the lock: tries again every 10 ms until the time is over or a signal came. */
static int wait_for_lock(void *user_data, int attempt)
{
  (void)user_data;
  if (nx_interrupted() || attempt * 10.0 >= BUSY_TIMEOUT_MS * nx_time_scale())
    return 0;
  g_usleep(10000);
  return 1;
}

static int stop_when_interrupted(void *user_data)
{
  (void)user_data;
  return nx_interrupted() != 0;
}

/* --------------------------------------------------------------------------------------------------------- opening */

/* Reads the header and the schema, so that what is no database is refused here and not at the first statement. */
static int probe(sqlite3 *connection)
{
  return sqlite3_exec(connection, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);
}

static int open_unread(const char *name, int flags, sqlite3 **connection)
{
  /* SQLite would wait for ever for somebody to write into a FIFO. */
  if (!(flags & SQLITE_OPEN_URI) && g_file_test(name, G_FILE_TEST_EXISTS) && !g_file_test(name, G_FILE_TEST_IS_REGULAR))
    return SQLITE_CANTOPEN;
  int code = sqlite3_open_v2(name, connection, flags | SQLITE_OPEN_NOMUTEX, nx_sqlite_reading_ahead());
  if (code != SQLITE_OK)
    return code;
  sqlite3_extended_result_codes(*connection, 1);
  sqlite3_busy_handler(*connection, wait_for_lock, NULL);
  sqlite3_progress_handler(*connection, 10000, stop_when_interrupted, NULL);
  sqlite3_db_config(*connection, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config(*connection, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  return SQLITE_OK;
}

static int open_file(const char *name, int flags, sqlite3 **connection)
{
  int code = open_unread(name, flags, connection);
  return code == SQLITE_OK ? probe(*connection) : code;
}

/* A run that was killed left a journal, and only a writer may roll it back. */
static int reopen_to_recover(const char *name, sqlite3 **connection)
{
  sqlite3_close(g_steal_pointer(connection));
  int code = open_file(name, SQLITE_OPEN_READWRITE, connection);
  return code == SQLITE_OK ? sqlite3_exec(*connection, "PRAGMA query_only=ON", NULL, NULL, NULL) : code;
}

static gboolean has_journal(const char *name)
{
  gboolean has = FALSE;
  for (gsize i = 0; JOURNALS[i] && !has; i++) {
    g_autofree char *journal = g_strconcat(name, JOURNALS[i], NULL);
    has = g_file_test(journal, G_FILE_TEST_EXISTS);
  }
  return has;
}

/* A database with no journal beside it is read as it stands, without a lock: sqlite-ahead.c sees when it changes. */
static int reopen_unchanging(const char *name, sqlite3 **connection)
{
  if (has_journal(name) || !g_file_test(name, G_FILE_TEST_IS_REGULAR))
    return SQLITE_CANTOPEN;
  g_autofree char *escaped = nx_text_percent_encode(name, "/");
  g_autofree char *uri = g_strconcat("file:", escaped, "?immutable=1", NULL);
  sqlite3_close(g_steal_pointer(connection));
  return open_file(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, connection);
}

static gboolean wants_to_write(int code)
{
  return (code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_CANTOPEN;
}

/* By SQLite's own file: to close another descriptor of it would give up the locks of this process (sqlite.org/howtocorrupt.html). */
static gboolean is_in_wal_mode(sqlite3 *connection)
{
  enum { READ_VERSION = 19, WAL = 2 };
  guchar version = 0;
  sqlite3_file *file = NULL;
  return sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK && file && file->pMethods &&
         file->pMethods->xRead(file, &version, 1, READ_VERSION) == SQLITE_OK && version == WAL;
}

/* A reader of a database in WAL mode makes the files that its readers and writers share, and cannot take them away again. SQLite gives them the
 * mode of the database, and as root its owner: somebody else's would keep the owner from writing. */
static gboolean would_bar_owner(sqlite3 *connection, const char *name)
{
  struct stat facts;
  return geteuid() != 0 && stat(name, &facts) == 0 && facts.st_uid != geteuid() && is_in_wal_mode(connection) && !has_journal(name);
}

static int open_for_reading(const char *name, sqlite3 **connection)
{
  int code = open_unread(name, SQLITE_OPEN_READONLY, connection);
  if (code == SQLITE_OK && would_bar_owner(*connection, name))
    return reopen_unchanging(name, connection);
  if (code == SQLITE_OK)
    code = probe(*connection);
  if (*connection && (code & 0xff) == SQLITE_READONLY)
    code = reopen_to_recover(name, connection);
  if (*connection && wants_to_write(code) && reopen_unchanging(name, connection) == SQLITE_OK)
    code = SQLITE_OK;
  return code;
}

/* A migration copies whole tables: with a larger cache than the usual 2 MB the journal is synced less often. */
static int prepare_to_write(sqlite3 *connection)
{
  return sqlite3_exec(connection, "PRAGMA cache_size=-8192", NULL, NULL, NULL);
}

/* That it cannot be opened SQLite says of every reason alike, and keeps not every reason. That there is none, or a folder, say those who asked. */
static void say_why_not_opened(sqlite3 *connection, const char *path, GError **err)
{
  struct stat status;
  int number = stat(path, &status) != 0 ? errno : S_ISDIR(status.st_mode) || !connection ? 0 : sqlite3_system_errno(connection);
  if (err && *err && number && number != ENOENT) {
    g_autofree char *message = g_strdup_printf("%s: %s", (*err)->message, g_strerror(number));
    g_free((*err)->message);
    (*err)->message = g_steal_pointer(&message);
  }
}

static gpointer sqlite_open(const char *address, NxDbMode mode, GError **err)
{
  g_autofree char *path = sqlite_file_path(address);
  g_autofree char *name = plain_name(path);
  sqlite3 *connection = NULL;
  int code = SQLITE_OK;
  if (mode == NX_DB_READ)
    code = open_for_reading(name, &connection);
  else if (mode == NX_DB_SCRATCH)
    code = open_file(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &connection);
  else
    code = open_file(name, SQLITE_OPEN_READWRITE | (mode == NX_DB_CREATE ? SQLITE_OPEN_CREATE : 0), &connection);
  if (code == SQLITE_OK && mode != NX_DB_READ)
    code = prepare_to_write(connection);
  if (code == SQLITE_OK && mode != NX_DB_READ && sqlite3_db_readonly(connection, "main") == 1)
    nx_sqlite_error(NULL, SQLITE_READONLY, err);
  else if (code == SQLITE_OK)
    return connection;
  else
    nx_sqlite_error(connection, code, err);
  if ((code & 0xff) == SQLITE_CANTOPEN)
    say_why_not_opened(connection, path, err);
  if (err && *err && !g_file_test(path, G_FILE_TEST_EXISTS))
    (*err)->code = NX_ERROR_MISSING;
  sqlite3_close(connection);
  return NULL;
}

static void sqlite_close(gpointer connection)
{
  sqlite3_close(connection);
}

/* --------------------------------------------------------------------------------------------------------- running */

static void sqlite_cancel(gpointer connection)
{
  sqlite3_interrupt(connection);
}

static gboolean sqlite_script(gpointer connection, const char *sql, GError **err)
{
  int code = sqlite3_exec(connection, sql, NULL, NULL, NULL);
  return code == SQLITE_OK || nx_sqlite_error(connection, code, err);
}

/* sqlite.org/quirks.html#dblquote */
static gboolean sqlite_script_strictly(gpointer connection, const char *sql, GError **err)
{
  int takes_texts = 0;
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, -1, &takes_texts);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  gboolean is_done = sqlite_script(connection, sql, err);
  sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, takes_texts, NULL);
  return is_done;
}

static gint64 sqlite_changed(gpointer connection)
{
  return sqlite3_changes64(connection);
}

/* A database file has one lock. */
static gboolean sqlite_begin(gpointer connection, NxDbLock lock, GError **err)
{
  return sqlite_script(connection, lock == NX_DB_LOCK_NOTHING ? "BEGIN" : "BEGIN IMMEDIATE", err);
}

static gboolean sqlite_enforce_foreign_keys(gpointer connection, gboolean on, GError **err)
{
  return sqlite_script(connection, on ? "PRAGMA foreign_keys=ON" : "PRAGMA foreign_keys=OFF", err);
}

static gboolean sqlite_enforce_checks(gpointer connection, gboolean on, GError **err)
{
  return sqlite_script(connection, on ? "PRAGMA ignore_check_constraints=OFF" : "PRAGMA ignore_check_constraints=ON", err);
}

/* f_type of file systems that other hosts may write to: shared memory, on which WAL stands, does not reach them (statfs(2)). */
static const unsigned long SHARED_FILE_SYSTEMS[] = {
    0x6969 /* NFS */,        0x517b /* SMB */,      0xff534d42 /* CIFS */,  0xfe534d42 /* SMB2 */, 0x5346414f /* AFS */,
    0x73757245 /* Coda */,   0x564c /* NCP */,      0x01021997 /* 9P */,    0x65735546 /* FUSE */, 0x00c36400 /* Ceph */,
    0x0bd00bd0 /* Lustre */, 0x47504653 /* GPFS */, 0x7461636f /* OCFS2 */, 0x01161970 /* GFS2 */, 0x19830326 /* BeeGFS */,
};

static gboolean is_on_local_file_system(const char *path)
{
  struct statfs facts;
  if (statfs(path, &facts) != 0)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS(SHARED_FILE_SYSTEMS); i++)
    if (((unsigned long)facts.f_type & 0xffffffffUL) == SHARED_FILE_SYSTEMS[i])
      return FALSE;
  return TRUE;
}

static void sqlite_prepare_for_build(gpointer connection, const char *address)
{
  g_autofree char *path = sqlite_file_path(address);
  if (!is_on_local_file_system(path))
    return;
  /* A reader that is at it would hold the switch up: then the next run does it. */
  sqlite3_busy_handler(connection, NULL, NULL);
  if (sqlite3_exec(connection, "PRAGMA journal_mode=WAL", NULL, NULL, NULL) != SQLITE_OK)
    nx_log_info("%s stays in its journal mode: %s", path, sqlite3_errmsg(connection));
  sqlite3_busy_handler(connection, wait_for_lock, NULL);
}

/* ------------------------------------------------------------------------------------------------------ statements */

static gpointer sqlite_prepare(gpointer connection, const char *sql, GError **err)
{
  sqlite3_stmt *statement = NULL;
  int code = sqlite3_prepare_v2(connection, sql, -1, &statement, NULL);
  if (code != SQLITE_OK)
    nx_sqlite_error(connection, code, err);
  return statement;
}

static int parameter(sqlite3_stmt *statement, guint number)
{
  char name[16];
  g_snprintf(name, sizeof name, "$%u", number);
  return sqlite3_bind_parameter_index(statement, name);
}

static gboolean sqlite_bind_text(gpointer statement, guint number, const char *text)
{
  return sqlite3_bind_text64(statement, parameter(statement, number), text, text ? strlen(text) : 0, SQLITE_TRANSIENT, SQLITE_UTF8) ==
         SQLITE_OK;
}

static gboolean sqlite_bind_integer(gpointer statement, guint number, gint64 value)
{
  return sqlite3_bind_int64(statement, parameter(statement, number), value) == SQLITE_OK;
}

static gboolean sqlite_step(gpointer connection, gpointer statement, gboolean *row, GError **err)
{
  int code = sqlite3_step(statement);
  *row = code == SQLITE_ROW;
  return code == SQLITE_ROW || code == SQLITE_DONE || nx_sqlite_error(connection, code, err);
}

static void sqlite_finish(gpointer statement)
{
  sqlite3_finalize(statement);
}

static guint sqlite_columns(gpointer statement)
{
  return (guint)sqlite3_column_count(statement);
}

static const char *sqlite_column_name(gpointer statement, guint column)
{
  return sqlite3_column_name(statement, (int)column);
}

static NxCellType sqlite_column_type(gpointer statement, guint column)
{
  switch (sqlite3_column_type(statement, (int)column)) {
  case SQLITE_NULL:
    return NX_CELL_NULL;
  case SQLITE_INTEGER:
    return NX_CELL_INTEGER;
  case SQLITE_FLOAT:
    return NX_CELL_REAL;
  case SQLITE_BLOB:
    return NX_CELL_BYTES;
  default:
    return NX_CELL_TEXT;
  }
}

static const char *sqlite_column_text(gpointer statement, guint column, gsize *length)
{
  const char *text = (const char *)sqlite3_column_text(statement, (int)column);
  *length = text ? (gsize)sqlite3_column_bytes(statement, (int)column) : 0;
  return text;
}

static gint64 sqlite_column_integer(gpointer statement, guint column)
{
  return sqlite3_column_int64(statement, (int)column);
}

static double sqlite_column_real(gpointer statement, guint column)
{
  return sqlite3_column_double(statement, (int)column);
}

static gboolean sqlite_backup(NxDb *db, char **name, GError **err)
{
  g_autofree char *path = sqlite_file_path(nx_db_address(db));
  return nx_sqlite_backup(nx_db_connection(db), path, name, err);
}

const NxDbDriver nx_db_driver_sqlite = {
    .name = "sqlite",
    .accepts = sqlite_accepts,
    .find = sqlite_find,
    .url_shown = sqlite_url_shown,
    .file_path = sqlite_file_path,
    .open = sqlite_open,
    .close = sqlite_close,
    .cancel = sqlite_cancel,
    .script = sqlite_script,
    .script_strictly = sqlite_script_strictly,
    .changed = sqlite_changed,
    .begin = sqlite_begin,
    .enforce_foreign_keys = sqlite_enforce_foreign_keys,
    .enforce_checks = sqlite_enforce_checks,
    .prepare_for_build = sqlite_prepare_for_build,
    .tables_query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                    "AND name NOT LIKE 'nx\\_%' ESCAPE '\\' ORDER BY name",
    .columns_query = "SELECT name, \"notnull\", type, pk FROM pragma_table_info($1) ORDER BY cid",
    .byte_order = " COLLATE BINARY",
    .foreign_keys_query =
        "SELECT tables.name, keys.\"table\", (SELECT count(*) FROM sqlite_master WHERE type = 'trigger') "
        "FROM sqlite_master AS tables, pragma_foreign_key_list(tables.name) AS keys WHERE tables.type = 'table' ORDER BY 1",
    .orphans_query = "SELECT rowid, parent FROM pragma_foreign_key_check($1)",
    .parts_query =
        "SELECT 'column', tables.name, columns.name, NULL FROM sqlite_master AS tables, pragma_table_xinfo(tables.name) AS columns "
        "WHERE tables.type = 'table' AND tables.rootpage > 0 " /* no virtual one, whose module may not be there */
        "UNION ALL SELECT type, tbl_name, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL",
    .sorts_to_group = TRUE,
    .insertion_order = "rowid",
    .like = "LIKE",
    .catalogue =
        {
            [NX_CATALOGUE_COLUMNS] = "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo($1)",
            [NX_CATALOGUE_FOREIGN_KEYS] = "SELECT \"from\", \"table\", \"to\", on_delete FROM pragma_foreign_key_list($1) ORDER BY id, seq",
            [NX_CATALOGUE_INDEXES] = "SELECT l.name, l.\"unique\", (SELECT group_concat(i.name, ', ') FROM pragma_index_info(l.name) i) "
                                     "FROM pragma_index_list($1) l ORDER BY l.name",
            [NX_CATALOGUE_STATEMENT] = "SELECT sql FROM sqlite_master WHERE name = $1",
            [NX_CATALOGUE_OTHERS] =
                "SELECT name, type, tbl_name, sql FROM sqlite_master WHERE type IN ('view', 'trigger') ORDER BY type DESC, name",
        },
    .instant_from_now = "strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now', %s || ' seconds')",
    .lock_rows = "",
    .lock_free_rows = "",
    .read_table = nx_sqlite_table_read,
    .make = nx_sqlite_make,
    .describe = sqlite_describe,
    .backup = sqlite_backup,
    .prepare = sqlite_prepare,
    .bind_text = sqlite_bind_text,
    .bind_integer = sqlite_bind_integer,
    .step = sqlite_step,
    .finish = sqlite_finish,
    .columns = sqlite_columns,
    .column_name = sqlite_column_name,
    .column_type = sqlite_column_type,
    .column_text = sqlite_column_text,
    .column_integer = sqlite_column_integer,
    .column_real = sqlite_column_real,
    .each = nx_sqlite_each,
    .prepare_bulk = sqlite_prepare,
    .load_start = nx_sqlite_load_start,
    .load_null = nx_sqlite_load_null,
    .load_text = nx_sqlite_load_text,
    .load_integer = nx_sqlite_load_integer,
    .load_real = nx_sqlite_load_real,
    .load_bytes = nx_sqlite_load_bytes,
    .load_next = nx_sqlite_load_next,
    .load_end = nx_sqlite_load_end,
};
