/* instruments-usage.c — see instruments-usage.h. Among texts of one form the greatest text is the latest instant, so that of a million
 * timestamps only one of each form is read as a date. */
#include "instruments-usage.h"

#include "distinct.h"

#include <string.h>

#define CLOCK_LENGTH 19       /* YYYY-MM-DDTHH:MM:SS */
#define WORTH_A_THREAD 100000 /* rows */

/* The latest text of one form: the clock and what follows it as an offset. */
typedef struct {
  char *text;
  gsize length, clock_length;
} Latest;

typedef struct {
  char *pid;
  gsize pid_length;
  GArray *sessions; /* guint64: a mark for each END row */
  GArray *latest;   /* of Latest: one of each form */
  char *odd[2];     /* the latest of the texts of any other form: those without and those with an offset */
} Instrument;

#define RECENT 1024u /* a power of two */

struct NxUsage {
  GHashTable *instruments;    /* pid → Instrument */
  Instrument *recent[RECENT]; /* by the mark of the pid: the last one of each place */
};

/* ------------------------------------------------------------------------------------------------------------- sessions */

static guint64 folded(guint64 a, guint64 b)
{
  const unsigned __int128 product = (unsigned __int128)a * b;
  return (guint64)product ^ (guint64)(product >> 64);
}

/* Two of a million different texts fall together with a probability below 10⁻⁷. */
static guint64 mark_of(const char *text, gsize length)
{
  const guint64 first = G_GUINT64_CONSTANT(0x9e3779b97f4a7c15), second = G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
  guint64 mark = first + length, pieces[2];
  for (; length > sizeof pieces; text += sizeof pieces, length -= sizeof pieces) {
    memcpy(pieces, text, sizeof pieces);
    mark = folded(pieces[0] ^ mark, pieces[1] ^ second);
  }
  memset(pieces, 0, sizeof pieces);
  memcpy(pieces, text, length);
  mark = folded(folded(pieces[0] ^ mark, pieces[1] ^ second), first);
  return mark ? mark : 1;
}

/* --------------------------------------------------------------------------------------------------------- latest texts */

static gboolean begins_with_clock(const char *text, gsize length)
{
  static const char SHAPE[] = "0000-00-00T00:00:00";
  if (length < CLOCK_LENGTH)
    return FALSE;
  for (gsize i = 0; i < CLOCK_LENGTH; i++)
    if (SHAPE[i] == '0' ? !g_ascii_isdigit(text[i]) : SHAPE[i] != 'T' && text[i] != SHAPE[i])
      return FALSE;
  return TRUE;
}

static gsize clock_length(const char *text, gsize length)
{
  gsize end = CLOCK_LENGTH;
  if (end < length && text[end] == '.')
    end += 1 + strspn(text + end + 1, "0123456789");
  return MIN(end, length);
}

static gboolean is_of_form(const Latest *latest, const char *text, gsize length, gsize clock)
{
  return latest->text[10] == text[10] && latest->length - latest->clock_length == length - clock &&
         memcmp(latest->text + latest->clock_length, text + clock, length - clock) == 0;
}

static gboolean is_later(const char *text, gsize clock, const Latest *latest)
{
  int order = memcmp(text, latest->text, MIN(clock, latest->clock_length));
  return order > 0 || (order == 0 && clock > latest->clock_length);
}

/* Dates alone, weeks, the basic form: rare, so each is read. */
static void note_odd_text(Instrument *instrument, const char *text)
{
  g_autoptr(GTimeZone) west = g_time_zone_new_offset(-3600), east = g_time_zone_new_offset(3600);
  g_autoptr(GDateTime) instant = nx_time_parse(text, west, NULL), elsewhere = nx_time_parse(text, east, NULL);
  if (!instant || !elsewhere)
    return;
  char **latest = &instrument->odd[nx_time_ns(instant) == nx_time_ns(elsewhere)];
  g_autoptr(GDateTime) before = *latest ? nx_time_parse(*latest, west, NULL) : NULL;
  if (before && nx_time_ns(instant) <= nx_time_ns(before))
    return;
  g_free(*latest);
  *latest = g_strdup(text);
}

static void note_text(Instrument *instrument, const char *text, gsize length)
{
  if (!begins_with_clock(text, length)) {
    note_odd_text(instrument, text);
    return;
  }
  gsize clock = clock_length(text, length);
  for (guint i = 0; i < instrument->latest->len; i++) {
    Latest *latest = &g_array_index(instrument->latest, Latest, i);
    if (!is_of_form(latest, text, length, clock))
      continue;
    if (!is_later(text, clock, latest))
      return;
    if (latest->length != length)
      latest->text = g_realloc(latest->text, length + 1);
    memcpy(latest->text, text, length + 1);
    latest->length = length;
    latest->clock_length = clock;
    return;
  }
  Latest first = {g_strdup(text), length, clock};
  g_array_append_val(instrument->latest, first);
}

/* ----------------------------------------------------------------------------------------------------------- instruments */

static void clear_latest(gpointer data)
{
  g_free(((Latest *)data)->text);
}

static void free_instrument(gpointer data)
{
  Instrument *instrument = data;
  g_array_unref(instrument->sessions);
  g_array_unref(instrument->latest);
  g_free(instrument->odd[0]);
  g_free(instrument->odd[1]);
  g_free(instrument->pid);
  g_free(instrument);
}

static Instrument *instrument_new(const char *pid, gsize length)
{
  Instrument *instrument = g_new0(Instrument, 1);
  instrument->pid = g_strdup(pid);
  instrument->pid_length = length;
  instrument->sessions = g_array_new(FALSE, FALSE, sizeof(guint64));
  instrument->latest = g_array_new(FALSE, TRUE, sizeof(Latest));
  g_array_set_clear_func(instrument->latest, clear_latest);
  return instrument;
}

static Instrument *instrument_of(NxUsage *usage, const char *pid, gsize length)
{
  Instrument **recent = &usage->recent[mark_of(pid, length) % RECENT];
  if (*recent && (*recent)->pid_length == length && memcmp((*recent)->pid, pid, length) == 0)
    return *recent;
  *recent = g_hash_table_lookup(usage->instruments, pid);
  if (!*recent) {
    *recent = instrument_new(pid, length);
    g_hash_table_insert(usage->instruments, (*recent)->pid, *recent);
  }
  return *recent;
}

static NxUsage *usage_new(void)
{
  NxUsage *usage = g_new0(NxUsage, 1);
  usage->instruments = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_instrument);
  return usage;
}

void nx_usage_free(NxUsage *usage)
{
  if (!usage)
    return;
  g_hash_table_unref(usage->instruments);
  g_free(usage);
}

/* -------------------------------------------------------------------------------------------------------------- reading */

/* Its columns. */
enum { PID, IDENTIFIER, TIMESTAMP };

static void note_end(const NxCell *cells, gpointer user_data)
{
  if (!cells[PID].text || !cells[IDENTIFIER].text)
    return;
  Instrument *instrument = instrument_of(user_data, cells[PID].text, cells[PID].length);
  guint64 mark = mark_of(cells[IDENTIFIER].text, cells[IDENTIFIER].length);
  g_array_append_val(instrument->sessions, mark);
  if (cells[TIMESTAMP].text)
    note_text(instrument, cells[TIMESTAMP].text, strlen(cells[TIMESTAMP].text));
}

/* The rows with first <= id_session_log <= last. */
static NxUsage *read_range(NxDb *db, gint64 first, gint64 last, GError **err)
{
  g_autoptr(NxUsage) usage = usage_new();
  g_autofree char *rest = g_strdup_printf("FROM session_log WHERE event_type = 'END' AND id_session_log BETWEEN %" G_GINT64_FORMAT " AND %" G_GINT64_FORMAT,
                                          first, last);
  return nx_db_each(db, "instrument, session_identifier, timestamp", rest, note_end, usage, err) ? g_steal_pointer(&usage) : NULL;
}

static void add_instrument(gpointer pid, gpointer value, gpointer user_data)
{
  const Instrument *from = value;
  Instrument *instrument = instrument_of(user_data, pid, from->pid_length);
  g_array_append_vals(instrument->sessions, from->sessions->data, from->sessions->len);
  for (guint i = 0; i < from->latest->len; i++)
    note_text(instrument, g_array_index(from->latest, Latest, i).text, g_array_index(from->latest, Latest, i).length);
  for (gsize i = 0; i < G_N_ELEMENTS(from->odd); i++)
    if (from->odd[i])
      note_odd_text(instrument, from->odd[i]);
}

/* A half of the rows, which another thread reads on a connection of its own. */
typedef struct {
  const char *address;
  gint64 first, last;
} Half;

static gpointer read_half(gpointer data)
{
  const Half *half = data;
  g_autoptr(NxDb) db = nx_db_open(half->address, NX_DB_READ, NULL);
  return db ? read_range(db, half->first, half->last, NULL) : NULL;
}

static NxUsage *read_halves(NxDb *db, const Half *first, Half *second, GError **err)
{
  GThread *thread = g_thread_try_new("usage", read_half, second, NULL);
  g_autoptr(NxUsage) usage = read_range(db, first->first, first->last, err);
  g_autoptr(NxUsage) other = thread ? g_thread_join(thread) : NULL;
  /* What the other could not read is read here, or the reason is told. */
  if (usage && !other)
    other = read_range(db, second->first, second->last, err);
  if (!usage || !other)
    return NULL;
  g_hash_table_foreach(other->instruments, add_instrument, usage);
  return g_steal_pointer(&usage);
}

NxUsage *nx_usage_read(NxDb *db, const char *address, GError **err)
{
  g_autofree char *path = nx_db_file_path(address);
  gint64 first = 0, last = 0;
  if (!nx_db_number(db, &first, err, "SELECT min(id_session_log) FROM session_log", NULL) ||
      !nx_db_number(db, &last, err, "SELECT max(id_session_log) FROM session_log", NULL))
    return NULL;
  /* A database that is no file has a server, which has the work. The ids may be any 64-bit numbers, also negative ones. */
  if (!path || (guint64)last - (guint64)first < WORTH_A_THREAD)
    return read_range(db, first, last, err);
  gint64 middle = (gint64)((guint64)first + ((guint64)last - (guint64)first) / 2);
  Half lower = {address, first, middle}, upper = {address, middle + 1, last};
  return read_halves(db, &lower, &upper, err);
}

/* ------------------------------------------------------------------------------------------------------------- answering */

guint nx_usage_sessions(const NxUsage *usage, const char *pid)
{
  const Instrument *instrument = g_hash_table_lookup(usage->instruments, pid);
  return instrument ? nx_distinct_count((guint64 *)(void *)instrument->sessions->data, instrument->sessions->len) : 0;
}

static void take_later(GDateTime **last, const char *text, GTimeZone *zone)
{
  g_autoptr(GDateTime) instant = text ? nx_time_parse(text, zone, NULL) : NULL;
  if (!instant || (*last && nx_time_ns(instant) <= nx_time_ns(*last)))
    return;
  g_clear_pointer(last, g_date_time_unref);
  *last = g_date_time_to_timezone(instant, zone);
}

GDateTime *nx_usage_last(const NxUsage *usage, const char *pid, GTimeZone *zone)
{
  const Instrument *instrument = g_hash_table_lookup(usage->instruments, pid);
  GDateTime *last = NULL;
  for (guint i = 0; instrument && i < instrument->latest->len; i++)
    take_later(&last, g_array_index(instrument->latest, Latest, i).text, zone);
  for (gsize i = 0; instrument && i < G_N_ELEMENTS(instrument->odd); i++)
    take_later(&last, instrument->odd[i], zone);
  return last;
}
