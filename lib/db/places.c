/* places.c — the ways of naming a place in the graph of revisions, and walking from one. Rules and messages: database 4.1 and 4.2, checked
 * against corpus/db/alembic-output. */
#include "places.h"

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

GPtrArray *nx_place_alone(NxRevision *revision)
{
  GPtrArray *array = g_ptr_array_new();
  if (revision)
    g_ptr_array_add(array, revision);
  return array;
}

/* -------------------------------------------------------------------------------------------------------- one name */

static gboolean shares_lineage(NxRevision *a, NxRevision *b)
{
  g_autoptr(GPtrArray) start = nx_place_alone(a);
  g_autoptr(GHashTable) above = nx_revisions_above(start, FALSE);
  g_autoptr(GHashTable) below = nx_revisions_below(start, FALSE);
  return g_hash_table_contains(above, b) || g_hash_table_contains(below, b);
}

GPtrArray *nx_places_on_branch(GPtrArray *revisions, NxRevision *branch)
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

int nx_place_steps(const char *text)
{
  return (int)CLAMP(g_ascii_strtoll(text, NULL, 10), -1000000, 1000000);
}

/* ---------------------------------------------------------------------------------------------------------- walking */

GPtrArray *nx_places_without_parents(const NxGraph *graph)
{
  GPtrArray *bases = g_ptr_array_new();
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    if (revision->parents->len == 0)
      g_ptr_array_add(bases, revision);
  }
  return bases;
}

WalkResult nx_place_walk(const NxGraph *graph, NxRevision **place, int steps, NxRevision *branch, GError **err)
{
  for (int i = 0; i < ABS(steps); i++) {
    if (steps < 0 && !*place)
      return WALK_TOO_FAR;
    g_autoptr(GPtrArray) all =
        !*place ? nx_places_without_parents(graph) : g_ptr_array_ref(steps < 0 ? (*place)->parents : (*place)->children);
    g_autoptr(GPtrArray) next = nx_places_on_branch(all, steps < 0 ? NULL : branch);
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

gboolean nx_place_too_few_steps(GError **err, const char *relative)
{
  return nx_revision_error(err, "Relative revision %s didn't produce %d migrations", relative, ABS(nx_place_steps(relative)));
}

/* -------------------------------------------------------------------------------------------------------- resolving */

static GPtrArray *heads_of(const NxGraph *graph, NxRevision *branch, gboolean real)
{
  g_autoptr(GPtrArray) heads = nx_graph_heads(graph, real);
  return nx_places_on_branch(heads, branch);
}

static GPtrArray *down_from_heads(const NxGraph *graph, NxRevision *branch, int steps, GError **err)
{
  g_autoptr(GPtrArray) heads = heads_of(graph, branch, TRUE);
  g_autoptr(GPtrArray) places = g_ptr_array_new();
  for (guint i = 0; i < heads->len; i++) {
    NxRevision *place = heads->pdata[i];
    if (nx_place_walk(graph, &place, steps, NULL, err) == WALK_ERROR)
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
    return down_from_heads(graph, name->branch, nx_place_steps(name->text), err);
  g_autoptr(GError) error = NULL;
  NxRevision *revision = find_id(graph, name->text, name->branch, &error);
  if (revision)
    return nx_place_alone(revision);
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

gboolean nx_places_check_apart(GPtrArray *revisions, gboolean with_dependencies, GError **err)
{
  for (guint i = 0; i < revisions->len; i++) {
    NxRevision *revision = revisions->pdata[i];
    g_autoptr(GPtrArray) start = nx_place_alone(revision);
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
  return nx_places_check_apart(single, FALSE, err) ? g_steal_pointer(&single) : NULL;
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
