/* places.c — the ways of naming a place in the graph of revisions, and the revisions that lie between two places.
 * Rules and messages: database 4.1 and 4.2, checked against corpus/db/alembic-output. */
#include "revisions.h"

#include <string.h>

static gboolean cannot_locate(GError **err, const char *name)
{
  return nx_revision_error(err, "Can't locate revision identified by '%s'", name);
}

static gboolean many_heads(GError **err, const char *argument)
{
  return nx_revision_error(err,
                           "Multiple head revisions are present for given argument '%s'; please specify a specific target revision, "
                           "'<branchname>@%s' to narrow to a specific head, or 'heads' for all heads",
                           argument, argument);
}

static GPtrArray *array_of(NxRevision *revision)
{
  GPtrArray *array = g_ptr_array_new();
  if (revision)
    g_ptr_array_add(array, revision);
  return array;
}

/* -------------------------------------------------------------------------------------------------------- one name */

static gboolean shares_lineage(NxRevision *a, NxRevision *b)
{
  g_autoptr(GPtrArray) start = array_of(a);
  g_autoptr(GHashTable) above = nx_revisions_above(start, FALSE);
  g_autoptr(GHashTable) below = nx_revisions_below(start, FALSE);
  return g_hash_table_contains(above, b) || g_hash_table_contains(below, b);
}

/* Those of `revisions` that lie on one line with `branch` (NULL: all). */
static GPtrArray *on_branch(GPtrArray *revisions, NxRevision *branch)
{
  GPtrArray *kept = g_ptr_array_new();
  for (guint i = 0; i < revisions->len; i++)
    if (!branch || shares_lineage(revisions->pdata[i], branch))
      g_ptr_array_add(kept, revisions->pdata[i]);
  return kept;
}

static NxRevision *find_by_prefix(const NxGraph *graph, const char *prefix, NxRevision *branch)
{
  NxRevision *found = NULL;
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    if (!g_str_has_prefix(revision->id, prefix) || (branch && !shares_lineage(revision, branch)))
      continue;
    if (found)
      return NULL;
    found = revision;
  }
  return found;
}

static NxRevision *find_id(const NxGraph *graph, const char *id, NxRevision *branch, GError **err)
{
  NxRevision *revision = *id ? nx_graph_find(graph, id) : NULL;
  if (!revision && *id)
    revision = find_by_prefix(graph, id, branch);
  if (!revision)
    cannot_locate(err, id);
  else if (branch && !shares_lineage(revision, branch)) {
    nx_revision_error(err, "Revision %s is not a member of branch '%s'", revision->id, branch->id);
    return NULL;
  }
  return revision;
}

/* A name cut at its first '@'. */
typedef struct {
  char *text;         /* after the '@' */
  NxRevision *branch; /* what the label names; NULL without '@' */
} Name;

static void name_clear(Name *name)
{
  g_free(name->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Name, name_clear)

static gboolean name_split(const NxGraph *graph, const char *text, Name *name, GError **err)
{
  const char *at = strchr(text, '@');
  name->text = g_strdup(at ? at + 1 : text);
  if (!at)
    return TRUE;
  g_autofree char *label = g_strndup(text, (gsize)(at - text));
  name->branch = *label ? nx_graph_find(graph, label) : NULL;
  if (!name->branch && *label)
    name->branch = find_by_prefix(graph, label, NULL);
  return name->branch || nx_revision_error(err, "No such branch: '%s'", label);
}

static gboolean is_negative_number(const char *text)
{
  return text[0] == '-' && text[1] && strspn(text + 1, "0123456789") == strlen(text + 1);
}

static int steps_of(const char *text)
{
  return (int)CLAMP(g_ascii_strtoll(text, NULL, 10), -1000000, 1000000);
}

/* ---------------------------------------------------------------------------------------------------------- walking */

typedef enum { WALK_DONE, WALK_TOO_FAR, WALK_ERROR } WalkResult;

static GPtrArray *bases_of(const NxGraph *graph)
{
  GPtrArray *bases = g_ptr_array_new();
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    if (revision->parents->len == 0)
      g_ptr_array_add(bases, revision);
  }
  return bases;
}

/* `steps` up (positive) or down from *place; NULL is the base. Past the end: WALK_TOO_FAR, *place is the last one. */
static WalkResult walk(const NxGraph *graph, NxRevision **place, int steps, NxRevision *branch, GError **err)
{
  for (int i = 0; i < ABS(steps); i++) {
    if (steps < 0 && !*place)
      return WALK_TOO_FAR;
    g_autoptr(GPtrArray) all = !*place ? bases_of(graph) : g_ptr_array_ref(steps < 0 ? (*place)->parents : (*place)->children);
    g_autoptr(GPtrArray) next = on_branch(all, steps < 0 ? NULL : branch);
    if (next->len > 1) {
      nx_revision_error(err, "Ambiguous walk");
      return WALK_ERROR;
    }
    if (next->len == 0 && steps > 0)
      return WALK_TOO_FAR;
    *place = next->len ? next->pdata[0] : NULL;
  }
  return WALK_DONE;
}

static gboolean too_few_steps(GError **err, const char *relative)
{
  return nx_revision_error(err, "Relative revision %s didn't produce %d migrations", relative, ABS(steps_of(relative)));
}

/* -------------------------------------------------------------------------------------------------------- resolving */

static GPtrArray *heads_of(const NxGraph *graph, NxRevision *branch, gboolean real)
{
  g_autoptr(GPtrArray) heads = nx_graph_heads(graph, real);
  return on_branch(heads, branch);
}

static GPtrArray *down_from_heads(const NxGraph *graph, NxRevision *branch, int steps, GError **err)
{
  g_autoptr(GPtrArray) heads = heads_of(graph, branch, TRUE);
  g_autoptr(GPtrArray) places = g_ptr_array_new();
  for (guint i = 0; i < heads->len; i++) {
    NxRevision *place = heads->pdata[i];
    if (walk(graph, &place, steps, NULL, err) == WALK_ERROR)
      return NULL;
    if (place)
      g_ptr_array_add(places, place);
  }
  return g_steal_pointer(&places);
}

static GPtrArray *resolve_split(const NxGraph *graph, const Name *name, const char *argument, GError **err)
{
  if (g_str_equal(name->text, "base"))
    return g_ptr_array_new();
  if (g_str_equal(name->text, "heads"))
    return heads_of(graph, name->branch, TRUE);
  if (g_str_equal(name->text, "head")) {
    g_autoptr(GPtrArray) heads = heads_of(graph, name->branch, FALSE);
    if (heads->len <= 1)
      return g_steal_pointer(&heads);
    many_heads(err, argument);
    return NULL;
  }
  if (is_negative_number(name->text))
    return down_from_heads(graph, name->branch, steps_of(name->text), err);
  g_autoptr(GError) error = NULL;
  NxRevision *revision = find_id(graph, name->text, name->branch, &error);
  if (revision)
    return array_of(revision);
  g_propagate_error(err, g_steal_pointer(&error));
  return NULL;
}

GPtrArray *nx_graph_resolve(const NxGraph *graph, const char *name, GError **err)
{
  g_auto(Name) split = {0};
  return name_split(graph, name, &split, err) ? resolve_split(graph, &split, name, err) : NULL;
}

gboolean nx_graph_resolve_one(const NxGraph *graph, const char *name, NxRevision **revision, GError **err)
{
  if (is_negative_number(name))
    return cannot_locate(err, name);
  g_autoptr(GPtrArray) found = nx_graph_resolve(graph, name, err);
  if (!found)
    return FALSE;
  *revision = found->len ? found->pdata[0] : NULL;
  return found->len <= 1 || many_heads(err, name);
}

static GPtrArray *without_doubles(GPtrArray *revisions)
{
  GPtrArray *single = g_ptr_array_new();
  for (guint i = 0; i < revisions->len; i++)
    if (!g_ptr_array_find(single, revisions->pdata[i], NULL))
      g_ptr_array_add(single, revisions->pdata[i]);
  return single;
}

/* Two places on one line of descent cannot both be asked for. */
static gboolean check_no_overlap(GPtrArray *revisions, gboolean with_dependencies, GError **err)
{
  for (guint i = 0; i < revisions->len; i++) {
    NxRevision *revision = revisions->pdata[i];
    g_autoptr(GPtrArray) start = array_of(revision);
    g_autoptr(GHashTable) below = nx_revisions_below(start, with_dependencies);
    g_autoptr(GString) overlaps = g_string_new(NULL);
    for (guint j = 0; j < revisions->len; j++) {
      const NxRevision *other = revisions->pdata[j];
      if (other != revision && g_hash_table_contains(below, other))
        g_string_append_printf(overlaps, "%s%s", overlaps->len ? ", " : "", other->id);
    }
    if (overlaps->len)
      return nx_revision_error(err, "Requested revision %s overlaps with other requested revisions %s", revision->id, overlaps->str);
  }
  return TRUE;
}

GPtrArray *nx_graph_resolve_all(const NxGraph *graph, const char *const *names, GError **err)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  for (; *names; names++) {
    g_autoptr(GPtrArray) found = nx_graph_resolve(graph, *names, err);
    if (!found)
      return NULL;
    g_ptr_array_extend(all, found, NULL, NULL);
  }
  g_autoptr(GPtrArray) single = without_doubles(all);
  return check_no_overlap(single, FALSE, err) ? g_steal_pointer(&single) : NULL;
}

GPtrArray *nx_graph_resolve_rows(const NxGraph *graph, char **rows, GError **err)
{
  g_autoptr(GPtrArray) revisions = g_ptr_array_new();
  for (; *rows; rows++) {
    NxRevision *revision = nx_graph_find(graph, *rows);
    if (!revision) {
      cannot_locate(err, *rows);
      return NULL;
    }
    g_ptr_array_add(revisions, revision);
  }
  return g_steal_pointer(&revisions);
}

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
  g_autoptr(GPtrArray) candidates = on_branch(current, branch);
  if (candidates->len == 0 && branch) {
    g_autoptr(GHashTable) below = nx_revisions_below(current, FALSE);
    g_autoptr(GPtrArray) all = nx_revisions_sorted(below);
    g_autoptr(GPtrArray) active = on_branch(all, branch);
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
  int steps = steps_of(relative.number);
  NxRevision *place = NULL, *branch = NULL;
  if (!relative_branch(graph, &relative, &branch, err))
    return NULL;
  if (!relative.symbol && steps <= 0) {
    too_few_steps(err, relative.number);
    return NULL;
  }
  if (relative.symbol ? !relative_start(graph, &relative, &place, err) : !current_start(current, branch, &place, err))
    return NULL;
  WalkResult result = walk(graph, &place, steps, branch, err);
  if (result == WALK_ERROR)
    return NULL;
  if (result == WALK_TOO_FAR && strict) {
    too_few_steps(err, relative.number);
    return NULL;
  }
  return array_of(place);
}

GPtrArray *nx_graph_plan_upgrade(const NxGraph *graph, char **rows, const char *target, GError **err)
{
  g_autoptr(GPtrArray) current = nx_graph_resolve_rows(graph, rows, err);
  g_autoptr(GPtrArray) targets = current ? upgrade_targets(graph, current, target, TRUE, err) : NULL;
  if (!targets || !check_no_overlap(targets, TRUE, err) || !check_no_overlap(current, TRUE, err))
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
  g_autoptr(GPtrArray) candidates = on_branch(current, to->branch);
  if (candidates->len == 0 && to->branch) {
    g_autoptr(GPtrArray) topmost = nx_revisions_topmost(current);
    g_ptr_array_extend(candidates, topmost, NULL, NULL);
  }
  if (candidates->len == 0)
    return too_few_steps(err, relative->number);
  if (candidates->len > 1)
    nx_log_warning("downgrade %s from several heads is ambiguous; counting from %s", relative->number,
                   ((NxRevision *)candidates->pdata[0])->id);
  to->place = candidates->pdata[0];
  if (!to->branch)
    to->branch = to->place;
  WalkResult result = walk(graph, &to->place, steps_of(relative->number), NULL, err);
  return result == WALK_DONE || (result == WALK_TOO_FAR && too_few_steps(err, relative->number));
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
  if (!relative.symbol && steps_of(relative.number) >= 0)
    return too_few_steps(err, relative.number);
  if (!relative.symbol)
    return relative_destination(graph, current, &relative, to, err);
  if (!relative_branch(graph, &relative, &to->branch, err) || !relative_start(graph, &relative, &to->place, err))
    return FALSE;
  WalkResult result = walk(graph, &to->place, steps_of(relative.number), to->branch, err);
  return result == WALK_DONE || (result == WALK_TOO_FAR && nx_revision_error(err, "Walked too far"));
}

static gboolean not_below(GError **err, const char *target)
{
  return nx_revision_error(err, "Destination %s is not a valid downgrade target from current head(s)", target);
}

/* The revisions right above the destination: those that go first or last, with all that stands on them. */
static GPtrArray *downgrade_roots(const NxGraph *graph, const Destination *to, GError **err)
{
  g_autoptr(GPtrArray) roots = to->place ? g_ptr_array_ref(to->place->children) : bases_of(graph);
  if (!to->branch || roots->len <= 1)
    return g_steal_pointer(&roots);
  g_autoptr(GPtrArray) start = array_of(to->branch);
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
