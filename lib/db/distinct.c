/* distinct.c — see distinct.h. A table of all numbers would be larger than the processor's caches, and each look into it a wait: so they
 * are parted by their leading bytes, in place, until a part is small. */
#include "distinct.h"

#include <string.h>

#define SMALL 4096
#define SLOTS (2 * SMALL) /* a power of two */

static guint count_small(const guint64 *numbers, gsize n, guint64 *slots)
{
  gsize size = 16;
  guint count = 0;
  while (size < 2 * n)
    size *= 2;
  memset(slots, 0, size * sizeof *slots);
  for (gsize i = 0; i < n; i++) {
    gsize slot = (gsize)numbers[i] & (size - 1);
    while (slots[slot] != 0 && slots[slot] != numbers[i])
      slot = (slot + 1) & (size - 1);
    count += slots[slot] == 0;
    slots[slot] = numbers[i];
  }
  return count;
}

static guint byte_at(guint64 number, guint shift)
{
  return (guint)(number >> shift) & 0xff;
}

/* Brings the numbers into the order of one byte; ends[b] is where those with b there end. */
static void part(guint64 *numbers, gsize n, guint shift, gsize ends[256])
{
  gsize next[256], at = 0;
  memset(ends, 0, 256 * sizeof *ends);
  for (gsize i = 0; i < n; i++)
    ends[byte_at(numbers[i], shift)]++;
  for (guint b = 0; b < 256; b++) {
    next[b] = at;
    ends[b] = at += ends[b];
  }
  for (guint b = 0; b < 256; b++)
    while (next[b] < ends[b]) {
      guint64 *number = &numbers[next[b]], moved = *number;
      guint home = byte_at(moved, shift);
      *number = numbers[next[home]];
      numbers[next[home]++] = moved;
    }
}

/* `bits`: how many of the lower bits may differ. */
static guint count(guint64 *numbers, gsize n, guint bits, guint64 *slots)
{
  gsize ends[256], start = 0;
  guint distinct = 0;
  if (n <= SMALL)
    return count_small(numbers, n, slots);
  if (bits == 0)
    return 1;
  part(numbers, n, bits - 8, ends);
  for (guint b = 0; b < 256; b++) {
    distinct += ends[b] > start ? count(numbers + start, ends[b] - start, bits - 8, slots) : 0;
    start = ends[b];
  }
  return distinct;
}

guint nx_distinct_count(guint64 *numbers, gsize n)
{
  g_autofree guint64 *slots = g_new(guint64, SLOTS);
  return count(numbers, n, 64, slots);
}
