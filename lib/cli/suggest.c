/* suggest.c — similarity by matching blocks: 2·M/T, where M counts the characters in the longest common blocks, taken one after the other
 * left and right of the longest, and T all characters of both words. Source: cli §2.3. */
#include "suggest.h"
#include <string.h>

#define RATIO_MIN 0.6
#define SUGGESTIONS_MAX 3

typedef struct {
  const char *text;
  gsize length;
} Span;

typedef struct {
  const char *candidate;
  double ratio;
} Score;

/* Longest common block of two spans; the first of equally long ones. */
static gsize longest_block(Span a, Span b, gsize *in_a, gsize *in_b)
{
  gsize longest = 0;
  for (gsize i = 0; i < a.length; i++) {
    for (gsize k = 0; k < b.length; k++) {
      gsize n = 0;
      while (i + n < a.length && k + n < b.length && a.text[i + n] == b.text[k + n])
        n++;
      if (n > longest) {
        longest = n;
        *in_a = i;
        *in_b = k;
      }
    }
  }
  return longest;
}

static gsize matching(Span a, Span b)
{
  gsize i = 0, k = 0;
  gsize n = longest_block(a, b, &i, &k);
  if (n == 0)
    return 0;
  Span a_left = {a.text, i}, b_left = {b.text, k};
  Span a_right = {a.text + i + n, a.length - i - n}, b_right = {b.text + k + n, b.length - k - n};
  return n + matching(a_left, b_left) + matching(a_right, b_right);
}

static double ratio_of(const char *word, const char *candidate)
{
  Span a = {candidate, strlen(candidate)}, b = {word, strlen(word)};
  double total = (double)(a.length + b.length);
  if (2.0 * (double)MIN(a.length, b.length) < RATIO_MIN * total)
    return 0;
  return 2.0 * (double)matching(a, b) / total;
}

static int by_ratio_falling(gconstpointer a, gconstpointer b)
{
  const Score *left = a, *right = b;
  if (left->ratio != right->ratio)
    return left->ratio < right->ratio ? 1 : -1;
  return strcmp(right->candidate, left->candidate);
}

static int by_name(gconstpointer a, gconstpointer b)
{
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *nx_suggest(const char *word, const char *const *candidates)
{
  g_autoptr(GArray) scores = g_array_new(FALSE, FALSE, sizeof(Score));
  for (guint i = 0; candidates[i]; i++) {
    Score score = {candidates[i], ratio_of(word, candidates[i])};
    if (score.ratio >= RATIO_MIN)
      g_array_append_val(scores, score);
  }
  g_array_sort(scores, by_ratio_falling);
  GPtrArray *best = g_ptr_array_new();
  for (guint i = 0; i < MIN(scores->len, SUGGESTIONS_MAX); i++)
    g_ptr_array_add(best, (gpointer)g_array_index(scores, Score, i).candidate);
  g_ptr_array_sort(best, by_name);
  return best;
}
