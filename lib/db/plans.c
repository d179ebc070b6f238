/* plans.c — the revisions that lie between two places: what an upgrade or a downgrade has to run, and ranges of history. Rules and
 * messages: database 4.1 to 4.3, checked against corpus/db/alembic-output. */
#include "places.h"

#include <string.h>

/* -------------------------------------------------------------------------------------------------- relative places */

/* `[label@][symbol](+N|-N)`; the number is what the text has right after label and symbol. */
typedef struct {
  gboolean is_relative;
  char *label, *symbol, *number; /* label and symbol may be NULL */
} Relative;

static void relative_clear(Relative *relative)
{
  g_free(relative->label);
  g_free(relative->symbol);
  g_free(relative->number);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Relative, relative_clear)

static void relative_parse(const char *text, Relative *relative)
{
  static GRegex *form = NULL;
  if (!form)
    form = g_regex_new("^(?:(.+?)@)?(\\w+)?((?:\\+|-)\\d+)", 0, 0, NULL);
  g_autoptr(GMatchInfo) match = NULL;
  relative->is_relative = g_regex_match(form, text, 0, &match);
  if (!relative->is_relative)
    return;
  relative->label = g_match_info_fetch(match, 1);
  relative->symbol = g_match_info_fetch(match, 2);
  relative->number = g_match_info_fetch(match, 3);
  if (relative->label && !*relative->label)
    g_clear_pointer(&relative->label, g_free);
  if (relative->symbol && !*relative->symbol)
    g_clear_pointer(&relative->symbol, g_free);
}

static gboolean relative_branch(const NxGraph *graph, const Relative *relative, NxRevision **branch, GError **err)
{
  *branch = NULL;
  return !relative->label || (*branch = nx_graph_find(graph, relative->label)) ||
         nx_revision_error(err, "No such branch: '%s'", relative->label);
}

static gboolean relative_start(const NxGraph *graph, const Relative *relative, NxRevision **start, GError **err)
{
  g_autofree char *name = relative->label ? g_strconcat(relative->label, "@", relative->symbol, NULL) : g_strdup(relative->symbol);
  return nx_graph_resolve_one(graph, name, start, err);
}

/* The one current revision from which a bare +N counts: on the label's branch, when there is one. */
static gboolean current_start(GPtrArray *current, NxRevision *branch, NxRevision **start, GError **err)
{
  g_autoptr(GPtrArray) candidates = nx_places_on_branch(current, branch);
  if (candidates->len == 0 && branch) {
    g_autoptr(GHashTable) below = nx_revisions_below(current, FALSE);
    g_autoptr(GPtrArray) all = nx_revisions_sorted(below);
    g_autoptr(GPtrArray) active = nx_places_on_branch(all, branch);
    g_ptr_array_extend(candidates, active, NULL, NULL);
    g_ptr_array_set_size(candidates, (int)MIN(candidates->len, 1u));
  }
  *start = candidates->len ? candidates->pdata[0] : NULL;
  return candidates->len <= 1 || nx_revision_error(err, "Ambiguous upgrade from multiple current revisions");
}

/* Targets of an upgrade; `strict`: fewer steps than asked for are an error. */
static GPtrArray *upgrade_targets(const NxGraph *graph, GPtrArray *current, const char *target, gboolean strict, GError **err)
{
  g_auto(Relative) relative = {0};
  relative_parse(target, &relative);
  if (!relative.is_relative)
    return nx_graph_resolve(graph, target, err);
  int steps = nx_place_steps(relative.number);
  NxRevision *place = NULL, *branch = NULL;
  if (!relative_branch(graph, &relative, &branch, err))
    return NULL;
  if (!relative.symbol && steps <= 0) {
    nx_place_too_few_steps(err, relative.number);
    return NULL;
  }
  if (relative.symbol ? !relative_start(graph, &relative, &place, err) : !current_start(current, branch, &place, err))
    return NULL;
  WalkResult result = nx_place_walk(graph, &place, steps, branch, err);
  if (result == WALK_ERROR)
    return NULL;
  if (result == WALK_TOO_FAR && strict) {
    nx_place_too_few_steps(err, relative.number);
    return NULL;
  }
  return nx_place_alone(place);
}

GPtrArray *nx_graph_plan_upgrade(const NxGraph *graph, char **rows, const char *target, GError **err)
{
  g_autoptr(GPtrArray) current = nx_graph_resolve_rows(graph, rows, err);
  g_autoptr(GPtrArray) targets = current ? upgrade_targets(graph, current, target, TRUE, err) : NULL;
  if (!targets || !nx_places_check_apart(targets, TRUE, err) || !nx_places_check_apart(current, TRUE, err))
    return NULL;
  g_autoptr(GHashTable) needed = nx_revisions_below(targets, TRUE);
  g_autoptr(GHashTable) done = nx_revisions_below(current, TRUE);
  GHashTableIter iter;
  gpointer key = NULL;
  g_hash_table_iter_init(&iter, done);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    g_hash_table_remove(needed, key);
  g_autoptr(GPtrArray) newest_first = nx_revisions_sorted(needed);
  GPtrArray *plan = g_ptr_array_new();
  for (guint i = newest_first->len; i > 0; i--)
    g_ptr_array_add(plan, newest_first->pdata[i - 1]);
  return plan;
}

/* ------------------------------------------------------------------------------------------------------- downgrade */

typedef struct {
  NxRevision *place;  /* NULL: base */
  NxRevision *branch; /* NULL: no branch was named */
} Destination;

/* `-N` from where the database is. */
static gboolean relative_destination(const NxGraph *graph, GPtrArray *current, const Relative *relative, Destination *to, GError **err)
{
  if (!relative_branch(graph, relative, &to->branch, err))
    return FALSE;
  g_autoptr(GPtrArray) candidates = nx_places_on_branch(current, to->branch);
  if (candidates->len == 0 && to->branch) {
    g_autoptr(GPtrArray) topmost = nx_revisions_topmost(current);
    g_ptr_array_extend(candidates, topmost, NULL, NULL);
  }
  if (candidates->len == 0)
    return nx_place_too_few_steps(err, relative->number);
  if (candidates->len > 1)
    nx_log_warning("downgrade %s from several heads is ambiguous; counting from %s", relative->number,
                   ((NxRevision *)candidates->pdata[0])->id);
  to->place = candidates->pdata[0];
  if (!to->branch)
    to->branch = to->place;
  WalkResult result = nx_place_walk(graph, &to->place, nx_place_steps(relative->number), NULL, err);
  return result == WALK_DONE || (result == WALK_TOO_FAR && nx_place_too_few_steps(err, relative->number));
}

static gboolean downgrade_destination(const NxGraph *graph, GPtrArray *current, const char *target, Destination *to, GError **err)
{
  g_auto(Relative) relative = {0};
  relative_parse(target, &relative);
  if (!relative.is_relative) {
    const char *at = strrchr(target, '@');
    g_autofree char *label = at ? g_strndup(target, (gsize)(at - target)) : NULL;
    if (label && !nx_graph_resolve_one(graph, label, &to->branch, err))
      return FALSE;
    return nx_graph_resolve_one(graph, at ? at + 1 : target, &to->place, err);
  }
  if (!relative.symbol && nx_place_steps(relative.number) >= 0)
    return nx_place_too_few_steps(err, relative.number);
  if (!relative.symbol)
    return relative_destination(graph, current, &relative, to, err);
  if (!relative_branch(graph, &relative, &to->branch, err) || !relative_start(graph, &relative, &to->place, err))
    return FALSE;
  WalkResult result = nx_place_walk(graph, &to->place, nx_place_steps(relative.number), to->branch, err);
  return result == WALK_DONE || (result == WALK_TOO_FAR && nx_revision_error(err, "Walked too far"));
}

static gboolean not_below(GError **err, const char *target)
{
  return nx_revision_error(err, "Destination %s is not a valid downgrade target from current head(s)", target);
}

/* The revisions right above the destination: those that go first or last, with all that stands on them. */
static GPtrArray *downgrade_roots(const NxGraph *graph, const Destination *to, GError **err)
{
  g_autoptr(GPtrArray) roots = to->place ? g_ptr_array_ref(to->place->children) : nx_places_without_parents(graph);
  if (!to->branch || roots->len <= 1)
    return g_steal_pointer(&roots);
  g_autoptr(GPtrArray) start = nx_place_alone(to->branch);
  g_autoptr(GHashTable) below = nx_revisions_below(start, FALSE);
  GPtrArray *kept = g_ptr_array_new();
  for (guint i = 0; i < roots->len; i++)
    if (g_hash_table_contains(below, roots->pdata[i]))
      g_ptr_array_add(kept, roots->pdata[i]);
  if (kept->len)
    return kept;
  g_ptr_array_unref(kept);
  nx_revision_error(err, "Not a valid downgrade target from current heads");
  return NULL;
}

GPtrArray *nx_graph_plan_downgrade(const NxGraph *graph, char **rows, const char *target, GError **err)
{
  Destination to = {0};
  g_autoptr(GPtrArray) current = nx_graph_resolve_rows(graph, rows, err);
  if (!current || !downgrade_destination(graph, current, target, &to, err))
    return NULL;
  g_autoptr(GPtrArray) roots = downgrade_roots(graph, &to, err);
  if (!roots)
    return NULL;
  g_autoptr(GHashTable) goes = nx_revisions_above(roots, TRUE);
  g_autoptr(GHashTable) active = nx_revisions_below(current, TRUE);
  GHashTableIter iter;
  gpointer key = NULL;
  g_hash_table_iter_init(&iter, goes);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    if (!g_hash_table_contains(active, key))
      g_hash_table_iter_remove(&iter);
  if (to.place && g_hash_table_size(goes) == 0 && !g_ptr_array_find(current, to.place, NULL)) {
    not_below(err, target);
    return NULL;
  }
  return nx_revisions_sorted(goes);
}

/* ----------------------------------------------------------------------------------------------------------- range */

static GPtrArray *range_bound(const NxGraph *graph, char **rows, const char *name, GError **err)
{
  return g_str_equal(name, "current") ? nx_graph_resolve_rows(graph, rows, err) : nx_graph_resolve(graph, name, err);
}

GPtrArray *nx_graph_range(const NxGraph *graph, char **rows, const char *lower, const char *upper, GError **err)
{
  g_autoptr(GPtrArray) from = range_bound(graph, rows, lower, err);
  if (!from)
    return NULL;
  g_autoptr(GPtrArray) to =
      g_str_equal(upper, "current") ? range_bound(graph, rows, upper, err) : upgrade_targets(graph, from, upper, FALSE, err);
  if (!to)
    return NULL;
  g_autoptr(GHashTable) needed = nx_revisions_below(to, TRUE);
  for (guint i = 0; i < from->len; i++)
    if (!g_hash_table_contains(needed, from->pdata[i])) {
      nx_revision_error(err, "Requested range %s:%s does not refer to ancestor/descendant revisions along the same branch", lower, upper);
      return NULL;
    }
  if (from->len) {
    g_autoptr(GHashTable) above = nx_revisions_above(from, FALSE);
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, needed);
    while (g_hash_table_iter_next(&iter, &key, NULL))
      if (!g_hash_table_contains(above, key))
        g_hash_table_iter_remove(&iter);
  }
  return nx_revisions_sorted(needed);
}
