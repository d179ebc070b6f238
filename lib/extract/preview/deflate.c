/* deflate.c — deflate for rows of RGBA pixels.
 * A general compressor looks for repeats at every byte. In rows of pixels they begin at pixels, and since a grey one is three equal bytes and a constant
 * one, even a single pixel seen before is a repeat worth naming. Looking at pixels alone is a quarter of the work; what is left of it are four tables: the
 * last place of each pixel, and of each two, four and eight in a row. Four and more are taken unasked, the longest context first; for fewer, what
 * symbols cost in the block before tells whether a repeat is cheaper than its bytes, so blocks are short. That block tells, too, whether it is worth
 * to look for long repeats at all.
 * Measured over all previews of the corpus: nine tenths of the size of libpng's files in less than a fifteenth of the time. */
#include "deflate.h"

#include "huffman.h"

#include <libdeflate.h>
#include <string.h>

#define PIXEL 4u /* bytes */
#define PAIR (2 * PIXEL)
#define FOUR (4 * PIXEL)
#define EIGHT (8 * PIXEL)
#define STRIDE (2 * EIGHT) /* of a repeat that is long already, so many bytes are compared at once */
#define SHORTEST 3u   /* bytes that are worth a code at all */
#define LONGEST 258u  /* bytes that one code can repeat; longer repeats are told in pieces */
#define WINDOW 32768u /* bytes that a repeat may reach back */
#define KEPT 32u      /* of a longer repeat, so many bytes at its end are entered into the tables */

#define PIXEL_SLOT_BITS 11
#define PAIR_SLOT_BITS 12
#define FOUR_SLOT_BITS 13
#define EIGHT_SLOT_BITS 13

#define END_OF_BLOCK 256u
#define LENGTHS 29u   /* length codes */
#define DISTANCES 30u /* distance codes */
#define FIRST_LENGTH (END_OF_BLOCK + 1)
#define SYMBOLS (FIRST_LENGTH + LENGTHS)
#define SYMBOL_BITS 14u /* of a code: four literals fit into a word beside the bits that wait there */
/* A block ends with the row in which it has so many steps, or so many bytes of literals. */
#define BLOCK_STEPS 6144u
#define BLOCK_LITERALS (48u * 1024u)
#define STRETCH (128u * 1024u) /* bytes of scan lines that are taken at once: they stay in the cache */

/* What follows each other in a block: literals, then a repeat. */
typedef struct {
  guint32 literals; /* bytes */
  guint16 length;   /* bytes of the repeat */
  guint16 back;     /* its distance, less 1 */
} Step;

typedef struct {
  guint32 symbols[SYMBOLS], distances[DISTANCES];
} Counts;

typedef struct {
  NxCode symbols[SYMBOLS], distances[DISTANCES];
} Codes;

/* Bits. */
typedef struct {
  guint8 literal[256], length[FOUR / PIXEL] /* by pixels */, distance[DISTANCES];
} Costs;

/* Where pixels were seen last: their places, modulo 65,536. */
typedef struct {
  guint16 pixel[1u << PIXEL_SLOT_BITS], pair[1u << PAIR_SLOT_BITS], four[1u << FOUR_SLOT_BITS], eight[1u << EIGHT_SLOT_BITS];
} Seen;

typedef struct {
  guint8 *to;
  guint64 waiting; /* bits, the first is the lowest */
  guint count;     /* of them */
} Bits;

struct NxDeflate {
  /* the lines: what repeats may reach back to, and a stretch to take */
  guint8 *lines;
  gsize row;              /* bytes of a scan line */
  gsize filled, capacity; /* bytes of `lines` */
  gsize place;            /* in `lines`, where the next repeat is looked for */
  gsize before;           /* bytes that have left `lines` */
  Seen seen;
  /* the block */
  Costs costs;
  gboolean looks_far; /* for contexts of four and eight */
  Step *steps;
  guint count;
  guint8 *literals; /* those before each repeat in turn */
  gsize n_literals;
  guint32 since; /* literals since the last step */
  /* the stream */
  Bits bits;
  guint8 *start, *end; /* of its room */
  gboolean overflown;
  guint32 sum; /* Adler-32 of what was taken */
};

/* ------------------------------------------------------------------------------------------------- lengths and distances */

/* Both kinds of numbers are told by a code for a range and extra bits for the place in it; ranges double after each `1 << step` of them. */
static inline guint range_of(guint number, guint step)
{
  if (number < 2u << step)
    return number;
  const guint shift = g_bit_storage(number) - 1 - step;
  return (shift << step) + (number >> shift);
}

static inline guint extra_bits(guint range, guint step)
{
  return range < 2u << step ? 0 : (range >> step) - 1;
}

#define LENGTH_STEP 2
#define DISTANCE_STEP 1

/* The longest length has a range of its own, the last one. */
static inline guint length_range(guint length)
{
  return length == LONGEST ? LENGTHS - 1 : range_of(length - SHORTEST, LENGTH_STEP);
}

static inline guint length_extra_bits(guint range)
{
  return range == LENGTHS - 1 ? 0 : extra_bits(range, LENGTH_STEP);
}

/* ----------------------------------------------------------------------------------------------------------------- repeats */

static inline guint32 pixel_at(const guint8 *at)
{
  guint32 pixel;
  memcpy(&pixel, at, sizeof pixel);
  return pixel;
}

static inline guint64 pixels_at(const guint8 *at)
{
  guint64 pixels;
  memcpy(&pixels, at, sizeof pixels);
  return pixels;
}

/* Multilinear hashing: each pair of pixels has a factor of its own, so that what one context has multiplied serves the longer ones. */
static inline guint64 spread(const guint8 *at, guint pairs)
{
  static const guint64 FACTORS[EIGHT / PAIR] = { G_GUINT64_CONSTANT(0x9E3779B97F4A7C15), G_GUINT64_CONSTANT(0xD1B54A32D192ED03),
                                                 G_GUINT64_CONSTANT(0xAEF17502108EF2D9), G_GUINT64_CONSTANT(0xDA942042E4DD58B5) };
  guint64 sum = 0;
  for (guint i = 0; i < pairs; i++)
    sum += pixels_at(at + i * PAIR) * FACTORS[i];
  return sum;
}

static inline guint pixel_slot(const guint8 *at)
{
  return (guint32)(pixel_at(at) * 0x9E3779B1u) >> (32 - PIXEL_SLOT_BITS);
}

static inline guint pair_slot(const guint8 *at)
{
  return (guint)(spread(at, 1) >> (64 - PAIR_SLOT_BITS));
}

static inline guint four_slot(const guint8 *at)
{
  return (guint)(spread(at, 2) >> (64 - FOUR_SLOT_BITS));
}

static inline guint eight_slot(const guint8 *at)
{
  return (guint)(spread(at, 4) >> (64 - EIGHT_SLOT_BITS));
}

/* How far back the place lies that the slot remembers; the slot remembers `place` now. */
static inline guint look_up(guint16 *slot, gsize place)
{
  const guint back = (guint16)(place - *slot);
  *slot = (guint16)place;
  return back;
}

/* From `same` bytes that are known to be the same to how many of `most` are, in whole pixels. */
static inline guint go_on_same(const guint8 *at, const guint8 *before, guint same, guint most)
{
  for (; same + PAIR <= most; same += PAIR) {
    const guint64 differ = pixels_at(at + same) ^ pixels_at(before + same);
    if (differ != 0)
      return same + ((guint32)GUINT64_TO_LE(differ) == 0 ? PIXEL : 0);
  }
  return same + (same < most && pixel_at(at + same) == pixel_at(before + same) ? PIXEL : 0);
}

/* Whether STRIDE bytes are the same: without branches between them, so that the processor compares many at once. */
static inline gboolean is_same(const guint8 *one, const guint8 *other)
{
  guint64 differ = 0;
  for (guint i = 0; i < STRIDE; i += PAIR)
    differ |= pixels_at(one + i) ^ pixels_at(other + i);
  return differ == 0;
}

/* Bytes, in whole pixels and no more than `most`, that are the same so far back; 0 when that is out of reach. */
static inline guint same_before(const guint8 *at, guint back, guint most)
{
  if (back - 1 >= WINDOW)
    return 0;
  const guint8 *before = at - back;
  guint same = go_on_same(at, before, 0, MIN(most, EIGHT));
  if (same < EIGHT)
    return same;
  while (same + STRIDE <= most && is_same(at + same, before + same))
    same += STRIDE;
  return go_on_same(at, before, same, most);
}

/* Whether to take a repeat instead of its bytes. */
static inline gboolean pays(const Costs *costs, const guint8 *at, guint length, guint back)
{
  if (length == 0 || length >= FOUR)
    return length > 0;
  guint literals = 0;
  for (guint i = 0; i < length; i++)
    literals += costs->literal[at[i]];
  return (guint)costs->length[length / PIXEL] + costs->distance[range_of(back - 1, DISTANCE_STEP)] < literals;
}

/* The repeat at `place`, whose row ends at `end`: its length in bytes, 0 when there is none that pays. */
static inline guint find_repeat(NxDeflate *deflate, gboolean looks_far, gsize place, gsize end, guint *back)
{
  const guint8 *at = deflate->lines + place;
  const guint most = (guint)(end - place);
  const gsize known_as = deflate->before + place;
  const guint eight_back = looks_far && most >= EIGHT ? look_up(&deflate->seen.eight[eight_slot(at)], known_as) : 0;
  const guint four_back = looks_far && most >= FOUR ? look_up(&deflate->seen.four[four_slot(at)], known_as) : 0;
  const guint pair_back = most >= PAIR ? look_up(&deflate->seen.pair[pair_slot(at)], known_as) : 0;
  const guint pixel_back = look_up(&deflate->seen.pixel[pixel_slot(at)], known_as);
  guint length = same_before(at, *back = eight_back, most);
  if (length >= EIGHT) {
    if (pixel_back < eight_back && same_before(at, pixel_back, most) >= length)
      *back = pixel_back; /* a run is told by the shortest way back */
    return length;
  }
  length = same_before(at, *back = four_back, most);
  if (length >= FOUR)
    return length;
  length = same_before(at, *back = pair_back, most);
  if (length >= PAIR && pays(&deflate->costs, at, length, pair_back))
    return length;
  length = same_before(at, *back = pixel_back, most);
  return pays(&deflate->costs, at, length, pixel_back) ? length : 0;
}

/* Enters the pixels from `place` on of a repeat in the row that ends at `end`; of a long one, those before its end. */
static inline void remember(NxDeflate *deflate, gboolean looks_far, gsize place, gsize repeat_end, gsize end)
{
  Seen *seen = &deflate->seen;
  for (place = MAX(place, repeat_end - MIN(repeat_end, KEPT)); place < repeat_end; place += PIXEL) {
    const guint8 *at = deflate->lines + place;
    const guint16 known_as = (guint16)(deflate->before + place);
    seen->pixel[pixel_slot(at)] = known_as;
    if (place + PAIR <= end)
      seen->pair[pair_slot(at)] = known_as;
    if (looks_far && place + FOUR <= end)
      seen->four[four_slot(at)] = known_as;
    if (looks_far && place + EIGHT <= end)
      seen->eight[eight_slot(at)] = known_as;
  }
}

static inline void take_literals(NxDeflate *deflate, gsize place, guint count)
{
  memcpy(deflate->literals + deflate->n_literals, deflate->lines + place, count);
  deflate->n_literals += count;
  deflate->since += count;
}

static void take_repeat(NxDeflate *deflate, gsize length, guint back)
{
  while (length > 0) {
    const gsize piece = length <= LONGEST ? length : MIN(LONGEST, length - PIXEL);
    deflate->steps[deflate->count++] = (Step){ deflate->since, (guint16)piece, (guint16)(back - 1) };
    deflate->since = 0;
    length -= piece;
  }
}

/* A repeat that reaches the end of a row goes on in those of the next that are there, with equal filters. */
static gsize end_in_next_rows(const NxDeflate *deflate, gsize end, guint back)
{
  while (end < deflate->filled && deflate->lines[end] == deflate->lines[end - back]) {
    const guint most = (guint)deflate->row - 1, more = same_before(deflate->lines + end + 1, back, most);
    end += 1 + more;
    if (more < most)
      break;
  }
  return end;
}

/* Takes the rest of the row that ends at `end`, and what a last repeat takes of the next ones. */
static inline void take_row(NxDeflate *deflate, gboolean looks_far, gsize end)
{
  gsize place = deflate->place;
  guint back = 0;
  if (place + deflate->row == end)
    take_literals(deflate, place++, 1); /* the filter */
  while (place < end) {
    const guint length = find_repeat(deflate, looks_far, place, end, &back);
    if (length == 0) {
      take_literals(deflate, place, PIXEL);
      place += PIXEL;
      continue;
    }
    const gsize after = place + length < end ? place + length : end_in_next_rows(deflate, end, back);
    if (after <= end) {
      remember(deflate, looks_far, place + PIXEL, after, end);
    } else {
      const gsize last_row = end + (after - end - 1) / deflate->row * deflate->row;
      remember(deflate, looks_far, last_row + 1, after, last_row + deflate->row);
    }
    take_repeat(deflate, after - place, back);
    place = after;
  }
  deflate->place = place;
}

/* ------------------------------------------------------------------------------------------------------------------ blocks */

static inline void put(Bits *bits, guint64 value, guint count)
{
  bits->waiting |= value << bits->count;
  bits->count += count;
}

/* Leaves fewer than eight bits waiting. The caller knows that eight bytes are free. */
static inline void flush(Bits *bits)
{
  const guint64 little = GUINT64_TO_LE(bits->waiting);
  memcpy(bits->to, &little, sizeof little);
  bits->to += bits->count / 8;
  bits->waiting >>= bits->count & ~7u;
  bits->count &= 7u;
}

static inline void put_code(Bits *bits, NxCode code)
{
  put(bits, code.bits, code.count);
}

static void count_block(const NxDeflate *deflate, Counts *counts)
{
  guint32 in_turn[4][256] = { { 0 } }; /* a pixel's equal bytes do not wait for each other */
  for (gsize i = 0; i < deflate->n_literals; i++)
    in_turn[i & 3][deflate->literals[i]]++;
  for (guint byte = 0; byte < 256; byte++)
    counts->symbols[byte] = in_turn[0][byte] + in_turn[1][byte] + in_turn[2][byte] + in_turn[3][byte];
  counts->symbols[END_OF_BLOCK] = 1;
  for (guint i = 0; i < deflate->count; i++) {
    counts->symbols[FIRST_LENGTH + length_range(deflate->steps[i].length)]++;
    counts->distances[range_of(deflate->steps[i].back, DISTANCE_STEP)]++;
  }
}

/* What a symbol that did not occur would cost. */
#define UNSEEN_LITERAL 13
#define UNSEEN_RANGE 10

static void set_costs(Costs *costs, const Codes *codes)
{
  for (guint byte = 0; byte < 256; byte++)
    costs->literal[byte] = (guint8)(codes->symbols[byte].count ? codes->symbols[byte].count : UNSEEN_LITERAL);
  for (guint pixels = 1; pixels < FOUR / PIXEL; pixels++) {
    const guint range = length_range(pixels * PIXEL), bits = codes->symbols[FIRST_LENGTH + range].count;
    costs->length[pixels] = (guint8)((bits ? bits : UNSEEN_RANGE) + length_extra_bits(range));
  }
  for (guint range = 0; range < DISTANCES; range++) {
    const guint bits = codes->distances[range].count;
    costs->distance[range] = (guint8)((bits ? bits : UNSEEN_RANGE) + extra_bits(range, DISTANCE_STEP));
  }
}

/* Whether one repeat in so many is long. In noise none is, and looking for them takes a quarter of the time; where a picture becomes even, the
 * shorter contexts find its long repeats, too. */
#define ONE_LONG_IN 32
static gboolean has_long_repeats(const Counts *counts)
{
  guint32 all = 0, are_long = 0;
  for (guint range = 0; range < LENGTHS; range++) {
    all += counts->symbols[FIRST_LENGTH + range];
    are_long += range >= length_range(FOUR) ? counts->symbols[FIRST_LENGTH + range] : 0;
  }
  return are_long * ONE_LONG_IN > all;
}

/* Before the first block: residues near 0 are common. */
static void guess_costs(Costs *costs)
{
  for (guint byte = 0; byte < 256; byte++)
    costs->literal[byte] = byte == 0 ? 3 : byte < 16 || byte > 240 ? 4 : 8;
  for (guint pixels = 1; pixels < FOUR / PIXEL; pixels++)
    costs->length[pixels] = (guint8)(5 + length_extra_bits(length_range(pixels * PIXEL)));
  for (guint range = 0; range < DISTANCES; range++)
    costs->distance[range] = (guint8)(4 + extra_bits(range, DISTANCE_STEP));
}

static inline void put_literals(Bits *bits, const Codes *codes, const guint8 *at, guint32 count)
{
  const guint8 *end = at + count;
  for (; end - at >= 4; at += 4) {
    put_code(bits, codes->symbols[at[0]]);
    put_code(bits, codes->symbols[at[1]]);
    put_code(bits, codes->symbols[at[2]]);
    put_code(bits, codes->symbols[at[3]]);
    flush(bits);
  }
  for (; at < end; at++) {
    put_code(bits, codes->symbols[*at]);
    flush(bits);
  }
}

static inline void put_repeat(Bits *bits, const Codes *codes, const Step *step)
{
  const guint length = length_range(step->length), distance = range_of(step->back, DISTANCE_STEP);
  const guint length_extra = length_extra_bits(length), distance_extra = extra_bits(distance, DISTANCE_STEP);
  put_code(bits, codes->symbols[FIRST_LENGTH + length]);
  put(bits, (step->length - SHORTEST) & ((1u << length_extra) - 1), length_extra);
  put_code(bits, codes->distances[distance]);
  put(bits, step->back & ((1u << distance_extra) - 1), distance_extra);
  flush(bits);
}

/* The lengths of all codes of a block, as RFC 1951 §3.2.7 packs them: lengths, and runs of zeros or of the last length. */
#define PACKED 19u
#define REPEAT_LAST 16u
#define FEW_ZEROS 17u
#define MANY_ZEROS 18u

typedef struct {
  guint8 symbol, extra, extra_count;
} Packed;

typedef struct {
  guint symbols, distances; /* codes that are told */
  Packed packed[SYMBOLS + DISTANCES];
  guint count;
  NxCode codes[PACKED];
  guint told; /* of `codes`, in their order */
} Head;

static void pack(Head *head, guint32 *counts, guint symbol, guint extra, guint extra_count)
{
  head->packed[head->count++] = (Packed){ (guint8)symbol, (guint8)extra, (guint8)extra_count };
  counts[symbol]++;
}

static void pack_run(Head *head, guint32 *counts, guint length, guint run)
{
  while (length == 0 && run >= 3) {
    const guint taken = MIN(run, 138);
    if (taken > 10)
      pack(head, counts, MANY_ZEROS, taken - 11, 7);
    else
      pack(head, counts, FEW_ZEROS, taken - 3, 3);
    run -= taken;
  }
  if (length != 0 && run > 3) {
    pack(head, counts, length, 0, 0);
    for (run--; run >= 3;) {
      const guint taken = MIN(run, 6);
      pack(head, counts, REPEAT_LAST, taken - 3, 2);
      run -= taken;
    }
  }
  for (; run > 0; run--)
    pack(head, counts, length, 0, 0);
}

static guint used(const NxCode *codes, guint symbols, guint least)
{
  while (symbols > least && codes[symbols - 1].count == 0)
    symbols--;
  return symbols;
}

static const guint8 TOLD_ORDER[PACKED] = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 };

static void make_head(Head *head, const Codes *codes)
{
  guint8 lengths[SYMBOLS + DISTANCES];
  guint32 counts[PACKED] = { 0 };
  head->symbols = used(codes->symbols, SYMBOLS, FIRST_LENGTH);
  head->distances = used(codes->distances, DISTANCES, 1);
  head->count = 0;
  for (guint i = 0; i < head->symbols; i++)
    lengths[i] = (guint8)codes->symbols[i].count;
  for (guint i = 0; i < head->distances; i++)
    lengths[head->symbols + i] = (guint8)codes->distances[i].count;
  const guint total = head->symbols + head->distances;
  for (guint i = 0, run; i < total; i += run) {
    for (run = 1; i + run < total && lengths[i + run] == lengths[i];)
      run++;
    pack_run(head, counts, lengths[i], run);
  }
  nx_huffman_codes(counts, PACKED, 7, head->codes);
  for (head->told = PACKED; head->told > 4 && head->codes[TOLD_ORDER[head->told - 1]].count == 0;)
    head->told--;
}

static void put_head(Bits *bits, const Head *head, gboolean is_last)
{
  put(bits, is_last ? 1 : 0, 1);
  put(bits, 2, 2); /* codes of its own */
  put(bits, head->symbols - FIRST_LENGTH, 5);
  put(bits, head->distances - 1, 5);
  put(bits, head->told - 4, 4);
  flush(bits);
  for (guint i = 0; i < head->told; i++) {
    put(bits, head->codes[TOLD_ORDER[i]].count, 3);
    flush(bits);
  }
  for (guint i = 0; i < head->count; i++) {
    const Packed packed = head->packed[i];
    put_code(bits, head->codes[packed.symbol]);
    put(bits, packed.extra, packed.extra_count);
    flush(bits);
  }
}

/* Bytes that a block may take, a little more than it will. */
static gsize block_size(const Counts *counts, const Codes *codes, const Head *head)
{
  guint64 bits = 17 + 3 * PACKED + 14 * (guint64)head->count;
  for (guint symbol = 0; symbol < SYMBOLS; symbol++)
    bits += (guint64)counts->symbols[symbol] * codes->symbols[symbol].count;
  for (guint range = 0; range < LENGTHS; range++)
    bits += (guint64)counts->symbols[FIRST_LENGTH + range] * length_extra_bits(range);
  for (guint range = 0; range < DISTANCES; range++)
    bits += (guint64)counts->distances[range] * (codes->distances[range].count + extra_bits(range, DISTANCE_STEP));
  return (gsize)(bits / 8 + 1 + sizeof(guint64));
}

static void put_steps(NxDeflate *deflate, const Codes *codes)
{
  Bits bits = deflate->bits; /* where no store of a byte can change it */
  const guint8 *literals = deflate->literals;
  for (guint i = 0; i < deflate->count; i++) {
    put_literals(&bits, codes, literals, deflate->steps[i].literals);
    literals += deflate->steps[i].literals;
    put_repeat(&bits, codes, &deflate->steps[i]);
  }
  put_literals(&bits, codes, literals, deflate->since);
  put_code(&bits, codes->symbols[END_OF_BLOCK]);
  flush(&bits);
  deflate->bits = bits;
}

/* Writes what was taken since the last block. */
static void put_block(NxDeflate *deflate, gboolean is_last)
{
  Counts counts = { { 0 }, { 0 } };
  Codes codes;
  Head head;
  count_block(deflate, &counts);
  nx_huffman_codes(counts.symbols, SYMBOLS, SYMBOL_BITS, codes.symbols);
  nx_huffman_codes(counts.distances, DISTANCES, NX_HUFFMAN_BITS, codes.distances);
  make_head(&head, &codes);
  if (block_size(&counts, &codes, &head) > (gsize)(deflate->end - deflate->bits.to)) {
    deflate->overflown = TRUE;
  } else {
    put_head(&deflate->bits, &head, is_last);
    put_steps(deflate, &codes);
    set_costs(&deflate->costs, &codes);
    deflate->looks_far = has_long_repeats(&counts);
  }
  deflate->count = 0;
  deflate->n_literals = 0;
  deflate->since = 0;
}

/* ------------------------------------------------------------------------------------------------------------------ stream */

#define ZLIB_HEAD 2u
#define ZLIB_TAIL 4u

NxDeflate *nx_deflate_new(guint width, guint8 *to, gsize room)
{
  NxDeflate *deflate = g_new0(NxDeflate, 1);
  deflate->row = 1 + (gsize)width * PIXEL;
  deflate->capacity = WINDOW + MAX(STRETCH, deflate->row);
  deflate->lines = g_malloc(deflate->capacity);
  deflate->steps = g_new(Step, BLOCK_STEPS + deflate->capacity / LONGEST + width + 1);
  deflate->literals = g_malloc(BLOCK_LITERALS + deflate->row);
  deflate->sum = 1;
  guess_costs(&deflate->costs);
  deflate->looks_far = TRUE;
  deflate->overflown = room < ZLIB_HEAD + ZLIB_TAIL + 1;
  if (deflate->overflown)
    return deflate;
  memcpy(to, "\x78\x01", ZLIB_HEAD);
  deflate->start = to;
  deflate->bits.to = to + ZLIB_HEAD;
  deflate->end = to + room - ZLIB_TAIL - 1;
  return deflate;
}

void nx_deflate_free(NxDeflate *deflate)
{
  if (!deflate)
    return;
  g_free(deflate->lines);
  g_free(deflate->steps);
  g_free(deflate->literals);
  g_free(deflate);
}

guint8 *nx_deflate_lines(NxDeflate *deflate, guint *most)
{
  if (deflate->filled > WINDOW) {
    const gsize done = deflate->filled - WINDOW;
    memmove(deflate->lines, deflate->lines + done, WINDOW);
    deflate->before += done;
    deflate->filled = deflate->place = WINDOW;
  }
  *most = (guint)((deflate->capacity - deflate->filled) / deflate->row);
  return deflate->lines + deflate->filled;
}

void nx_deflate_take(NxDeflate *deflate, guint lines)
{
  const guint8 *new = deflate->lines + deflate->filled;
  gsize end = deflate->filled;
  deflate->filled += lines * deflate->row;
  deflate->sum = libdeflate_adler32(deflate->sum, new, lines * deflate->row);
  while (deflate->place < deflate->filled) {
    end += deflate->row;
    if (deflate->place < end && deflate->looks_far)
      take_row(deflate, TRUE, end);
    else if (deflate->place < end)
      take_row(deflate, FALSE, end);
    if (deflate->count >= BLOCK_STEPS || deflate->n_literals >= BLOCK_LITERALS)
      put_block(deflate, FALSE);
  }
}

gsize nx_deflate_end(NxDeflate *deflate)
{
  put_block(deflate, TRUE);
  if (deflate->overflown)
    return 0;
  Bits *bits = &deflate->bits;
  if (bits->count > 0)
    *bits->to++ = (guint8)bits->waiting;
  const guint32 sum = GUINT32_TO_BE(deflate->sum);
  memcpy(bits->to, &sum, sizeof sum);
  return (gsize)(bits->to + sizeof sum - deflate->start);
}

/* With codes all alike a literal would take 9 bits, and a repeat of four bytes 32; what is told of codes is less than a kilobyte a block. */
gsize nx_deflate_bound(gsize raw)
{
  return raw + raw / 4 + 1024;
}
