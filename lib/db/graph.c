/* graph.c — loads the revisions of a schema from their SQL files, checks that they form one sound graph, and walks it.
 * Layout and header of the files: database 8.1. */
#include "revisions.h"

#include <string.h>

#define FILE_LIMIT (8u * 1024u * 1024u)
#define UP ".up.sql"
#define DOWN ".down.sql"

GQuark nx_revision_error_quark(void)
{
  return g_quark_from_static_string("nx-revision-error");
}

gboolean nx_revision_error(GError **err, const char *format, ...)
{
  va_list values;
  va_start(values, format);
  g_autofree char *message = g_strdup_vprintf(format, values);
  va_end(values);
  g_set_error_literal(err, NX_REVISION_ERROR, 0, message);
  return FALSE;
}

/* ------------------------------------------------------------------------------------------------------------ card */

static void revision_free(gpointer data)
{
  NxRevision *revision = data;
  g_free(revision->id);
  g_strfreev(revision->parent_ids);
  g_strfreev(revision->label_list);
  g_strfreev(revision->depends_ids);
  g_strfreev(revision->destroys);
  g_free(revision->date);
  g_free(revision->title);
  g_free(revision->prose);
  g_free(revision->path);
  g_ptr_array_unref(revision->parents);
  g_ptr_array_unref(revision->depends);
  g_ptr_array_unref(revision->children);
  g_ptr_array_unref(revision->dependents);
  g_ptr_array_unref(revision->labels);
  g_free(revision);
}

static NxRevision *revision_new(const char *path)
{
  NxRevision *revision = g_new0(NxRevision, 1);
  revision->path = g_strdup(path);
  revision->parents = g_ptr_array_new();
  revision->depends = g_ptr_array_new();
  revision->children = g_ptr_array_new();
  revision->dependents = g_ptr_array_new();
  revision->labels = g_ptr_array_new();
  return revision;
}

/* "a, b" → {"a", "b"}. */
static char **split_list(const char *text)
{
  g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
  g_auto(GStrv) parts = g_strsplit_set(text, ", ", -1);
  for (char **part = parts; *part; part++)
    if (**part)
      g_strv_builder_add(builder, *part);
  return g_strv_builder_end(builder);
}

/* The value of `-- key: value` when the line has that form. */
static char *header_value(const char *line, const char *key)
{
  gsize length = strlen(key);
  if (!g_str_has_prefix(line, "-- ") || strncmp(line + 3, key, length) != 0 || line[3 + length] != ':')
    return NULL;
  return g_strstrip(g_strdup(line + 3 + length + 1));
}

static char *header_field(char **lines, const char *key)
{
  for (char **line = lines; *line && g_str_has_prefix(*line, "--") && !g_str_equal(*line, "--"); line++) {
    char *value = header_value(*line, key);
    if (value)
      return value;
  }
  return g_strdup("");
}

static char **header_list(char **lines, const char *key)
{
  g_autofree char *text = header_field(lines, key);
  return split_list(text);
}

/* The comment lines after the first bare `--`. */
static char *header_prose(char **lines)
{
  g_autoptr(GString) prose = g_string_new(NULL);
  while (*lines && g_str_has_prefix(*lines, "--") && !g_str_equal(*lines, "--"))
    lines++;
  for (; *lines && g_str_has_prefix(*lines, "--") && !g_str_has_prefix(*lines, "--@"); lines++)
    g_string_append_printf(prose, "%s\n", g_str_has_prefix(*lines, "-- ") ? *lines + 3 : *lines + 2);
  return g_strstrip(g_string_free(g_steal_pointer(&prose), FALSE));
}

static gboolean is_good_id(const char *id)
{
  gsize length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
  return id[length] == '\0' && length >= 4 && length <= 32;
}

static gboolean check_card(const NxRevision *revision, GError **err)
{
  g_autofree char *base = g_path_get_basename(revision->path);
  g_autofree char *beginning = g_strconcat(revision->id, "_", NULL);
  g_autofree char *stem = g_strndup(revision->path, strlen(revision->path) - strlen(UP));
  g_autofree char *down = g_strconcat(stem, DOWN, NULL);
  if (!is_good_id(revision->id))
    return nx_revision_error(err, "%s: the header has no good `-- revision:` (4 to 32 letters, digits, _)", revision->path);
  if (!g_str_has_prefix(base, beginning))
    return nx_revision_error(err, "%s: the file name does not begin with %s", revision->path, beginning);
  if (!g_file_test(down, G_FILE_TEST_IS_REGULAR))
    return nx_revision_error(err, "%s: its other half %s is missing", revision->path, down);
  return TRUE;
}

static NxRevision *revision_read(const char *path, GError **err)
{
  g_autofree char *text = NULL;
  gsize length = 0;
  if (!nx_file_read(path, FILE_LIMIT, &text, &length, err))
    return NULL;
  if (!g_utf8_validate(text, (gssize)length, NULL)) {
    nx_revision_error(err, "%s: not UTF-8", path);
    return NULL;
  }
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  NxRevision *revision = revision_new(path);
  revision->id = header_field(lines, "revision");
  revision->parent_ids = header_list(lines, "parent");
  revision->label_list = header_list(lines, "labels");
  revision->depends_ids = header_list(lines, "depends");
  revision->destroys = header_list(lines, "destroys");
  revision->date = header_field(lines, "date");
  revision->title = header_field(lines, "title");
  revision->prose = header_prose(lines);
  if (check_card(revision, err))
    return revision;
  revision_free(revision);
  return NULL;
}

/* ----------------------------------------------------------------------------------------------------------- graph */

static int by_id(gconstpointer a, gconstpointer b)
{
  const NxRevision *const *left = a, *const *right = b;
  return strcmp((*left)->id, (*right)->id);
}

static int by_id_descending(gconstpointer a, gconstpointer b)
{
  return by_id(b, a);
}

static int by_text(gconstpointer a, gconstpointer b)
{
  const char *const *left = a, *const *right = b;
  return strcmp(*left, *right);
}

NxRevision *nx_graph_find(const NxGraph *graph, const char *id)
{
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    if (g_str_equal(revision->id, id) || g_strv_contains((const char *const *)revision->label_list, id))
      return revision;
  }
  return NULL;
}

static gboolean read_folder(NxGraph *graph, GError **err)
{
  g_autoptr(GDir) folder = g_dir_open(graph->folder, 0, err);
  if (!folder) {
    g_prefix_error(err, "the migrations of %s cannot be read: ", graph->schema);
    return FALSE;
  }
  const char *name = NULL;
  while ((name = g_dir_read_name(folder))) {
    if (!g_str_has_suffix(name, UP) || name[0] == '.')
      continue;
    g_autofree char *path = g_build_filename(graph->folder, name, NULL);
    NxRevision *revision = revision_read(path, err);
    if (!revision)
      return FALSE;
    g_ptr_array_add(graph->revisions, revision);
  }
  g_ptr_array_sort(graph->revisions, by_id);
  return TRUE;
}

static gboolean check_names(const NxGraph *graph, GError **err)
{
  for (guint i = 0; i < graph->revisions->len; i++) {
    const NxRevision *revision = graph->revisions->pdata[i];
    if (nx_graph_find(graph, revision->id) != revision)
      return nx_revision_error(err, "Revision %s is present more than once in %s", revision->id, graph->folder);
    for (char **label = revision->label_list; *label; label++)
      if (nx_graph_find(graph, *label) != revision)
        return nx_revision_error(err, "Branch name '%s' in revision %s already used by another revision", *label, revision->id);
  }
  return TRUE;
}

static gboolean link_to(const NxGraph *graph, NxRevision *revision, char **ids, GPtrArray *down, gsize up_offset, GError **err)
{
  for (char **id = ids; *id; id++) {
    NxRevision *other = nx_graph_find(graph, *id);
    if (!other)
      return nx_revision_error(err, "Revision %s referenced from %s is not present in %s", *id, revision->id, graph->folder);
    g_ptr_array_add(down, other);
    g_ptr_array_add(G_STRUCT_MEMBER(GPtrArray *, other, up_offset), revision);
  }
  return TRUE;
}

static gboolean link_revisions(const NxGraph *graph, GError **err)
{
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    if (!link_to(graph, revision, revision->parent_ids, revision->parents, G_STRUCT_OFFSET(NxRevision, children), err) ||
        !link_to(graph, revision, revision->depends_ids, revision->depends, G_STRUCT_OFFSET(NxRevision, dependents), err))
      return FALSE;
  }
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    g_ptr_array_sort(revision->children, by_id_descending);
    g_ptr_array_sort(revision->dependents, by_id_descending);
  }
  return TRUE;
}

static gboolean check_no_cycle(const NxGraph *graph, GError **err)
{
  g_autoptr(GHashTable) all = g_hash_table_new(NULL, NULL);
  for (guint i = 0; i < graph->revisions->len; i++)
    g_hash_table_add(all, graph->revisions->pdata[i]);
  g_autoptr(GPtrArray) sorted = nx_revisions_sorted(all);
  if (sorted->len == graph->revisions->len)
    return TRUE;
  return nx_revision_error(err, "The revisions in %s go round in a circle", graph->folder);
}

static void add_label(NxRevision *revision, char *label)
{
  if (!g_ptr_array_find_with_equal_func(revision->labels, label, g_str_equal, NULL))
    g_ptr_array_add(revision->labels, label);
}

/* A label names its revision, all above it, and those below it as far as the branch reaches. */
static void spread_label(NxRevision *revision, char *label)
{
  g_autoptr(GPtrArray) start = g_ptr_array_new();
  g_ptr_array_add(start, revision);
  g_autoptr(GHashTable) above = nx_revisions_above(start, FALSE);
  GHashTableIter iter;
  gpointer key = NULL;
  g_hash_table_iter_init(&iter, above);
  while (g_hash_table_iter_next(&iter, &key, NULL))
    add_label(key, label);
  for (NxRevision *below = revision; below->children->len <= 1 && below->parents->len <= 1;) {
    add_label(below, label);
    if (below->parents->len == 0)
      break;
    below = below->parents->pdata[0];
  }
}

static void spread_labels(const NxGraph *graph)
{
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    for (char **label = revision->label_list; *label; label++)
      spread_label(revision, *label);
  }
  for (guint i = 0; i < graph->revisions->len; i++) {
    NxRevision *revision = graph->revisions->pdata[i];
    g_ptr_array_sort(revision->labels, by_text);
  }
}

static char *schema_folder(const char *schema)
{
  const char *root = g_getenv("NX_MIGRATIONS_PATH");
  if (root && *root) {
    g_autofree char *absolute = g_canonicalize_filename(root, NULL);
    return g_canonicalize_filename(schema, absolute);
  }
  g_autofree char *relative = g_build_filename("migrations", schema, NULL);
  return nx_share_path(relative);
}

/* The names in the list `tables` of a folder's schema.json; *facts is all that it says. */
static gboolean read_table_names(const char *folder, json_object **facts, GStrvBuilder *names, GError **err)
{
  g_autofree char *path = g_build_filename(folder, "schema.json", NULL);
  *facts = nx_json_read_file(path, FILE_LIMIT, err);
  json_object *tables = nx_json_get(*facts, "tables");
  for (gsize i = 0; json_object_is_type(tables, json_type_array) && i < json_object_array_length(tables); i++) {
    const char *name = json_object_get_string(json_object_array_get_idx(tables, i));
    if (name)
      g_strv_builder_add(names, name);
  }
  return *facts != NULL;
}

static gboolean read_facts(NxGraph *graph, GError **err)
{
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  if (!read_table_names(graph->folder, &graph->facts, names, err))
    return FALSE;
  graph->tables = g_strv_builder_end(names);
  return TRUE;
}

char **nx_schemas_tables(void)
{
  g_autoptr(GStrvBuilder) names = g_strv_builder_new();
  g_autofree char *root = schema_folder("");
  g_autoptr(GDir) folders = g_dir_open(root, 0, NULL);
  g_strv_builder_add(names, "alembic_version");
  for (const char *name = NULL; folders && (name = g_dir_read_name(folders));) {
    g_autofree char *folder = g_build_filename(root, name, NULL);
    g_autoptr(json_object) facts = NULL;
    read_table_names(folder, &facts, names, NULL);
  }
  return g_strv_builder_end(names);
}

NxGraph *nx_graph_load(const char *schema, GError **err)
{
  g_autoptr(NxGraph) graph = g_new0(NxGraph, 1);
  graph->schema = g_strdup(schema);
  graph->folder = schema_folder(schema);
  graph->revisions = g_ptr_array_new_with_free_func(revision_free);
  if (!read_facts(graph, err) || !read_folder(graph, err) || !check_names(graph, err) || !link_revisions(graph, err) ||
      !check_no_cycle(graph, err))
    return NULL;
  spread_labels(graph);
  return g_steal_pointer(&graph);
}

void nx_graph_free(NxGraph *graph)
{
  if (!graph)
    return;
  g_clear_pointer(&graph->revisions, g_ptr_array_unref);
  g_strfreev(graph->tables);
  json_object_put(graph->facts);
  g_free(graph->schema);
  g_free(graph->folder);
  g_free(graph);
}

char *nx_revision_file(const NxRevision *revision, const char *direction, const char *engine)
{
  g_autofree char *stem = g_strndup(revision->path, strlen(revision->path) - strlen(UP));
  g_autofree char *own = g_strdup_printf("%s.%s.%s.sql", stem, direction, engine);
  if (g_file_test(own, G_FILE_TEST_IS_REGULAR))
    return g_steal_pointer(&own);
  return g_strdup_printf("%s.%s.sql", stem, direction);
}

/* --------------------------------------------------------------------------------------------------------- walking */

gboolean nx_revision_is_head(const NxRevision *revision)
{
  return revision->children->len == 0;
}

gboolean nx_revision_is_real_head(const NxRevision *revision)
{
  return revision->children->len == 0 && revision->dependents->len == 0;
}

static GHashTable *reach(GPtrArray *start, gsize first_offset, gsize second_offset, gboolean both)
{
  GHashTable *seen = g_hash_table_new(NULL, NULL);
  g_autoptr(GPtrArray) todo = g_ptr_array_new();
  g_ptr_array_extend(todo, start, NULL, NULL);
  while (todo->len > 0) {
    NxRevision *revision = g_ptr_array_steal_index_fast(todo, todo->len - 1);
    if (!g_hash_table_add(seen, revision))
      continue;
    g_ptr_array_extend(todo, G_STRUCT_MEMBER(GPtrArray *, revision, first_offset), NULL, NULL);
    if (both)
      g_ptr_array_extend(todo, G_STRUCT_MEMBER(GPtrArray *, revision, second_offset), NULL, NULL);
  }
  return seen;
}

GHashTable *nx_revisions_above(GPtrArray *start, gboolean with_dependents)
{
  return reach(start, G_STRUCT_OFFSET(NxRevision, children), G_STRUCT_OFFSET(NxRevision, dependents), with_dependents);
}

GHashTable *nx_revisions_below(GPtrArray *start, gboolean with_dependencies)
{
  return reach(start, G_STRUCT_OFFSET(NxRevision, parents), G_STRUCT_OFFSET(NxRevision, depends), with_dependencies);
}

static gboolean any_in(GPtrArray *revisions, GHashTable *set)
{
  for (guint i = 0; i < revisions->len; i++)
    if (g_hash_table_contains(set, revisions->pdata[i]))
      return TRUE;
  return FALSE;
}

GPtrArray *nx_revisions_sorted(GHashTable *set)
{
  GPtrArray *sorted = g_ptr_array_new();
  g_autoptr(GHashTable) left = g_hash_table_new(NULL, NULL);
  g_autoptr(GPtrArray) candidates = g_ptr_array_new();
  GHashTableIter iter;
  gpointer key = NULL;
  g_hash_table_iter_init(&iter, set);
  while (g_hash_table_iter_next(&iter, &key, NULL)) {
    g_ptr_array_add(candidates, key);
    g_hash_table_add(left, key);
  }
  g_ptr_array_sort(candidates, by_id_descending);
  for (guint i = 0; i < candidates->len;) {
    NxRevision *revision = candidates->pdata[i++];
    if (any_in(revision->children, left) || any_in(revision->dependents, left))
      continue;
    g_ptr_array_add(sorted, revision);
    g_hash_table_remove(left, revision);
    g_ptr_array_remove(candidates, revision);
    i = 0;
  }
  return sorted;
}

GPtrArray *nx_graph_heads(const NxGraph *graph, gboolean real)
{
  GPtrArray *heads = g_ptr_array_new();
  for (guint i = graph->revisions->len; i > 0; i--) {
    NxRevision *revision = graph->revisions->pdata[i - 1];
    if (real ? nx_revision_is_real_head(revision) : nx_revision_is_head(revision))
      g_ptr_array_add(heads, revision);
  }
  return heads;
}

GPtrArray *nx_revisions_topmost(GPtrArray *revisions)
{
  g_autoptr(GHashTable) below = nx_revisions_below(revisions, TRUE);
  g_autoptr(GPtrArray) all = nx_revisions_sorted(below);
  GPtrArray *topmost = g_ptr_array_new();
  for (guint i = 0; i < all->len; i++) {
    NxRevision *revision = all->pdata[i];
    if (!any_in(revision->children, below) && !any_in(revision->dependents, below))
      g_ptr_array_add(topmost, revision);
  }
  return topmost;
}

GPtrArray *nx_revision_predecessors(const NxRevision *revision)
{
  g_autoptr(GPtrArray) all = g_ptr_array_new();
  g_ptr_array_extend(all, revision->parents, NULL, NULL);
  g_ptr_array_extend(all, revision->depends, NULL, NULL);
  GPtrArray *predecessors = nx_revisions_topmost(all);
  g_ptr_array_sort(predecessors, by_id);
  return predecessors;
}
