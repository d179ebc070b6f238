/* dips.c — the strict minima of a curve, thinned from the shallowest up (record-building §6.1 step 9 and §6.7).
 * Dropping a minimum joins the peaks on its two sides, which can only deepen its neighbours; a tree ordered by depth gives the shallowest
 * in log N steps. */
#include "dips.h"

typedef struct Minimum Minimum;
struct Minimum {
  gsize index;
  double value, depth;
  double left_peak, right_peak;
  Minimum *previous, *next;
};

static void measure(Minimum *minimum)
{
  minimum->depth = MIN(minimum->left_peak, minimum->right_peak) - minimum->value;
}

static gint shallowest_first(gconstpointer a, gconstpointer b, gpointer unused)
{
  (void)unused;
  const Minimum *first = a, *second = b;
  if (first->depth != second->depth)
    return first->depth < second->depth ? -1 : 1;
  return (first->index > second->index) - (first->index < second->index);
}

static double greatest(const double *values, gsize from, gsize to)
{
  double most = values[from];
  for (gsize i = from + 1; i <= to; i++)
    most = MAX(most, values[i]);
  return most;
}

/* Every strict minimum, with its neighbours and peaks. */
static GArray *all_minima(const double *values, gsize n)
{
  GArray *minima = g_array_new(FALSE, TRUE, sizeof(Minimum));
  for (gsize i = 1; i + 1 < n; i++) {
    if (values[i] < values[i - 1] && values[i] < values[i + 1]) {
      Minimum found = {.index = i, .value = values[i]};
      g_array_append_val(minima, found);
    }
  }
  Minimum *each = (Minimum *)minima->data;
  for (gsize k = 0; k < minima->len; k++) {
    each[k].previous = k > 0 ? &each[k - 1] : NULL;
    each[k].next = k + 1 < minima->len ? &each[k + 1] : NULL;
    each[k].left_peak = k > 0 ? each[k - 1].right_peak : greatest(values, 0, each[k].index);
    each[k].right_peak = greatest(values, each[k].index, each[k].next ? each[k].next->index : n - 1);
    measure(&each[k]);
  }
  return minima;
}

/* Gives a neighbour of a dropped minimum its new peak. */
static void raise_peak(GTree *by_depth, Minimum *minimum, double *peak, double height)
{
  g_tree_remove(by_depth, minimum);
  *peak = height;
  measure(minimum);
  g_tree_insert(by_depth, minimum, minimum);
}

static void drop(GTree *by_depth, Minimum *shallow)
{
  double peak = MAX(shallow->left_peak, shallow->right_peak);
  g_tree_remove(by_depth, shallow);
  if (shallow->previous) {
    shallow->previous->next = shallow->next;
    raise_peak(by_depth, shallow->previous, &shallow->previous->right_peak, peak);
  }
  if (shallow->next) {
    shallow->next->previous = shallow->previous;
    raise_peak(by_depth, shallow->next, &shallow->next->left_peak, peak);
  }
}

static gint in_order(gconstpointer a, gconstpointer b)
{
  gsize first = *(const gsize *)a, second = *(const gsize *)b;
  return (first > second) - (first < second);
}

GArray *nx_dips_find(const double *values, gsize n, double depth)
{
  g_autoptr(GArray) minima = all_minima(values, n);
  g_autoptr(GTree) by_depth = g_tree_new_with_data(shallowest_first, NULL);
  for (gsize k = 0; k < minima->len; k++)
    g_tree_insert(by_depth, &g_array_index(minima, Minimum, k), &g_array_index(minima, Minimum, k));
  GTreeNode *first;
  while ((first = g_tree_node_first(by_depth)) && ((Minimum *)g_tree_node_key(first))->depth < depth)
    drop(by_depth, g_tree_node_key(first));
  GArray *kept = g_array_new(FALSE, FALSE, sizeof(gsize));
  for (GTreeNode *node = g_tree_node_first(by_depth); node; node = g_tree_node_next(node))
    g_array_append_val(kept, ((Minimum *)g_tree_node_key(node))->index);
  g_array_sort(kept, in_order);
  return kept;
}
