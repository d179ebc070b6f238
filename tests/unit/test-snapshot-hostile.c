/* test-snapshot-hostile.c — every Parquet file of the corpus, damaged: each answers with all the rows that it announces, or with a reason.
 *
 * The damage is where a file's structure is: at the ends of pages and columns, in every number of the footer and of the page headers; and anywhere.
 * Compression and checksums hide damage from the values behind them, so each file is damaged again without them.
 * A damaged file lies before a page of memory that cannot be read, so that one byte too far ends the test in every build. */
#include "codec.h"
#include "hostile.h"
#include "parquet-format.h"

#include <string.h>
#include <sys/mman.h>

/* Damaged copies of each kind and file, at most; files with fewer places are damaged at all of them. Large files take longer, and have fewer. */
#define FLIPS 250
#define OVERWRITTEN 400
#define NUMBERS 400
#define PAGES 100
#define CUTS 200
#define LARGE 8192
#define TAIL 8
#define GUARD 4096

/* What a length, a count or an offset becomes; and one more and one less than it is. */
static const gint64 LIES[] = {0, 1, -1, G_MAXINT32, G_MININT32, G_MAXINT64, G_MININT64};
#define N_LIES (G_N_ELEMENTS(LIES) + 2)

typedef struct {
  guint8 *data;
  gsize length;
  GRand *random;
  guint share;      /* one of so many copies is made */
  guint8 *cage; /* so many bytes can be read, and none behind them */
  gsize cage_size;
  guint n_read, n_refused;
} Victim;

/* ------------------------------------------------------------------------------------------------------------- answers */

static gboolean read_whole(const guint8 *data, gsize length, gint64 *n_rows, gint64 *n_announced, GError **err)
{
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("damaged.parquet", data, length, err);
  if (!reader)
    return FALSE;
  const GArray *fields = nx_parquet_fields(reader);
  g_autofree NxDatum *row = g_new0(NxDatum, fields->len + 1);
  *n_announced = nx_parquet_rows(reader);
  for (gboolean more = TRUE;; (*n_rows)++) {
    if (!nx_parquet_next(reader, row, &more, err))
      return FALSE;
    if (!more)
      return TRUE;
    for (guint i = 0; i < fields->len; i++)
      g_free(nx_datum_text(&g_array_index(fields, NxField, i), &row[i]));
  }
}

/* TRUE: there were rows. */
static gboolean check_answer(Victim *victim, const guint8 *data, gsize length)
{
  g_autoptr(GError) problem = NULL;
  gint64 n_rows = 0, n_announced = 0;
  g_assert_cmpuint(length, <=, victim->cage_size);
  guint8 *caged = memcpy(victim->cage + victim->cage_size - length, data, length);
  hostile_file();
  if (read_whole(caged, length, &n_rows, &n_announced, &problem)) {
    g_assert_no_error(problem);
    g_assert_cmpint(n_rows, ==, n_announced);
    victim->n_read++;
    return TRUE;
  }
  g_assert_error(problem, NX_ERROR, NX_ERROR_FORMAT);
  g_assert_true(g_utf8_validate(problem->message, -1, NULL));
  victim->n_refused++;
  return FALSE;
}

static void check_bytes(Victim *victim, const GByteArray *bytes)
{
  check_answer(victim, bytes->data, bytes->len);
}

static void lock_cage(Victim *victim)
{
  victim->cage_size = (victim->length / GUARD + 17) * GUARD;
  // cppcheck-suppress invalidFunctionArg ; -1 is the descriptor of anonymous memory, see mmap(2)
  victim->cage = mmap(NULL, victim->cage_size + GUARD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  g_assert_true(victim->cage != MAP_FAILED && mprotect(victim->cage + victim->cage_size, GUARD, PROT_NONE) == 0);
}

/* ------------------------------------------------------------------------------------------------------------ anywhere */

static void check_flips(Victim *victim)
{
  g_autofree guint8 *copy = g_memdup2(victim->data, victim->length);
  for (guint i = 0; i < FLIPS / victim->share; i++) {
    gsize at = (gsize)g_rand_int_range(victim->random, 0, (gint32)victim->length);
    copy[at] ^= (guint8)(1u << g_rand_int_range(victim->random, 0, 8));
    check_answer(victim, copy, victim->length);
    copy[at] = victim->data[at];
  }
}

/* A few bytes at once, in every eighth file also a false end. */
static void check_overwritten(Victim *victim)
{
  for (guint i = 0; i < OVERWRITTEN / victim->share; i++) {
    gsize size = i % 8 == 0 ? (gsize)g_rand_int_range(victim->random, 1, (gint32)victim->length + 1) : victim->length;
    g_autofree guint8 *copy = g_memdup2(victim->data, size);
    for (gint n = g_rand_int_range(victim->random, 1, 5); n > 0; n--)
      copy[g_rand_int_range(victim->random, 0, (gint32)size)] = (guint8)g_rand_int_range(victim->random, 0, 256);
    check_answer(victim, copy, size);
  }
}

/* ------------------------------------------------------------------------------------- numbers in the compact protocol */

typedef enum { A_NUMBER, A_LENGTH, A_LIST } PlaceKind;
typedef struct {
  gsize at, size;
  PlaceKind kind;
  guint64 raw; /* as it stands there */
} Place;

enum { WIRE_I8 = 3, WIRE_I64 = 6, WIRE_BINARY = 8, WIRE_LIST = 9, WIRE_SET = 10, WIRE_STRUCT = 12 };

/* The number at *at, which moves behind it, of the place that begins at `start`. */
static gboolean note_varint(const guint8 *data, gsize length, gsize *at, PlaceKind kind, gsize start, GArray *places, guint64 *value)
{
  if (!nx_varint_read(data, length, at, value))
    return FALSE;
  Place place = {.at = start, .size = *at - start, .kind = kind, .raw = *value};
  g_array_append_val(places, place);
  return TRUE;
}

static gboolean scan_struct(const guint8 *data, gsize length, gsize *at, GArray *places);

static gboolean scan_value(const guint8 *data, gsize length, gsize *at, guint wire, gboolean in_list, GArray *places)
{
  guint64 n;
  const gsize start = *at;
  if (wire < WIRE_I8)
    return in_list ? ++*at <= length : TRUE;
  if (wire == WIRE_I8)
    return ++*at <= length;
  if (wire <= WIRE_I64)
    return note_varint(data, length, at, A_NUMBER, start, places, &n);
  if (wire == WIRE_BINARY) {
    if (!note_varint(data, length, at, A_LENGTH, start, places, &n) || n > length - *at)
      return FALSE;
    *at += n;
    return TRUE;
  }
  if (wire == WIRE_STRUCT)
    return scan_struct(data, length, at, places);
  if ((wire != WIRE_LIST && wire != WIRE_SET) || start >= length)
    return FALSE;
  ++*at;
  if (data[start] >> 4 == 15) {
    if (!note_varint(data, length, at, A_LIST, start, places, &n))
      return FALSE;
  } else {
    n = data[start] >> 4;
    Place place = {.at = start, .size = 1, .kind = A_LIST, .raw = n};
    g_array_append_val(places, place);
  }
  for (guint64 i = 0; i < n; i++)
    if (!scan_value(data, length, at, data[start] & 15, TRUE, places))
      return FALSE;
  return TRUE;
}

/* Where the numbers of a struct are, as far as it can be followed; *at moves behind it. */
static gboolean scan_struct(const guint8 *data, gsize length, gsize *at, GArray *places)
{
  while (*at < length) {
    guint8 head = data[(*at)++];
    guint64 id;
    if (head == 0)
      return TRUE;
    if (head >> 4 == 0 && !nx_varint_read(data, length, at, &id))
      return FALSE;
    if (!scan_value(data, length, at, head & 15, FALSE, places))
      return FALSE;
  }
  return FALSE;
}

static void put_lie(GByteArray *out, const guint8 *data, const Place *place, gint64 lie)
{
  guint8 list_head = (guint8)(0xf0 | (data[place->at] & 15));
  if (place->kind == A_LIST)
    g_byte_array_append(out, &list_head, 1);
  nx_varint_write(out, place->kind == A_NUMBER ? nx_zigzag_encode(lie) : (guint64)lie);
}

static gint64 lie_about(const Place *place, guint i)
{
  const guint64 value = place->kind == A_NUMBER ? (guint64)nx_zigzag_decode(place->raw) : place->raw;
  return i < G_N_ELEMENTS(LIES) ? LIES[i] : (gint64)(i == G_N_ELEMENTS(LIES) ? value + 1 : value - 1);
}

/* Every lie at every place, or as many of them as are wanted, drawn by lot. */
static void each_lie(Victim *victim, const GArray *places, void (*check)(Victim *victim, const Place *place, gint64 lie))
{
  const guint n = places->len * N_LIES, wanted = NUMBERS / victim->share;
  for (guint i = 0; i < MIN(n, wanted); i++) {
    guint which = n <= wanted ? i : (guint)g_rand_int_range(victim->random, 0, (gint32)n);
    const Place *place = &g_array_index(places, Place, which / N_LIES);
    check(victim, place, lie_about(place, which % N_LIES));
  }
}

/* -------------------------------------------------------------------------------------------------------------- footer */

static gsize footer_start(const Victim *victim)
{
  guint32 size;
  memcpy(&size, victim->data + victim->length - TAIL, sizeof size);
  size = GUINT32_FROM_LE(size);
  g_assert_cmpuint(size, <, victim->length - TAIL);
  return victim->length - TAIL - size;
}

/* The body up to `end`, to which a footer and a tail are to be added. */
static GByteArray *body_until(const Victim *victim, gsize end)
{
  return g_byte_array_append(g_byte_array_new(), victim->data, (guint)end);
}

static void put_tail(GByteArray *out, gsize footer_size)
{
  guint32 size = GUINT32_TO_LE((guint32)footer_size);
  g_byte_array_append(out, (const guint8 *)&size, sizeof size);
  g_byte_array_append(out, (const guint8 *)"PAR1", 4);
}

static void put_footer(GByteArray *out, const ParquetFooter *footer)
{
  gsize start = out->len;
  nx_thrift_write(&parquet_footer_struct, footer, out);
  put_tail(out, out->len - start);
}

static void check_footer_lie(Victim *victim, const Place *place, gint64 lie)
{
  gsize start = footer_start(victim), end = victim->length - TAIL, behind = place->at + place->size;
  g_autoptr(GByteArray) out = body_until(victim, place->at);
  put_lie(out, victim->data, place, lie);
  g_byte_array_append(out, victim->data + behind, (guint)(end - behind));
  put_tail(out, out->len - start);
  check_bytes(victim, out);
}

static void check_footer_size(Victim *victim)
{
  for (guint i = 0; i < G_N_ELEMENTS(LIES); i++) {
    g_autoptr(GByteArray) out = body_until(victim, victim->length - TAIL);
    put_tail(out, (gsize)LIES[i]);
    check_bytes(victim, out);
  }
}

static void check_footer(Victim *victim)
{
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
  gsize at = footer_start(victim);
  scan_struct(victim->data, victim->length - TAIL, &at, places);
  g_assert_cmpuint(places->len, >, 3);
  each_lie(victim, places, check_footer_lie);
  check_footer_size(victim);
}

static gboolean read_footer(const Victim *victim, ParquetFooter *footer)
{
  gsize start = footer_start(victim), used;
  return nx_thrift_read(&parquet_footer_struct, footer, victim->data + start, victim->length - TAIL - start, &used, NULL);
}

static void clear_footer(ParquetFooter *footer)
{
  nx_thrift_clear(&parquet_footer_struct, footer);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ParquetFooter, clear_footer)

static void check_count(Victim *victim, gint64 lie, gboolean also_values)
{
  g_auto(ParquetFooter) footer = {0};
  if (!read_footer(victim, &footer))
    return;
  footer.n_rows = (gint64)((guint64)lie * footer.groups->len);
  for (guint g = 0; g < footer.groups->len; g++) {
    ParquetGroup *group = &g_array_index(footer.groups, ParquetGroup, g);
    group->n_rows = lie;
    for (guint c = 0; also_values && c < group->chunks->len; c++)
      g_array_index(group->chunks, ParquetChunk, c).meta.n_values = lie;
  }
  g_autoptr(GByteArray) out = body_until(victim, footer_start(victim));
  put_footer(out, &footer);
  check_bytes(victim, out);
}

/* The counts of rows, and those of values, all tell the same lie. */
static void check_counts(Victim *victim)
{
  for (guint i = 0; i < G_N_ELEMENTS(LIES); i++) {
    check_count(victim, LIES[i], FALSE);
    check_count(victim, LIES[i], TRUE);
  }
}

/* --------------------------------------------------------------------------------------------------------------- pages */

typedef struct {
  gsize header, data, end, chunk;
} Page;

static gsize chunk_start(const ParquetChunkMeta *chunk)
{
  return (gsize)(NX_THRIFT_HAS(chunk, 11) && chunk->dictionary_offset > 0 ? chunk->dictionary_offset : chunk->data_offset);
}

static void add_pages(const Victim *victim, const ParquetChunkMeta *chunk, GArray *pages)
{
  gsize start = chunk_start(chunk), end = start + (gsize)chunk->compressed_size, used;
  for (gsize at = start; at < end && end <= victim->length;) {
    ParquetPageHeader header = {0};
    if (!nx_thrift_read(&parquet_page_struct, &header, victim->data + at, end - at, &used, NULL) || header.compressed_size < 0)
      return;
    Page page = {.header = at, .data = at + used, .end = at + used + (gsize)header.compressed_size, .chunk = start};
    g_array_append_val(pages, page);
    at = page.end;
  }
}

/* The pages of all columns, as far as they can be found. */
static GArray *find_pages(const Victim *victim)
{
  GArray *pages = g_array_new(FALSE, FALSE, sizeof(Page));
  g_auto(ParquetFooter) footer = {0};
  if (!read_footer(victim, &footer))
    return pages;
  for (guint g = 0; g < footer.groups->len; g++) {
    const ParquetGroup *group = &g_array_index(footer.groups, ParquetGroup, g);
    for (guint c = 0; c < group->chunks->len; c++)
      add_pages(victim, &g_array_index(group->chunks, ParquetChunk, c).meta, pages);
  }
  return pages;
}

/* What lies behind `at` moves by so many bytes, and the column that holds `at` grows by them. */
static void move_chunks(ParquetFooter *footer, gsize at, gint64 by)
{
  for (guint g = 0; g < footer->groups->len; g++) {
    const ParquetGroup *group = &g_array_index(footer->groups, ParquetGroup, g);
    for (guint c = 0; c < group->chunks->len; c++) {
      ParquetChunkMeta *chunk = &g_array_index(group->chunks, ParquetChunk, c).meta;
      gsize start = chunk_start(chunk);
      chunk->compressed_size += start <= at && at < start + (gsize)chunk->compressed_size ? by : 0;
      chunk->data_offset += (gsize)chunk->data_offset > at ? by : 0;
      chunk->dictionary_offset += (gsize)chunk->dictionary_offset > at ? by : 0;
    }
  }
}

static void check_page_lie(Victim *victim, const Place *place, gint64 lie)
{
  gsize start = footer_start(victim), behind = place->at + place->size;
  g_auto(ParquetFooter) footer = {0};
  g_assert_true(read_footer(victim, &footer));
  g_autoptr(GByteArray) out = body_until(victim, place->at);
  put_lie(out, victim->data, place, lie);
  move_chunks(&footer, place->at, (gint64)out->len - (gint64)behind);
  g_byte_array_append(out, victim->data + behind, (guint)(start - behind));
  put_footer(out, &footer);
  check_bytes(victim, out);
}

static void check_pages(Victim *victim, const GArray *pages)
{
  g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(Place));
  for (guint i = 0; i < pages->len; i++) {
    gsize at = g_array_index(pages, Page, i).header;
    scan_struct(victim->data, victim->length, &at, places);
  }
  each_lie(victim, places, check_page_lie);
}

/* The page loses its last bytes, and its header says so. */
static void check_short_page(Victim *victim, const Page *page, gsize lost)
{
  gsize start = footer_start(victim), used;
  ParquetPageHeader header = {0};
  g_auto(ParquetFooter) footer = {0};
  if (lost > page->end - page->data || !read_footer(victim, &footer))
    return;
  g_assert_true(nx_thrift_read(&parquet_page_struct, &header, victim->data + page->header, page->data - page->header, &used, NULL));
  header.compressed_size -= (gint32)lost;
  header.uncompressed_size -= (gint32)lost;
  g_autoptr(GByteArray) out = body_until(victim, page->header);
  nx_thrift_write(&parquet_page_struct, &header, out);
  g_byte_array_append(out, victim->data + page->data, (guint)(page->end - page->data - lost));
  move_chunks(&footer, page->header, (gint64)out->len - (gint64)page->end);
  g_byte_array_append(out, victim->data + page->end, (guint)(start - page->end));
  put_footer(out, &footer);
  check_bytes(victim, out);
}

static void check_short_pages(Victim *victim, const GArray *pages)
{
  for (guint i = 0; i < pages->len; i += 1 + pages->len * victim->share / PAGES) {
    const Page *page = &g_array_index(pages, Page, i);
    for (gsize lost = 1; lost <= page->end - page->data; lost += 1 + lost)
      check_short_page(victim, page, lost);
    check_short_page(victim, page, page->end - page->data);
  }
}

/* ------------------------------------------------------------------------------------------------ without compression */

/* Writes the page as it was before it was compressed, without a checksum. */
static gboolean put_plain_page(const Victim *victim, const Page *page, gint32 codec, GByteArray *out, gint32 *type)
{
  ParquetPageHeader header = {0};
  gsize used;
  nx_thrift_read(&parquet_page_struct, &header, victim->data + page->header, page->data - page->header, &used, NULL);
  const guint8 *stored = victim->data + page->data;
  gsize levels = NX_THRIFT_HAS(&header, 8) ? (gsize)header.data2.definition_length : 0;
  gsize size = (gsize)header.uncompressed_size - levels, stored_size = page->end - page->data - levels;
  g_autofree guint8 *body = size == 0 ? g_malloc0(1) : parquet_decompress(codec, stored + levels, stored_size, size, NULL);
  header.present &= ~(1u << 4);
  header.compressed_size = header.uncompressed_size;
  *type = header.type;
  nx_thrift_write(&parquet_page_struct, &header, out);
  g_byte_array_append(out, stored, (guint)levels);
  if (body)
    g_byte_array_append(out, body, (guint)size);
  return body != NULL;
}

static gboolean put_plain_chunk(const Victim *victim, ParquetChunkMeta *chunk, GByteArray *out)
{
  g_autoptr(GArray) pages = g_array_new(FALSE, FALSE, sizeof(Page));
  const gint64 start = out->len;
  gint32 type;
  add_pages(victim, chunk, pages);
  for (guint i = 0; i < pages->len; i++) {
    if (!put_plain_page(victim, &g_array_index(pages, Page, i), chunk->codec, out, &type))
      return FALSE;
    if (i == 0 && type == PARQUET_DICTIONARY_PAGE)
      chunk->present |= 1u << 11;
  }
  chunk->dictionary_offset = NX_THRIFT_HAS(chunk, 11) ? start : 0;
  chunk->data_offset = start;
  chunk->compressed_size = (gint64)out->len - start;
  chunk->codec = PARQUET_UNCOMPRESSED;
  return TRUE;
}

/* The same table without compression and checksums; NULL when the file cannot be followed. */
static GByteArray *plain_copy(const Victim *victim)
{
  g_auto(ParquetFooter) footer = {0};
  g_autoptr(GByteArray) out = body_until(victim, 4);
  if (!read_footer(victim, &footer))
    return NULL;
  for (guint g = 0; g < footer.groups->len; g++) {
    const ParquetGroup *group = &g_array_index(footer.groups, ParquetGroup, g);
    for (guint c = 0; c < group->chunks->len; c++)
      if (!put_plain_chunk(victim, &g_array_index(group->chunks, ParquetChunk, c).meta, out))
        return NULL;
  }
  put_footer(out, &footer);
  return g_steal_pointer(&out);
}

/* ---------------------------------------------------------------------------------------------------------- boundaries */

/* A file that ends there is none. */
static void check_cut(Victim *victim, gsize end)
{
  if (end < victim->length)
    g_assert_false(check_answer(victim, victim->data, end));
}

/* The bytes from there to the footer are gone. */
static void check_hole(Victim *victim, gsize from)
{
  gsize start = footer_start(victim);
  if (from >= start)
    return;
  g_autoptr(GByteArray) out = body_until(victim, from);
  g_byte_array_append(out, victim->data + start, (guint)(victim->length - start));
  check_bytes(victim, out);
}

/* The column that begins at `chunk` ends there, and so does the body. */
static void check_short_chunk(Victim *victim, gsize chunk, gsize end)
{
  g_auto(ParquetFooter) footer = {0};
  if (end > footer_start(victim) || !read_footer(victim, &footer))
    return;
  for (guint g = 0; g < footer.groups->len; g++) {
    const ParquetGroup *group = &g_array_index(footer.groups, ParquetGroup, g);
    for (guint c = 0; c < group->chunks->len; c++) {
      ParquetChunkMeta *meta = &g_array_index(group->chunks, ParquetChunk, c).meta;
      if (chunk_start(meta) == chunk)
        meta->compressed_size = (gint64)end - (gint64)chunk;
    }
  }
  g_autoptr(GByteArray) out = body_until(victim, footer_start(victim));
  put_footer(out, &footer);
  check_bytes(victim, out);
}

static void check_boundary(Victim *victim, gsize chunk, gsize at)
{
  for (gsize near = at - 1; near <= at + 1; near++) {
    check_cut(victim, near);
    check_hole(victim, near);
    if (chunk)
      check_short_chunk(victim, chunk, near);
  }
}

/* The magic at both ends, the footer, its size, and every page. */
static void check_boundaries(Victim *victim, const GArray *pages)
{
  const gsize ends[] = {1, 4, footer_start(victim), victim->length - TAIL, victim->length - 4, victim->length - 1};
  check_cut(victim, 0);
  for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
    check_boundary(victim, 0, ends[i]);
  for (guint i = 0; i < pages->len; i += 1 + pages->len * victim->share / PAGES) {
    const Page *page = &g_array_index(pages, Page, i);
    check_boundary(victim, page->chunk, page->header);
    check_boundary(victim, page->chunk, page->data);
    check_boundary(victim, page->chunk, page->end);
  }
}

/* Anywhere else, evenly. */
static void check_cuts(Victim *victim)
{
  for (gsize end = 0; end < victim->length; end += 1 + victim->length / CUTS)
    check_cut(victim, end);
}

/* --------------------------------------------------------------------------------------------------- rows of nothing */

/* A footer that claims as many rows as there are numbers, of a table of which nothing is there. */
static void test_no_columns(void)
{
  g_autoptr(GError) problem = NULL;
  g_autoptr(GByteArray) out = g_byte_array_append(g_byte_array_new(), (const guint8 *)"PAR1", 4);
  ParquetElement root = {.present = 1u << 4 | 1u << 5, .name = {"schema", 6}};
  ParquetGroup group = {.present = 1u << 1 | 1u << 2 | 1u << 3, .n_rows = G_MAXINT64};
  g_autoptr(GArray) elements = g_array_append_val(g_array_new(FALSE, FALSE, sizeof root), root);
  g_autoptr(GArray) groups = g_array_append_val(g_array_new(FALSE, FALSE, sizeof group), group);
  ParquetFooter footer = {.present = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4, .version = 1, .elements = elements, .n_rows = G_MAXINT64, .groups = groups};
  put_footer(out, &footer);
  g_autoptr(NxParquetReader) reader = nx_parquet_open_bytes("empty.parquet", out->data, out->len, &problem);
  g_assert_error(problem, NX_ERROR, NX_ERROR_FORMAT);
  g_assert_cmpstr(problem->message, ==, "cannot read empty.parquet: the table has no columns");
}

/* -------------------------------------------------------------------------------------------------------- far-off times */

static void test_far_times(void)
{
  const NxField field = {.type = NX_FIELD_TIMESTAMP};
  g_autofree char *first = nx_datum_text(&field, &(NxDatum){.integer = G_MININT64}), *last = nx_datum_text(&field, &(NxDatum){.integer = G_MAXINT64});
  g_assert_cmpstr(first, ==, "-106751992 days 19:59:05.224192");
  g_assert_cmpstr(last, ==, "106751991 days 04:00:54.775807");
}

/* ---------------------------------------------------------------------------------------------------------- the corpus */

/* `data` becomes the victim's. */
static Victim *victim_new(const char *name, guint8 *data, gsize length)
{
  Victim *victim = g_new0(Victim, 1);
  victim->data = data;
  victim->length = length;
  victim->random = g_rand_new_with_seed(g_str_hash(name));
  victim->share = 1 + (guint)(length / LARGE);
  lock_cage(victim);
  return victim;
}

static void victim_free(Victim *victim)
{
  munmap(victim->cage, victim->cage_size + GUARD);
  g_rand_free(victim->random);
  g_free(victim->data);
  g_free(victim);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Victim, victim_free)

static void say_what_came(const char *kind, const Victim *victim)
{
  g_test_message("%u damaged %s: %u gave rows, %u a reason", victim->n_read + victim->n_refused, kind, victim->n_read, victim->n_refused);
}

static void check_stored(Victim *victim)
{
  g_autoptr(GArray) pages = find_pages(victim);
  check_flips(victim);
  check_overwritten(victim);
  check_cuts(victim);
  check_boundaries(victim, pages);
  check_footer(victim);
  check_counts(victim);
  check_pages(victim, pages);
  g_assert_cmpuint(victim->n_refused, >, 200);
  say_what_came("files", victim);
}

static void check_plain(Victim *victim)
{
  g_autoptr(GArray) pages = find_pages(victim);
  check_flips(victim);
  check_overwritten(victim);
  check_pages(victim, pages);
  check_short_pages(victim, pages);
  say_what_came("files without compression", victim);
}

static void test_damaged_file(gconstpointer path)
{
  g_autofree char *name = g_path_get_basename(path), *data = NULL;
  gsize length;
  g_assert_true(g_file_get_contents(path, &data, &length, NULL));
  g_autoptr(Victim) stored = victim_new(name, (guint8 *)g_steal_pointer(&data), length);
  gboolean is_whole = check_answer(stored, stored->data, stored->length);
  check_stored(stored);
  g_autoptr(GByteArray) copy = plain_copy(stored);
  g_assert_true(copy || !is_whole);
  if (!copy)
    return;
  g_autoptr(Victim) plain = victim_new(name, g_memdup2(copy->data, copy->len), copy->len);
  g_assert_true(check_answer(plain, plain->data, plain->length) || !is_whole);
  check_plain(plain);
}

/* A footer of so many elements of three bytes: a schema element has more than a hundred in memory. */
static void test_swollen_footer(void)
{
  static const guint8 ELEMENT[] = {0x48, 0, 0}; /* field 4, a name without letters; the end */
  const guint n = 2000000;
  g_autoptr(GByteArray) file = g_byte_array_new();
  g_byte_array_append(file, (const guint8 *)"PAR1\x15\x02\x19\xfc", 8); /* field 1, version 1; field 2, a list of structs */
  g_byte_array_append(file, (const guint8 *)"\x80\x89\x7a", 3);         /* of 2,000,000 */
  for (guint i = 0; i < n; i++)
    g_byte_array_append(file, ELEMENT, sizeof ELEMENT);
  g_byte_array_append(file, (const guint8 *)"", 1);
  const guint32 size = GUINT32_TO_LE(file->len - 4);
  g_byte_array_append(file, (const guint8 *)&size, sizeof size);
  g_byte_array_append(file, (const guint8 *)"PAR1", 4);
  g_autoptr(GError) problem = NULL;
  g_assert_null(nx_parquet_open_bytes("swollen.parquet", file->data, file->len, &problem));
  g_assert_error(problem, NX_ERROR, NX_ERROR_FORMAT);
  g_assert_nonnull(strstr(problem->message, "more in it than its length allows"));
}

static void add_files(const char *folder, const char *shown)
{
  g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
  for (const char *name; files && (name = g_dir_read_name(files));) {
    g_autofree char *path = g_build_filename(folder, name, NULL), *title = g_strconcat(shown, "/", name, NULL);
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
      add_files(path, title);
    else if (g_str_has_suffix(name, ".parquet"))
      g_test_add_data_func_full(title, g_strdup(path), test_damaged_file, g_free);
  }
}

static void test_corpus_is_absent(void)
{
  g_test_skip("corpus/parquet not found (set NX_CORPUS)");
}

int main(int argc, char **argv)
{
  const char *set = g_getenv("NX_CORPUS"), *source = g_getenv("NX_SOURCE");
  g_autofree char *beside = g_build_filename(source ? source : ".", "..", "shared", "corpus", NULL), *folder = g_build_filename(set ? set : beside, "parquet", NULL);
  g_test_init(&argc, &argv, NULL);
  hostile_limit_memory();
  g_test_add_func("/snapshot/hostile/rows without columns are refused", test_no_columns);
  g_test_add_func("/snapshot/hostile/the first and the last time that 64 bits can say have a text", test_far_times);
  g_test_add_func("/snapshot/hostile/a footer takes no more memory than its length allows", test_swollen_footer);
  if (!g_file_test(folder, G_FILE_TEST_IS_DIR))
    g_test_add_func("/snapshot/hostile/every damaged file gives its rows or a reason", test_corpus_is_absent);
  add_files(folder, "/snapshot/hostile/every damaged file gives its rows or a reason");
  return g_test_run();
}
