/* nx-base.h — what every room of the house stands on: errors, log, text, time, JSON and lines, files, HTTP, processes.
 *
 * Conventions for every public header here:
 *   - a function that can fail returns gboolean or a pointer and takes `GError **err` last; FALSE or NULL means *err is set;
 *   - what is returned is owned by the caller unless the comment says "borrowed";
 *   - text is UTF-8, a path is bytes, an instant is a GDateTime in its own zone, a size is gsize or guint64 bytes. */
#ifndef NX_BASE_H
#define NX_BASE_H

#include <glib.h>
#include <json.h>
#include <stdio.h>
#include <sys/stat.h>

/* NexusLIMS whose documents and schema this program meets; printed by --version and written into records. */
#define NX_PRODUCT "NexusLIMS"

/* ---------------------------------------------------------------------------------------------------------- errors */

#define NX_ERROR (nx_error_quark())
GQuark nx_error_quark(void);

/* What went wrong decides who acts: a code is chosen by what the caller does about it, not by where it happened. */
typedef enum {
  NX_ERROR_USAGE,   /* the command line: exit 2 */
  NX_ERROR_CONFIG,  /* a setting, which somebody has to correct: exit 1 */
  NX_ERROR_LINE,    /* an input line that cannot be read, or output that cannot be written: exit 2 */
  NX_ERROR_IO,      /* a file or folder */
  NX_ERROR_FORMAT,  /* bytes that are not what they claim to be */
  NX_ERROR_PLACE,   /* trouble of the place (no connection, 429, 5xx, disk full, share gone): the next run tries again */
  NX_ERROR_REMOTE,  /* a server that answered, and said no */
  NX_ERROR_DATA,    /* values that contradict each other: the session, record or row cannot be made */
  NX_ERROR_MISSING, /* the thing asked for is not there */
  NX_ERROR_INTERRUPTED,
} NxErrorCode;

/* Prints "Error: <message>" on stderr, of an interruption nothing, and returns the exit code of the error's code (1 or 2). NULL counts as
 * success: 0. */
int nx_fail(const GError *error);
/* The same for a command that somebody waits for: of an interruption "Aborted!", and 130. */
int nx_fail_command(const GError *error);

/* Sets *err from errno (`error_number`): "cannot <action> <object>: <reason>". What says something about the machine, its disks, its network or the
 * rights of its user (ENOSPC, EFBIG, EIO, ESTALE, EMFILE, EAGAIN, EACCES, EPERM…) becomes NX_ERROR_PLACE, ENOENT and ENOTDIR NX_ERROR_MISSING, the rest
 * NX_ERROR_IO. Always returns FALSE. */
gboolean nx_error_from_errno(GError **err, int error_number, const char *action, const char *object);

/* ------------------------------------------------------------------------------------------------------------- log */

typedef enum { NX_LOG_ERROR, NX_LOG_WARNING, NX_LOG_INFO, NX_LOG_DEBUG } NxLogLevel;

/* `program` is borrowed for the life of the process. Verbosity is the count of -v: 0 WARNING, 1 INFO, 2 or more DEBUG. */
void nx_log_start(const char *program, guint verbosity);
/* Lines read `[LEVEL] message` from now on: for a program that a person runs by hand. */
void nx_log_in_brackets(void);
/* Lines also go to this file from now on (appended; O_CLOEXEC). */
gboolean nx_log_to_file(const char *path, GError **err);
NxLogLevel nx_log_level(void);
/* Every later occurrence of `secret` (4 characters or more) in a log line or nx_fail is written as "***"; no core file is left from now on. */
void nx_log_hide(const char *secret);
/* A copy of `text` with the hidden secrets replaced, and the passwords of addresses in it (`scheme://user:password@host`). Takes a whole text:
 * of a secret that was cut it knows nothing (nx_text_start, nx_text_beginning). */
char *nx_log_masked(const char *text);
/* A copy of `text` with "***" for `secret`, for one that is a secret of one request only. */
char *nx_log_without(const char *text, const char *secret);
/* A message as people get to see it: masked, UTF-8, control characters but \n escaped. A further line that begins like a record is indented. */
char *nx_log_shown(const char *message);
/* One line `YYYY-MM-DD HH:MM:SS,mmm <program> <LEVEL>: <message>` (or as nx_log_in_brackets says), one write(2), the message as by nx_log_shown. */
void nx_log(NxLogLevel level, const char *format, ...) G_GNUC_PRINTF(2, 3);

#define nx_log_error(...) nx_log(NX_LOG_ERROR, __VA_ARGS__)
#define nx_log_warning(...) nx_log(NX_LOG_WARNING, __VA_ARGS__)
#define nx_log_info(...) nx_log(NX_LOG_INFO, __VA_ARGS__)
#define nx_log_debug(...) nx_log(NX_LOG_DEBUG, __VA_ARGS__)

/* ------------------------------------------------------------------------------------------------------------ text */

/* Shortest decimal text that reads back to the same double, in Python's spelling: `5.0`, `1e-07`, `1e+16`, `nan`, `inf`. */
char *nx_text_from_double(double value);
/* The same into the caller's memory, ended by NUL; → its length. */
#define NX_TEXT_DOUBLE 40
gsize nx_text_put_double(char text[NX_TEXT_DOUBLE], double value);
/* Bytes of any kind as valid UTF-8: each byte that is not part of a valid character becomes U+FFFD. length -1: NUL-terminated. */
char *nx_text_utf8(const char *bytes, gssize length);
/* Bytes of ISO 8859-1, whose numbers are those of the first 256 characters of Unicode. length -1: NUL-terminated. */
char *nx_text_from_latin1(const char *bytes, gssize length);
/* Bytes of UTF-16, whose order the mark in front tells; NULL when there is no such mark. Half a surrogate pair becomes U+FFFD, NUL a blank, and
 * a last odd byte goes. */
char *nx_text_from_utf16(const char *bytes, gsize length);
/* The bytes without NULs, behind which C would see nothing; *dropped (may be NULL) counts them. */
char *nx_text_without_nul(const char *bytes, gsize length, guint *dropped);
/* TRUE for valid UTF-8 without NUL; fast where it is ASCII. */
gboolean nx_text_is_utf8(const char *bytes, gsize length);
/* `text` for a terminal or a log: C0, DEL and C1 controls as \n, \t or \xNN. */
char *nx_text_visible(const char *text);
/* The first bytes of a text from outside, at most `most`, valid and cut at a character. Secrets are *** already: nobody would know one that was
 * cut. */
char *nx_text_start(const char *text, gsize most);
/* What a message shows of a text from outside: its first line that is not empty, visible, at most 160 characters; … where it goes on.
 * Secrets are *** already. */
char *nx_text_beginning(const char *text);
/* `text` without the characters XML 1.0 forbids; *dropped (may be NULL) counts them. */
char *nx_text_for_xml(const char *text, guint *dropped);
/* Percent-encodes bytes: A-Z a-z 0-9 - . _ ~ and the characters of `also` stay, all others become %XX (upper case). */
char *nx_text_percent_encode(const char *bytes, const char *also);
/* The reverse; NULL when a % is not followed by two hex digits. The result may hold any bytes but NUL. */
char *nx_text_percent_decode(const char *text);
/* Display cells of `text` on a terminal (wide characters count 2, combining marks 0). */
gsize nx_text_width(const char *text);
/* The value of the first query parameter `name` of `url`, decoded; NULL when there is none. */
char *nx_text_query_value(const char *url, const char *name);
/* TRUE when `name` matches the fnmatch(3) glob `pattern` without regard to case. Characters are those of UTF-8 whatever the locale is; in a name
 * that is not UTF-8, bytes. */
gboolean nx_text_matches(const char *pattern, const char *name);

/* ------------------------------------------------------------------------------------------------------------ time */

/* A zone by its name in the tz database ($TZDIR, else /usr/share/zoneinfo), cached, borrowed; NULL and NX_ERROR_DATA when there is none of that
 * name. Offsets ("UTC+2") and POSIX rules are no names. */
GTimeZone *nx_zone(const char *name, GError **err);
/* The zone of the system (TZ, else /etc/localtime), cached, borrowed. */
GTimeZone *nx_zone_system(void);
/* ISO 8601 text → instant. Accepts what database rows and NEMO send: date, any one separator, HH:MM[:SS[.,fraction]], Z or an offset;
 * basic forms too. A text without offset is wall clock of `naive` (see nx_time_from_wall_clock); with naive NULL it is an error. */
GDateTime *nx_time_parse(const char *text, GTimeZone *naive, GError **err);
/* TRUE when `text` carries an offset or Z. */
gboolean nx_time_has_offset(const char *text);
/* Wall clock → instant. A clock time that occurs twice is the standard-time one; one that does not exist keeps the clock and takes the
 * standard offset (harvest-nemo 4.2). `microsecond` 0..999999. NULL when the date is impossible. */
GDateTime *nx_time_from_wall_clock(GTimeZone *zone, int year, int month, int day, int hour, int minute, int second, int microsecond);
/* The first instant of a day: where midnight occurs twice, the earlier one. NULL when the date is impossible. */
GDateTime *nx_time_day_start(GTimeZone *zone, int year, int month, int day);
/* Seconds since the epoch → instant in `zone`, microseconds rounded half to even. NULL when out of range. */
GDateTime *nx_time_from_epoch(double seconds, GTimeZone *zone);
/* `YYYY-MM-DDTHH:MM:SS[.ffffff]±HH:MM`; the fraction only when it is not zero. */
char *nx_time_format(GDateTime *instant);
/* Now in the system zone. */
GDateTime *nx_time_now(void);
/* Nanoseconds since the epoch; before 1677 and after 2262 the nearest number there is. */
gint64 nx_time_ns(GDateTime *instant);
/* One bound of --from/--to: `YYYY-MM-DD` (00:00:00, or 23:59:59 when `is_end`), an ISO date-time (system zone unless it says), `none` or
 * `all`, and what lies outside of the years 1 to 9999 in UTC → *bound NULL. FALSE and NX_ERROR_USAGE otherwise. */
gboolean nx_time_parse_bound(const char *text, gboolean is_end, GDateTime **bound, GError **err);

/* ------------------------------------------------------------------------------------------------------------ JSON */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_object, json_object_put)

typedef enum {
  NX_JSON_LINE = 0,        /* one line, no blanks, UTF-8 as it is */
  NX_JSON_INDENT = 1 << 0, /* 2 blanks a level, "key": value */
  NX_JSON_ASCII = 1 << 1,  /* non-ASCII and DEL as \uXXXX */
  NX_JSON_SPACED = 1 << 2, /* one line, ", " and ": " */
} NxJsonStyle;

/* The whole of `text` as one JSON value (UTF-8 checked, depth at most 256). */
json_object *nx_json_parse(const char *text, gsize length, GError **err);
/* Reads a file of at most `limit` bytes. */
json_object *nx_json_read_file(const char *path, gsize limit, GError **err);
char *nx_json_text(json_object *value, NxJsonStyle style);
void nx_json_append(GString *out, json_object *value, NxJsonStyle style);
/* A real that prints as nx_text_from_double; NULL (JSON null) for NaN and infinities. */
json_object *nx_json_double(double value);
/* text NULL → JSON null. */
json_object *nx_json_string(const char *text);

/* Members by name; all are borrowed and NULL-safe. A member that is absent, null or of another type gives NULL (0, FALSE). */
json_object *nx_json_get(json_object *object, const char *key);
const char *nx_json_get_string(json_object *object, const char *key);
gboolean nx_json_get_boolean(json_object *object, const char *key);
/* `fallback` when the member is absent or not a number. */
double nx_json_get_double(json_object *object, const char *key, double fallback);
gint64 nx_json_get_int(json_object *object, const char *key, gint64 fallback);
/* Adds or replaces; `value` is consumed. */
void nx_json_set(json_object *object, const char *key, json_object *value);
void nx_json_set_string(json_object *object, const char *key, const char *text);

/* ----------------------------------------------------------------------------------------------------------- lines */

#define NX_LINE_MAX (40u * 1024u * 1024u) /* bytes of one line, LINES rule */

/* Reads JSON lines from a descriptor. Errors are NX_ERROR_LINE and name the line: "line 3: not JSON: …". */
typedef struct NxLines NxLines;
NxLines *nx_lines_new(int fd);
void nx_lines_free(NxLines *lines);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxLines, nx_lines_free)
/* The next line whose `kind` is one of `kinds` (NULL-terminated; NULL: any object, with or without a kind). *line is NULL at the end of input.
 * Blank lines are skipped. Once a signal has come there is no next line, however many are at hand: NX_ERROR_INTERRUPTED. */
gboolean nx_lines_next(NxLines *lines, const char *const *kinds, json_object **line, GError **err);
/* TRUE when nx_lines_next would give a line or the end of input without waiting longer than this for its first byte. */
gboolean nx_lines_waiting(NxLines *lines, int milliseconds);
/* The number of the line last returned, from 1. */
guint64 nx_lines_number(const NxLines *lines);
/* A key this stage needs: borrowed, or NULL and "line N: key 'x' is missing" / "is not a string". `key` may be a path "a.b". */
json_object *nx_lines_need(NxLines *lines, json_object *line, const char *key, enum json_type type, GError **err);
/* The same for text that names a thing, such as a session or an instrument: it is not empty, and C reads it whole (no NUL). Borrowed, or NULL. */
const char *nx_lines_need_text(NxLines *lines, json_object *line, const char *key, GError **err);

/* Writes one line and flushes it: complete or an error (NX_ERROR_LINE, EPIPE included; NX_ERROR_INTERRUPTED when the reader got our signal too). */
gboolean nx_line_write(FILE *out, json_object *line, GError **err);

/* The common loop of a filter: reads stdin to its end and calls `work` for each line of `kinds`; what `work` leaves in the line is written
 * to stdout. `work` returning FALSE with *err ends the loop. */
typedef gboolean (*NxLineWork)(NxLines *lines, json_object *line, gpointer user_data, GError **err);
gboolean nx_lines_filter(const char *const *kinds, NxLineWork work, gpointer user_data, GError **err);

/* Session lines (LINES). */
/* TRUE when the line still wants work: no `error`, no `postponed`, and `status` equals `status` (NULL: any). */
gboolean nx_session_is_open(json_object *session, const char *status);
/* Ends the session: `status` and `error` {stage, message}. Message as printf, masked. */
void nx_session_end(json_object *session, const char *status, const char *stage, const char *format, ...) G_GNUC_PRINTF(4, 5);
/* `postponed` {stage, message}; `status` stays. File lines have it, too. */
void nx_session_postpone(json_object *session, const char *stage, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* An error of a stage becomes `postponed` (NX_ERROR_PLACE, NX_ERROR_CONFIG, NX_ERROR_INTERRUPTED) or status ERROR (all else). Logs it at ERROR
 * level, but an interruption, which somebody wanted, at INFO. */
void nx_session_fail(json_object *session, const char *stage, const GError *error);
/* The zone of the session's or file's instrument; the system zone when it names none or an unknown one (logged). Borrowed. */
GTimeZone *nx_line_zone(json_object *line);
/* `start` or `end` of a session as an instant (old rows without offset: the instrument's zone). */
GDateTime *nx_session_time(json_object *session, const char *key, GError **err);
/* The name of a session's record file (record-building §11.1): `<date>_<instrument_pid>_<suffix>.xml`, the date that of `start` in its own zone. */
char *nx_session_record_name(json_object *session, GError **err);
/* The path bytes of an object with `path` and perhaps `path_b64`. */
char *nx_line_path(json_object *object, GError **err);
/* Sets `path`, and `path_b64` when the bytes are not UTF-8. */
void nx_line_set_path(json_object *object, const char *path);

/* ----------------------------------------------------------------------------------------------------------- files */

/* Whether the name `path` still stands for the open file: a lock counts only on the file that is there now, since whoever held it before may have
 * removed that. */
gboolean nx_file_is_still_at(int fd, const char *path);
/* The file appears whole or not at all: temporary file beside it, fsync, rename, fsync of the folder. Folders are made (0777 & ~umask).
 * An existing file is replaced. `mode` e.g. 0644. NX_ERROR_PLACE: no room, or a folder that is gone, closed or none; NX_ERROR_IO: it is the name. */
gboolean nx_file_write(const char *path, const void *data, gsize length, int mode, GError **err);
/* The same without the two fsyncs, for files that can be made again, or are saved all together (previews, metadata JSON). */
gboolean nx_file_write_fast(const char *path, const void *data, gsize length, int mode, GError **err);
/* All bytes into an open descriptor, going on after signals. FALSE with errno. */
gboolean nx_write_whole(int fd, const char *data, gsize length);
/* All bytes, at most `limit`, with a NUL behind them that is not counted in `length` (or NULL). Waits for a FIFO, as is right for what a person
 * names. */
gboolean nx_file_read(const char *path, gsize limit, char **data, gsize *length, GError **err);
/* The same for a path that nobody has looked at: what is not a regular file is refused (NX_ERROR_IO) and holds nobody up. */
gboolean nx_file_read_regular(const char *path, gsize limit, char **data, gsize *length, GError **err);
/* Whether a path that is itself a symbolic link may be opened. Its folders may be links in any case. */
typedef enum { NX_LINKS_REFUSED, NX_LINKS_FOLLOWED } NxLinks;
/* A regular file opened for reading, and its status; -1 with *err: NX_ERROR_IO when this file alone may be the reason. No FIFO or device can hold it
 * up. */
int nx_file_open_regular(const char *path, NxLinks links, struct stat *status, GError **err);
/* With its parents. NX_ERROR_PLACE also when a file lies in its place. */
gboolean nx_folder_make(const char *path, GError **err);
/* fsync of a folder. */
gboolean nx_folder_sync(const char *path, GError **err);
/* Saves all that was written to the file system of a folder: one call for many files. A folder that is not there holds nothing to save. */
gboolean nx_file_system_sync(const char *folder, GError **err);
/* Why this user may not write to a file, or make files in a folder, and what to do: "Permission denied; …". NULL when it may, or when nothing
 * is there. */
char *nx_path_unwritable(const char *path);
/* What to do about an error of writing: "; …", or "" when its name says all. Most often somebody ran a program by hand once, as root. */
const char *nx_advice_of_write(int error_number);
/* TRUE when the folder open as `fd` is the one of the status `above` or lies in it, whatever links led there. */
gboolean nx_folder_is_within(int fd, const struct stat *above);
/* `path` relative to `root` (no leading '/'), borrowed from path; NULL when it is not below root. Text only, no links resolved. */
const char *nx_path_below(const char *path, const char *root);
/* A part of it is "..". */
gboolean nx_path_leads_upwards(const char *relative);
/* The regular file `name` in the current folder, else in the next one above that has it (g_free); NULL: in none up to the root. */
char *nx_file_find_upwards(const char *name);
/* `root` + '/' + `relative` without leading '/', './' and doubled slashes. */
char *nx_path_join(const char *root, const char *relative);
/* The same; NULL when a part of `relative` is "..". */
char *nx_path_join_below(const char *root, const char *relative);
/* `path` from the top, without doubled slashes, "." parts and a slash at its end. ".." leads where the kernel says: up to the last one the path
 * becomes the folder that is there, without links. What comes after, and a path without any, keeps its spelling; so does one whose ".." leads
 * nowhere now. */
char *nx_path_absolute(const char *path);
/* `~` and `~/x` are in the home folder; other people's homes are not looked up. */
char *nx_path_without_tilde(const char *path);
/* A file of the product's share folder, e.g. "schema/nexus-experiment.xsd": beside the running program (../share/nexuslims), else where it
 * was installed. Migrations are under "migrations". */
char *nx_share_path(const char *relative);

/* ------------------------------------------------------------------------------------------------------- processes */

/* The path of one of our programs: beside the running one, else on PATH; NULL when there is none. */
char *nx_program_path(const char *name);
/* TRUE of a program's name that editors, packages and people give to what they keep of it (NAME~, NAME.bak, NAME.dpkg-old, …). */
gboolean nx_program_is_copy(const char *name);
/* All executable programs `<prefix>NAME` beside ours and on PATH → NAMEs, sorted, each once. NULL-terminated. Own stages' names excluded by the caller.
 * Copies are none. */
char **nx_program_list(const char *prefix);

/* A child with chosen descriptors 0, 1, 2 (-1: /dev/null for 0 and 1, inherited for 2); all others are closed. Dies with the thread that starts
 * it. */
typedef struct {
  char **argv;        /* argv[0] is a path */
  char **environment; /* NULL: ours */
  int in, out, err;
  gboolean own_group; /* a process group of its own, so that kill(-pid) ends its children too */
} NxSpawn;
gboolean nx_process_start(const NxSpawn *spawn, GPid *pid, GError **err);
/* Waits; the exit status as a shell counts it (128 + signal). */
int nx_process_wait(GPid pid);
/* Whether a child has ended. It is not reaped: nobody else gets its number, or that of its group, before nx_process_wait. */
gboolean nx_process_has_ended(GPid pid);

/* A program that is asked something once. */
typedef struct {
  char **argv;        /* argv[0] is a path */
  char **environment; /* NULL: ours */
  const char *input;  /* its standard input; NULL: /dev/null */
  gsize length;       /* of that, in bytes */
  guint seconds;      /* it has to end within them, scaled as nx_patience_us says; 0: it has all the time */
  gsize answer_max;   /* bytes of its standard output */
  int err;            /* its standard error; -1: ours */
} NxQuestion;
/* What it has written when it ends; a process that it leaves behind is ended. `status` gets the exit status as by nx_process_wait; when it is NULL,
 * one other than 0 is NX_ERROR_REMOTE. A program that does not end within its time (NX_ERROR_PLACE), writes too much (NX_ERROR_FORMAT), or runs when
 * a signal comes (NX_ERROR_INTERRUPTED) is killed with its children. */
GString *nx_process_ask(const NxQuestion *question, int *status, GError **err);
/* A file without a name that holds `text`, to be read from its beginning; -1 with *err. */
int nx_memory_file(const char *text, gsize length, GError **err);

/* TRUE for a variable ("NAME=value") that says nothing of ours: where programs and fonts are, language, zone, what tests and sanitizers want. */
gboolean nx_environment_is_harmless(const char *variable);
/* Our environment without all others, for a program that needs none of them. g_strfreev. */
char **nx_environment_harmless(void);

/* SIGINT, SIGTERM, SIGHUP set a flag that loops look at; SIGPIPE is ignored. Call once at start. */
void nx_interrupt_install(void);
/* The signal that came, or 0. */
int nx_interrupted(void);
/* FALSE with NX_ERROR_INTERRUPTED once a signal has come: between two pieces of work. */
gboolean nx_check_interrupted(GError **err);
/* By what waits are multiplied, as between two attempts: 1, or NX_TEST_TIME_SCALE, with which tests shorten them. Never negative; 0 leaves them
 * out. */
double nx_time_scale(void);
/* So many seconds of patience with a program or a server, in microseconds: scaled as waits are, but whole where those are left out, since its
 * work takes its time all the same. */
gint64 nx_patience_us(double seconds);

/* A shared library that is loaded when it is needed: a program that does without it in most runs does not wait for it and all that it brings. */
typedef struct {
  const char *name; /* of a function in it */
  gsize offset;     /* of the pointer to it in the table of functions */
} NxLibraryRow;
typedef struct {
  const char *file, *what, *package; /* its soname; what messages call it; Debian's package with it */
  const NxLibraryRow *rows;
  gsize n_rows;
} NxLibrary;
/* Fills the table of functions; the library stays. NX_ERROR_CONFIG when it is not there or lacks one. */
gboolean nx_library_load(const NxLibrary *library, gpointer functions, GError **err);

/* --------------------------------------------------------------------------------------------------------- formats */

/* The extensions of the formats that lib/extract reads ("dm3", "tif", …; companions and plain pictures are none), lower case, sorted, for the
 * `exclusive` file strategy; NULL-terminated, borrowed. */
const char *const *nx_format_extensions(void);

/* What a program nx-extract-NAME says it reads (LINES, `format`): those who look for its files and those who have them read understand it alike. */
#define NX_FORMAT_PROGRAM "nx-extract-"
#define NX_FORMAT_SECONDS 10             /* of patience with `--describe` */
#define NX_FORMAT_LINE_MAX (64u * 1024u) /* bytes of its answer */
typedef struct {
  char **extensions; /* lower case, without a dot, nothing that means something in a glob; NULL-terminated */
  int priority;
} NxFormatLine;
void nx_format_line_free(NxFormatLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxFormatLine, nx_format_line_free)
/* NX_ERROR_FORMAT when it is no line of kind `format` with `extensions`. What is no extension in it is left out with a warning about `program`. */
NxFormatLine *nx_format_line_parse(const char *program, const char *text, gsize length, GError **err);

/* ------------------------------------------------------------------------------------------------------- harvesters */

/* The names that lib/harvest has a harvester for, in the order of its table; NULL-terminated, borrowed. The first is also that of an instrument
 * which names none. */
const char *const *nx_harvester_names(void);
/* Those, then the NAMEs of all programs nx-harvest-NAME that are there, sorted. g_strfreev. */
char **nx_harvester_list(void);
/* The path of the program nx-harvest-`name`; NULL when there is none, and for what is no name: one of A-Z a-z 0-9 . _ - only, and not that of
 * a copy. */
char *nx_harvester_program(const char *name);
/* What to do about an instrument's harvester `name`, for which there is none: "use nemo or ical, or …". NULL when there is one. */
char *nx_harvester_problem(const char *name);

/* The addresses that a calendar of the harvester `ical` can have, for messages. */
#define NX_CALENDAR_FORMS "http(s)://HOST/..., webcal(s)://HOST/... or file:///..."
/* The scheme of such an address, whatever its case: "https", "http", …; static. NULL: `url` is none, and no harvest could read it. */
const char *nx_calendar_scheme(const char *url);

/* The harvester of calendars. */
#define NX_CALENDAR_HARVESTER "ical"
/* Its identifiers: this and PID:UID. An instance of a series is named by that, / and the start that the series gave it. */
#define NX_CALENDAR_PREFIX NX_CALENDAR_HARVESTER ":"
char *nx_calendar_instance(const char *identifier, GDateTime *start);
/* What such a name of an instance is made of: the start, with the rest in *identifier; NULL when it is no instance's. */
GDateTime *nx_calendar_instance_start(const char *instance, char **identifier);
/* TRUE when one identifies an event and the other an instance of it: when both took place at the same time, it is the same usage, and the event has
 * become a series, or is one no more. */
gboolean nx_calendar_are_twins(const char *one, const char *other);

#endif
