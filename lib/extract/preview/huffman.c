/* huffman.c — shortest prefix codes of limited length, in the order that deflate gives them. */
#include "huffman.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
  guint32 count;
  guint16 symbol;
} Leaf;

static int by_count(const void *a, const void *b)
{
  const Leaf *left = a, *right = b;
  return left->count != right->count ? (left->count < right->count ? -1 : 1) : (int)left->symbol - (int)right->symbol;
}

/* The symbols that occur, rarest first; with fewer than two, the first ones join them. */
static guint collect_leaves(const guint32 *counts, guint symbols, Leaf *leaves)
{
  guint found = 0;
  for (guint symbol = 0; symbol < symbols; symbol++) {
    if (counts[symbol] > 0)
      leaves[found++] = (Leaf){ counts[symbol], (guint16)symbol };
  }
  for (guint symbol = 0; found < 2; symbol++) {
    if (counts[symbol] == 0)
      leaves[found++] = (Leaf){ 1, (guint16)symbol };
  }
  qsort(leaves, found, sizeof *leaves, by_count);
  return found;
}

/* Joins the two lightest of leaves and inner nodes until one is left (both lists are in order by themselves); counts the leaves of each depth, those
 * that are too deep as `longest`. */
static void count_depths(const Leaf *leaves, guint found, guint longest, guint32 *at_depth)
{
  guint32 weight[2 * NX_HUFFMAN_SYMBOLS];
  guint16 parent[2 * NX_HUFFMAN_SYMBOLS] = { 0 }, depth[2 * NX_HUFFMAN_SYMBOLS];
  for (guint i = 0; i < found; i++)
    weight[i] = leaves[i].count;
  const guint root = 2 * found - 2;
  guint leaf = 0, inner = found;
  for (guint node = found; node <= root; node++) {
    weight[node] = 0;
    for (guint child = 0; child < 2; child++) {
      const guint lightest = leaf < found && (inner == node || weight[leaf] <= weight[inner]) ? leaf++ : inner++;
      weight[node] += weight[lightest];
      parent[lightest] = (guint16)node;
    }
  }
  depth[root] = 0;
  for (guint node = root; node-- > 0;) {
    depth[node] = (guint16)(depth[parent[node]] + 1);
    if (node < found)
      at_depth[MIN(depth[node], longest)]++;
  }
}

/* Leaves that were brought up to `longest` take more room than there is: as often as needed, one of them goes beside the deepest leaf above. */
static void fit(guint32 *at_depth, guint longest)
{
  guint32 taken = 0;
  for (guint depth = 1; depth <= longest; depth++)
    taken += at_depth[depth] << (longest - depth);
  for (; taken > 1u << longest; taken--) {
    guint above = longest - 1;
    while (at_depth[above] == 0)
      above--;
    at_depth[longest]--;
    at_depth[above]--;
    at_depth[above + 1] += 2;
  }
}

static guint16 reversed(guint code, guint bits)
{
  guint turned = 0;
  for (guint bit = 0; bit < bits; bit++)
    turned |= ((code >> bit) & 1u) << (bits - 1 - bit);
  return (guint16)turned;
}

void nx_huffman_codes(const guint32 *counts, guint symbols, guint longest, NxCode *codes)
{
  Leaf leaves[NX_HUFFMAN_SYMBOLS];
  guint32 at_depth[NX_HUFFMAN_BITS + 1] = { 0 };
  const guint found = collect_leaves(counts, symbols, leaves);
  count_depths(leaves, found, longest, at_depth);
  fit(at_depth, longest);

  memset(codes, 0, symbols * sizeof *codes);
  guint leaf = 0;
  for (guint depth = longest; depth > 0; depth--) {
    for (guint32 n = 0; n < at_depth[depth]; n++)
      codes[leaves[leaf++].symbol].count = (guint16)depth;
  }
  guint next[NX_HUFFMAN_BITS + 1] = { 0 };
  for (guint depth = 1; depth < longest; depth++)
    next[depth + 1] = (next[depth] + at_depth[depth]) << 1;
  for (guint symbol = 0; symbol < symbols; symbol++) {
    if (codes[symbol].count > 0)
      codes[symbol].bits = reversed(next[codes[symbol].count]++, codes[symbol].count);
  }
}
