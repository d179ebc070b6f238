/* instruments-usage.c — see instruments-usage.h. Among texts of one form the greatest text is the latest instant, so that of a million
 * timestamps only one of each form is read as a date. */
#include "instruments-usage.h"

#include <string.h>

#define SLOTS_FIRST 1024
#define CLOCK_LENGTH 19 /* YYYY-MM-DDTHH:MM:SS */

/* A set of 64-bit numbers; 0 is a free slot. */
typedef struct {
  guint64 *slots;
  gsize size; /* a power of two, more than twice `used` */
  gsize used;
} Marks;

/* The latest text of one form: the clock and what follows it as an offset. */
typedef struct {
  char *text;
  gsize clock_length;
} Latest;

typedef struct {
  char *pid;
  guint64 number;
  guint sessions;
  GArray *latest; /* of Latest: one of each form */
} Instrument;

struct NxUsage {
  GHashTable *instruments; /* pid → Instrument */
  Instrument *recent;
  Marks sessions;
};

/* ---------------------------------------------------------------------------------------------------- distinct sessions */

static guint64 mixed(guint64 number)
{
  number = (number ^ (number >> 32)) * G_GUINT64_CONSTANT(0xd6e8feb86659fd93);
  return number ^ (number >> 29);
}

/* Two of a million different sessions fall together with a probability below 10⁻⁷. */
static guint64 mark_of(const char *identifier, gsize length, guint64 instrument)
{
  guint64 mark = mixed(instrument + G_GUINT64_CONSTANT(0x9e3779b97f4a7c15)) + length;
  for (gsize at = 0; at < length; at += 8) {
    guint64 piece = 0;
    memcpy(&piece, identifier + at, MIN(length - at, 8));
    mark = mixed(mark ^ piece) + G_GUINT64_CONSTANT(0x9e3779b97f4a7c15);
  }
  return mark ? mark : 1;
}

static gboolean place_mark(Marks *marks, guint64 mark)
{
  gsize slot = (gsize)mark & (marks->size - 1);
  while (marks->slots[slot] != 0 && marks->slots[slot] != mark)
    slot = (slot + 1) & (marks->size - 1);
  if (marks->slots[slot] == mark)
    return FALSE;
  marks->slots[slot] = mark;
  marks->used++;
  return TRUE;
}

static void make_room(Marks *marks)
{
  if (marks->used * 2 < marks->size)
    return;
  Marks larger = {.size = marks->size ? marks->size * 2 : SLOTS_FIRST};
  larger.slots = g_new0(guint64, larger.size);
  for (gsize i = 0; i < marks->size; i++)
    if (marks->slots[i] != 0)
      place_mark(&larger, marks->slots[i]);
  g_free(marks->slots);
  *marks = larger;
}

/* TRUE when it is new. */
static gboolean add_mark(Marks *marks, guint64 mark)
{
  make_room(marks);
  return place_mark(marks, mark);
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

static gboolean is_of_form(const Latest *latest, const char *text, gsize clock)
{
  return latest->text[10] == text[10] && strcmp(latest->text + latest->clock_length, text + clock) == 0;
}

static gboolean is_later(const char *text, gsize clock, const Latest *latest)
{
  int order = memcmp(text, latest->text, MIN(clock, latest->clock_length));
  return order > 0 || (order == 0 && clock > latest->clock_length);
}

static void note_text(Instrument *instrument, const char *text)
{
  gsize length = strlen(text), clock = clock_length(text, length);
  if (!begins_with_clock(text, length))
    return;
  for (guint i = 0; i < instrument->latest->len; i++) {
    Latest *latest = &g_array_index(instrument->latest, Latest, i);
    if (!is_of_form(latest, text, clock))
      continue;
    if (is_later(text, clock, latest)) {
      g_free(latest->text);
      *latest = (Latest){g_strdup(text), clock};
    }
    return;
  }
  g_array_set_size(instrument->latest, instrument->latest->len + 1);
  g_array_index(instrument->latest, Latest, instrument->latest->len - 1) = (Latest){g_strdup(text), clock};
}

/* ----------------------------------------------------------------------------------------------------------- instruments */

static void clear_latest(gpointer data)
{
  g_free(((Latest *)data)->text);
}

static void free_instrument(gpointer data)
{
  Instrument *instrument = data;
  g_array_unref(instrument->latest);
  g_free(instrument->pid);
  g_free(instrument);
}

static Instrument *instrument_of(NxUsage *usage, const char *pid)
{
  if (usage->recent && strcmp(usage->recent->pid, pid) == 0)
    return usage->recent;
  usage->recent = g_hash_table_lookup(usage->instruments, pid);
  if (usage->recent)
    return usage->recent;
  Instrument *instrument = usage->recent = g_new0(Instrument, 1);
  instrument->pid = g_strdup(pid);
  instrument->number = g_hash_table_size(usage->instruments);
  instrument->latest = g_array_new(FALSE, TRUE, sizeof(Latest));
  g_array_set_clear_func(instrument->latest, clear_latest);
  g_hash_table_insert(usage->instruments, instrument->pid, instrument);
  return instrument;
}

static void note_end(NxUsage *usage, const char *pid, const char *identifier, const char *timestamp)
{
  if (!pid || !identifier)
    return;
  Instrument *instrument = instrument_of(usage, pid);
  if (add_mark(&usage->sessions, mark_of(identifier, strlen(identifier), instrument->number)))
    instrument->sessions++;
  if (timestamp)
    note_text(instrument, timestamp);
}

NxUsage *nx_usage_read(NxDb *db, GError **err)
{
  g_autoptr(NxUsage) usage = g_new0(NxUsage, 1);
  usage->instruments = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_instrument);
  g_autoptr(NxRows) rows =
      nx_db_select(db, err, "SELECT instrument, session_identifier, timestamp FROM session_log WHERE event_type = 'END'", NULL);
  if (!rows)
    return NULL;
  while (nx_rows_next(rows))
    note_end(usage, nx_rows_text(rows, 0), nx_rows_text(rows, 1), nx_rows_text(rows, 2));
  return nx_rows_finish(rows, err) ? g_steal_pointer(&usage) : NULL;
}

void nx_usage_free(NxUsage *usage)
{
  if (!usage)
    return;
  g_hash_table_unref(usage->instruments);
  g_free(usage->sessions.slots);
  g_free(usage);
}

guint nx_usage_sessions(const NxUsage *usage, const char *pid)
{
  const Instrument *instrument = g_hash_table_lookup(usage->instruments, pid);
  return instrument ? instrument->sessions : 0;
}

GDateTime *nx_usage_last(const NxUsage *usage, const char *pid, GTimeZone *zone)
{
  const Instrument *instrument = g_hash_table_lookup(usage->instruments, pid);
  GDateTime *last = NULL;
  for (guint i = 0; instrument && i < instrument->latest->len; i++) {
    g_autoptr(GDateTime) instant = nx_time_parse(g_array_index(instrument->latest, Latest, i).text, zone, NULL);
    if (!instant || (last && nx_time_ns(instant) <= nx_time_ns(last)))
      continue;
    g_clear_pointer(&last, g_date_time_unref);
    last = g_date_time_to_timezone(instant, zone);
  }
  return last;
}
