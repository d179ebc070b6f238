/* alias-scan.c — known names in a text (igem-db §9.3). Nearly every piece is settled by one look into the filter of first pieces. */
#include "alias-dictionary.h"
#include "alias-text.h"

#define CONTEXT 50
#define SURE 0.9

typedef struct {
  const AliasNorm *norm;
  gsize start, end;          /* bytes; the end is behind the last */
  const AliasRecord *record; /* the best of its entity */
  double confidence;
  guint order;
} Match;

static guint priority(const NxAliases *aliases, const AliasRecord *record)
{
  static const char *const KINDS[] = {"preferred", "synonym", "code"};
  for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++)
    if (g_strcmp0(alias_text(aliases, record->kind), KINDS[i]) == 0)
      return i;
  return 99;
}

static gboolean is_better(const NxAliases *aliases, const AliasRecord *record, const AliasRecord *best)
{
  guint one = priority(aliases, record), other = priority(aliases, best);
  return one < other || (one == other && record->alias_id < best->alias_id);
}

/* One match for each entity of the norm, in the order of first sight. */
static void add_matches(const NxAliases *aliases, GArray *matches, const Match *place)
{
  guint first = matches->len;
  for (guint32 i = 0; i < place->norm->n_aliases; i++) {
    const AliasRecord *record = &aliases->records[place->norm->first_alias + i];
    guint at = first;
    while (at < matches->len && g_array_index(matches, Match, at).record->entity_id != record->entity_id)
      at++;
    if (at == matches->len)
      g_array_append_vals(matches, place, 1);
    Match *match = &g_array_index(matches, Match, at);
    if (!match->record || is_better(aliases, record, match->record))
      match->record = record;
  }
  for (guint at = first; at < matches->len; at++) {
    g_array_index(matches, Match, at).confidence = 1.0 / (matches->len - first);
    g_array_index(matches, Match, at).order = at;
  }
}

/* A text that is searched, with padding behind it. */
typedef struct {
  const NxAliases *aliases;
  const char *text, *end;
  GArray *matches;
} Search;

/* From `start` to `end`, whole pieces: perhaps the beginning of a norm. */
typedef struct {
  const char *start, *end;
  guint64 hash;
  gboolean is_word; /* the last piece */
} Candidate;

static void take_norm(const Search *search, guint32 norm_number, const Candidate *candidate)
{
  const NxAliases *aliases = search->aliases;
  const AliasNorm *norm = norm_number < aliases->header->n_norms ? &aliases->norms[norm_number] : NULL;
  gsize length = (gsize)(candidate->end - candidate->start);
  if (!norm || !alias_norm_is_sane(aliases, norm) || norm->length != length ||
      memcmp(aliases->pool + norm->text, candidate->start, length) != 0)
    return;
  Match place = {.norm = norm, .start = (gsize)(candidate->start - search->text), .end = (gsize)(candidate->end - search->text)};
  add_matches(aliases, search->matches, &place);
}

static void look_up(const Search *search, const Candidate *candidate)
{
  const AliasSlot *slots = search->aliases->slots;
  guint32 mask = search->aliases->header->n_slots - 1, at = (guint32)candidate->hash & mask;
  for (guint32 n = 0; n <= mask && slots[at].norm; n++, at = (at + 1) & mask)
    if (slots[at].mark == (guint32)(candidate->hash >> 32))
      take_norm(search, slots[at].norm - 1, candidate);
}

/* What a filter knows of the candidate: a norm is taken; TRUE when a longer one may follow. What is no word ends a norm only where no word
 * follows. */
static inline gboolean settle(const Search *search, const Candidate *candidate, guint64 known)
{
  guint64 norm = alias_norm_bits(candidate->hash), beginning = alias_beginning_bits(candidate->hash);
  if (G_UNLIKELY((known & norm) == norm) && (candidate->is_word || alias_word_end(candidate->end) == candidate->end))
    look_up(search, candidate);
  return ((known & beginning) == beginning) & (candidate->end < search->end);
}

static const guint64 *further_filter(const Search *search, guint64 hash)
{
  return &search->aliases->further[alias_filter_word(hash, search->aliases->header->n_further)];
}

/* One more piece; its word of the filter is on its way. */
static void lengthen(const Search *search, Candidate *candidate)
{
  const char *piece = candidate->end;
  candidate->end = alias_further_end(piece, &candidate->is_word);
  candidate->hash = alias_hash_further(candidate->hash, piece, candidate->end, candidate->is_word);
  __builtin_prefetch(further_filter(search, candidate->hash));
}

/* The same when the word behind a blank is known already. */
static void lengthen_by(const Search *search, Candidate *candidate, const Candidate *word)
{
  candidate->end = word->end;
  candidate->is_word = TRUE;
  candidate->hash = alias_join(candidate->hash, word->hash, TRUE);
  __builtin_prefetch(further_filter(search, candidate->hash));
}

static gboolean follows_blank(const Candidate *candidate, const Candidate *next)
{
  return next->is_word && next->start == candidate->end + 1 && *candidate->end == ' ';
}

/* Words of the filters are far away in memory: those of a batch are fetched side by side. */
#define BATCH 64

/* Which beginnings go on, no processor foresees: the numbers of those that do are collected without a branch. */
static void settle_batch(const Search *search, const Candidate *batch, guint n)
{
  Candidate longer[BATCH];
  guint8 numbers[BATCH];
  guint n_longer = 0;
  for (guint i = 0; i < n; i++) {
    numbers[n_longer] = (guint8)i;
    n_longer += settle(search, &batch[i], search->aliases->first[alias_filter_word(batch[i].hash, search->aliases->header->n_first)]);
  }
  for (guint i = 0; i < n_longer; i++) {
    const Candidate *shorter = &batch[numbers[i]], *next = shorter + 1;
    longer[i] = *shorter;
    if (next < batch + n && follows_blank(shorter, next))
      lengthen_by(search, &longer[i], next);
    else
      lengthen(search, &longer[i]);
  }
  for (guint i = 0; i < n_longer; i++)
    while (G_UNLIKELY(settle(search, &longer[i], *further_filter(search, longer[i].hash))))
      lengthen(search, &longer[i]);
}

/* A norm begins with any word, or with another piece that no word is before. */
static GArray *find_all(const NxAliases *aliases, const char *text, gsize length)
{
  Search search = {.aliases = aliases, .text = text, .end = text + length, .matches = g_array_new(FALSE, TRUE, sizeof(Match))};
  Candidate batch[BATCH];
  guint n = 0;
  gboolean is_word = FALSE;
  for (const char *at = text, *end; at < search.end; at = end) {
    gboolean after_word = is_word;
    end = alias_piece_end(at, &is_word);
    if (!is_word && after_word)
      continue;
    batch[n] = (Candidate){.start = at, .end = end, .hash = alias_hash(at, (gsize)(end - at)), .is_word = is_word};
    __builtin_prefetch(&aliases->first[alias_filter_word(batch[n].hash, aliases->header->n_first)]);
    if (++n == BATCH) {
      settle_batch(&search, batch, n);
      n = 0;
    }
    if (is_word && *end == ' ') { /* a blank behind a word begins nothing */
      end++;
      is_word = FALSE;
    }
  }
  settle_batch(&search, batch, n);
  return search.matches;
}

static int compare_matches(gconstpointer a, gconstpointer b)
{
  const Match *left = a, *right = b;
  if (left->start != right->start)
    return left->start < right->start ? -1 : 1;
  if (left->confidence != right->confidence)
    return left->confidence > right->confidence ? -1 : 1;
  if (left->end != right->end)
    return left->end < right->end ? -1 : 1;
  return (left->order > right->order) - (left->order < right->order);
}

static gboolean same_span(const Match *one, const Match *other)
{
  return one->start == other->start && one->end == other->end;
}

/* Of a span, whose matches all have one confidence and stand together: which are shown. */
static gboolean is_shown(GArray *matches, guint at, NxAliasMode mode)
{
  const Match *match = &g_array_index(matches, Match, at);
  gboolean is_first = at == 0 || !same_span(match, &g_array_index(matches, Match, at - 1));
  return is_first || mode == NX_ALIAS_ALL || (mode == NX_ALIAS_SMART && match->confidence < SURE);
}

static char *context_of(const char *text, const Match *match)
{
  const char *start = text + match->start, *end = text + match->end;
  for (guint i = 0; i < CONTEXT && start > text; i++)
    start = g_utf8_prev_char(start);
  for (guint i = 0; i < CONTEXT && *end; i++)
    end = g_utf8_next_char(end);
  return g_strndup(start, (gsize)(end - start));
}

/* All bytes but those that go on with a character, eight side by side. */
static gint64 count_characters(const char *text, gsize from, gsize to)
{
  const guint64 each = G_GUINT64_CONSTANT(0x0101010101010101);
  gint64 n = (gint64)(to - from);
  for (guint64 word; from + sizeof word <= to; from += sizeof word) {
    memcpy(&word, text + from, sizeof word);
    n -= (gint64)((word >> 7 & ~word >> 6 & each) * each >> 56);
  }
  for (; from < to; from++)
    n -= ((guint8)text[from] & 0xc0) == 0x80;
  return n;
}

/* `n_before`: characters before it. */
static json_object *match_as_json(const NxAliases *aliases, const char *text, gint64 n_before, const Match *match)
{
  json_object *object = json_object_new_object();
  g_autofree char *context = context_of(text, match);
  g_autofree char *matched = g_strndup(text + match->start, match->end - match->start);
  nx_json_set_string(object, "matched_text", matched);
  nx_json_set(object, "span_start", json_object_new_int64(n_before));
  nx_json_set(object, "span_end", json_object_new_int64(n_before + count_characters(text, match->start, match->end) - 1));
  nx_json_set_string(object, "context", context);
  alias_add_members(aliases, object, match->record);
  nx_json_set_string(object, "match_method", "exact_aho");
  nx_json_set(object, "confidence", nx_json_double(match->confidence));
  nx_json_set_string(object, "review_status", match->confidence >= SURE ? "auto" : "pending");
  return object;
}

json_object *nx_aliases_scan(const NxAliases *aliases, const char *text, gssize n_bytes, NxAliasMode mode)
{
  json_object *shown = json_object_new_array();
  gsize length, counted = 0;
  gint64 n_characters = 0;
  g_autofree char *norm = alias_normalise(text, n_bytes, &length);
  g_autoptr(GArray) matches = find_all(aliases, norm, length);
  g_array_sort(matches, compare_matches);
  for (guint i = 0; i < matches->len; i++) {
    const Match *match = &g_array_index(matches, Match, i);
    n_characters += count_characters(norm, counted, match->start);
    counted = match->start;
    if (is_shown(matches, i, mode))
      json_object_array_add(shown, match_as_json(aliases, norm, n_characters, match));
  }
  return shown;
}
