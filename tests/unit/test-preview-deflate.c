/* test-preview-deflate.c — the encoder of pixels and its codes: zlib reads back what went in, codes are those of RFC 1951. */
#include "preview/deflate.h"
#include "preview/huffman.h"

#include <string.h>
#include <zlib.h>

/* ---------------------------------------------------------------------------------------------------------------- codes */

/* The example of RFC 1951 §3.2.2: lengths (3, 3, 3, 3, 3, 2, 4, 4) give 010 011 100 101 110 00 1110 1111. With these counts no others are shortest. */
static void test_codes_of_the_standard(void)
{
  const guint32 counts[8] = { 8, 8, 8, 8, 8, 16, 4, 4 };
  const guint lengths[8] = { 3, 3, 3, 3, 3, 2, 4, 4 }, turned[8] = { 2, 6, 1, 5, 3, 0, 7, 15 }; /* first bit lowest */
  NxCode codes[8];
  nx_huffman_codes(counts, 8, 15, codes);
  for (guint i = 0; i < 8; i++) {
    g_assert_cmpuint(codes[i].count, ==, lengths[i]);
    g_assert_cmpuint(codes[i].bits, ==, turned[i]);
  }
}

/* A code is complete when the shares of the codes, 2^-length each, add up to one. */
static void assert_complete(const guint32 *counts, guint symbols, guint longest)
{
  NxCode codes[NX_HUFFMAN_SYMBOLS];
  nx_huffman_codes(counts, symbols, longest, codes);
  guint64 shares = 0;
  for (guint i = 0; i < symbols; i++) {
    g_assert_cmpuint(codes[i].count, <=, longest);
    g_assert_true(counts[i] == 0 || codes[i].count > 0);
    shares += codes[i].count > 0 ? G_GUINT64_CONSTANT(1) << (longest - codes[i].count) : 0;
  }
  g_assert_cmpuint(shares, ==, G_GUINT64_CONSTANT(1) << longest);
}

static void test_codes_are_complete(void)
{
  guint32 counts[NX_HUFFMAN_SYMBOLS] = { 0 };
  assert_complete(counts, NX_HUFFMAN_SYMBOLS, 15);
  counts[0] = 9;
  assert_complete(counts, NX_HUFFMAN_SYMBOLS, 15);
  counts[0] = 0;
  counts[NX_HUFFMAN_SYMBOLS - 1] = 9;
  assert_complete(counts, NX_HUFFMAN_SYMBOLS, 15);
  for (guint i = 0; i < 40; i++) /* Fibonacci's numbers would take 39 bits */
    counts[i] = i < 2 ? 1 : counts[i - 1] + counts[i - 2];
  assert_complete(counts, 40, 15);
  assert_complete(counts, 40, 7);
  GRand *random = g_rand_new_with_seed(3);
  for (guint round = 0; round < 500; round++) {
    const guint symbols = (guint)g_rand_int_range(random, 2, NX_HUFFMAN_SYMBOLS + 1);
    for (guint i = 0; i < symbols; i++)
      counts[i] = (guint32)(g_rand_int_range(random, 0, 3) > 0 ? 1u << g_rand_int_range(random, 0, 20) : 0);
    assert_complete(counts, symbols, (guint)g_rand_int_range(random, 9, 16));
  }
  g_rand_free(random);
}

/* --------------------------------------------------------------------------------------------------------------- deflate */

typedef guint8 (*Kind)(GRand *random, guint width, gsize row, gsize place);

static guint8 noise(GRand *random, guint width, gsize row, gsize place)
{
  (void)width, (void)row, (void)place;
  return (guint8)g_rand_int(random);
}

static guint8 nothing(GRand *random, guint width, gsize row, gsize place)
{
  (void)random, (void)width, (void)row, (void)place;
  return 0;
}

/* Rows in which no pixel occurs twice, then one that repeats them all. */
static guint8 late_repeats(GRand *random, guint width, gsize row, gsize place)
{
  (void)random;
  const gsize pixel = (row % 7) * width + place / 4;
  return (guint8)(place % 4 < 3 ? pixel >> (8 * (place % 4)) : 7);
}

static guint8 gradient(GRand *random, guint width, gsize row, gsize place)
{
  (void)random, (void)width;
  return (guint8)(row * 3 + place / 5);
}

static guint8 runs(GRand *random, guint width, gsize row, gsize place)
{
  (void)random, (void)width;
  return (guint8)((row * 31 + place / 4 / 90) % 5 * 40);
}

/* What a filter leaves of a grey micrograph: three equal bytes near zero, and a zero. */
static guint8 micrograph(GRand *random, guint width, gsize row, gsize place)
{
  static guint8 grey;
  (void)width, (void)row;
  if (place % 4 == 0)
    grey = (guint8)(g_rand_int_range(random, -3, 4) + g_rand_int_range(random, -3, 4));
  return place % 4 == 3 ? 0 : grey;
}

/* Eleven pixels that come again 3,000 pixels later, among others that are new: tables forget some of their contexts before that, and keep others. */
static guint8 crowd(GRand *random, guint width, gsize row, gsize place)
{
  const gsize pixel = row * width + place / 4, group = pixel / 40 % 75;
  if (pixel % 40 >= 11)
    return (guint8)g_rand_int(random);
  return (guint8)((group * 11 + pixel % 40) * 2654435761u >> (8 + 4 * (place % 4)));
}

/* Grey noise of all depths, in which no long repeat is worth looking for, then rows that come again. */
#define NOISY_ROWS 120
static guint8 even_after_noise(GRand *random, guint width, gsize row, gsize place)
{
  static guint8 grey;
  if (row >= NOISY_ROWS)
    return late_repeats(random, width, row, place);
  if (place % 4 == 0)
    grey = (guint8)g_rand_int(random);
  return place % 4 == 3 ? 0 : grey;
}

static guint8 *made(Kind byte_at, guint width, guint height, gsize *size)
{
  const gsize row = 1 + (gsize)width * 4;
  GRand *random = g_rand_new_with_seed(width + height);
  *size = row * height;
  guint8 *lines = g_malloc(*size);
  for (gsize i = 0; i < *size; i++)
    lines[i] = i % row == 0 ? (guint8)(i / row % 5) : byte_at(random, width, i / row, i % row - 1);
  g_rand_free(random);
  return lines;
}

/* Taken in pieces of at most `at_once` lines. */
static gsize deflated(const guint8 *lines, guint width, guint height, guint at_once, guint8 *to, gsize room)
{
  g_autoptr(NxDeflate) deflate = nx_deflate_new(width, to, room);
  const gsize row = 1 + (gsize)width * 4;
  for (guint y = 0, n; y < height; y += n) {
    guint8 *next = nx_deflate_lines(deflate, &n);
    n = MIN(MIN(n, at_once), height - y);
    memcpy(next, lines + y * row, n * row);
    nx_deflate_take(deflate, n);
  }
  return nx_deflate_end(deflate);
}

static void assert_read_back(const guint8 *stream, gsize length, const guint8 *lines, gsize size)
{
  g_autofree guint8 *back = g_malloc(size + 1);
  uLongf filled = size + 1;
  g_assert_cmpint(uncompress(back, &filled, stream, length), ==, Z_OK);
  g_assert_cmpuint(filled, ==, size);
  g_assert_true(memcmp(back, lines, size) == 0);
}

static void test_zlib_reads_it(void)
{
  const Kind kinds[] = { noise, nothing, late_repeats, gradient, runs, micrograph, crowd, even_after_noise };
  const guint sizes[][2] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 1, 700 }, { 700, 1 }, { 500, 500 }, { 129, 77 }, { 20000, 9 }, { 70000, 2 } };
  for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
    for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
      gsize size;
      g_autofree guint8 *lines = made(kinds[k], sizes[s][0], sizes[s][1], &size);
      const gsize room = nx_deflate_bound(size);
      g_autofree guint8 *stream = g_malloc(room);
      const guint pieces[] = { 1, 7, G_MAXUINT };
      for (guint p = 0; p < G_N_ELEMENTS(pieces); p++) {
        const gsize length = deflated(lines, sizes[s][0], sizes[s][1], pieces[p], stream, room);
        g_assert_cmpuint(length, >, 0);
        assert_read_back(stream, length, lines, size);
      }
    }
  }
}

static void test_repeats_are_found(void)
{
  gsize size;
  g_autofree guint8 *lines = made(nothing, 500, 500, &size), *stream = g_malloc(size);
  g_assert_cmpuint(deflated(lines, 500, 500, G_MAXUINT, stream, size), <, size / 300);
  g_autofree guint8 *grey = made(micrograph, 500, 500, &size);
  uLongf best = size;
  g_autofree guint8 *theirs = g_malloc(size);
  g_assert_cmpint(compress2(theirs, &best, grey, size, 6), ==, Z_OK);
  g_assert_cmpuint(deflated(grey, 500, 500, G_MAXUINT, stream, size), <, best + best / 10);
}

static void test_repeats_are_found_after_noise(void)
{
  gsize size, noisy_size;
  g_autofree guint8 *lines = made(even_after_noise, 500, NOISY_ROWS + 400, &size), *stream = g_malloc(size);
  g_autofree guint8 *noisy = made(even_after_noise, 500, NOISY_ROWS, &noisy_size);
  const gsize noise_alone = deflated(noisy, 500, NOISY_ROWS, G_MAXUINT, stream, size);
  const gsize length = deflated(lines, 500, NOISY_ROWS + 400, G_MAXUINT, stream, size);
  g_assert_cmpuint(length, >, 0);
  g_assert_cmpuint(length, <, noise_alone + (size - noisy_size) / 40);
}

/* Each room that is too short is refused, and nothing is written behind it (the sanitizers see that). */
static void test_room_is_kept(void)
{
  gsize size;
  g_autofree guint8 *lines = made(late_repeats, 30, 20, &size);
  const gsize bound = nx_deflate_bound(size);
  g_autofree guint8 *whole = g_malloc(bound);
  const gsize length = deflated(lines, 30, 20, 9, whole, bound);
  gsize refused = 0;
  for (gsize room = 0; room < length; room++) {
    g_autofree guint8 *stream = g_malloc(room);
    refused += deflated(lines, 30, 20, 9, stream, room) == 0;
  }
  g_assert_cmpuint(refused, ==, length);
}

int main(int argc, char **argv)
{
  g_test_init(&argc, &argv, NULL);
  g_test_add_func("/preview/deflate/codes are those of the standard", test_codes_of_the_standard);
  g_test_add_func("/preview/deflate/codes are complete, however the symbols occur", test_codes_are_complete);
  g_test_add_func("/preview/deflate/zlib reads back what went in", test_zlib_reads_it);
  g_test_add_func("/preview/deflate/repeats are found", test_repeats_are_found);
  g_test_add_func("/preview/deflate/repeats are found after noise", test_repeats_are_found_after_noise);
  g_test_add_func("/preview/deflate/a room that is too short is refused", test_room_is_kept);
  return g_test_run();
}
