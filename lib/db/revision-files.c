/* revision-files.c — writes the pair of files of a new revision: `revision` and `merge` (database 4.8, 8.1). */
#include "alembic.h"
#include "autogenerate.h"

#include <string.h>
#include <unistd.h>

#define SLUG_LENGTH 40

/* What the card of the new revision says. */
typedef struct {
  const char *id, *title, *label;
  GPtrArray *parents;    /* NxRevision* */
  GPtrArray *depends;    /* NxRevision* */
  const char *up, *down; /* bodies */
} Card;

/* ------------------------------------------------------------------------------------------------------------ names */

/* Runs of letters, digits and _, joined by _, in lower case; longer than 40: cut there, without the last partial word. */
static char *slug_of(const char *message)
{
  g_autoptr(GString) words = g_string_new(NULL);
  for (const char *p = message; *p; p = g_utf8_next_char(p)) {
    gunichar c = g_utf8_get_char(p);
    if (g_unichar_isalnum(c) || c == '_')
      g_string_append_unichar(words, c);
    else if (words->len && words->str[words->len - 1] != '\1')
      g_string_append_c(words, '\1');
  }
  if (words->len && words->str[words->len - 1] == '\1')
    g_string_truncate(words, words->len - 1);
  g_strdelimit(words->str, "\1", '_');
  g_autofree char *slug = g_utf8_strdown(words->str, -1);
  if (g_utf8_strlen(slug, -1) <= SLUG_LENGTH)
    return g_steal_pointer(&slug);
  g_autofree char *cut = g_utf8_substring(slug, 0, SLUG_LENGTH);
  char *last = strrchr(cut, '_');
  if (last)
    *last = '\0';
  return g_strconcat(cut, "_", NULL);
}

/* The next letter behind the program's version: v2_5_0c. */
static char *next_id(const NxGraph *graph, GError **err)
{
  g_autofree char *version = g_strdelimit(g_strdup(NX_VERSION), ".", '_');
  for (char letter = 'a'; letter <= 'z'; letter++) {
    g_autofree char *id = g_strdup_printf("v%s%c", version, letter);
    if (!nx_graph_find(graph, id))
      return g_steal_pointer(&id);
  }
  nx_revision_error(err, "all revision ids of version %s are taken; give one with --rev-id", NX_VERSION);
  return NULL;
}

static gboolean check_id(const NxGraph *graph, const char *id, GError **err)
{
  static const char FORBIDDEN[] = "+-@";
  g_autoptr(GString) found = g_string_new(NULL);
  for (const char *c = FORBIDDEN; *c; c++)
    if (strchr(id, *c))
      g_string_append_printf(found, "%s%c", found->len ? ", " : "", *c);
  if (found->len)
    return nx_revision_error(err, "Character(s) '%s' not allowed in revision identifier '%s'", found->str, id);
  gsize length = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
  if (id[length] || length < 4 || length > 32)
    return nx_revision_error(err, "Revision identifier '%s' must be 4 to 32 letters, digits or _", id);
  if (nx_graph_find(graph, id))
    return nx_revision_error(err, "Revision %s is present more than once", id);
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------- writing */

static void append_ids(GString *text, const char *key, GPtrArray *revisions)
{
  g_string_append_printf(text, "-- %s:", key);
  for (guint i = 0; i < revisions->len; i++)
    g_string_append_printf(text, "%s %s", i ? "," : "", ((NxRevision *)revisions->pdata[i])->id);
  g_string_append_c(text, '\n');
}

static char *up_text(const Card *card)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_local();
  g_autofree char *date = g_date_time_format(now, "%Y-%m-%d %H:%M:%S.%f");
  GString *text = g_string_new(NULL);
  g_string_append_printf(text, "-- revision: %s\n", card->id);
  append_ids(text, "parent", card->parents);
  if (card->label)
    g_string_append_printf(text, "-- labels: %s\n", card->label);
  if (card->depends->len)
    append_ids(text, "depends", card->depends);
  g_string_append_printf(text, "-- date: %s\n-- title: %s\n%s", date, card->title, card->up);
  return g_string_free(text, FALSE);
}

static gboolean write_pair(const NxAlembic *alembic, const Card *card, const char *slug, FILE *out, GError **err)
{
  const char *folder = alembic->arguments->version_path ? alembic->arguments->version_path : alembic->graph->folder;
  g_autofree char *absolute = g_canonicalize_filename(folder, NULL);
  g_autofree char *up_path = g_strdup_printf("%s/%s_%s.up.sql", absolute, card->id, slug);
  g_autofree char *down_path = g_strdup_printf("%s/%s_%s.down.sql", absolute, card->id, slug);
  if (access(absolute, W_OK) != 0)
    return nx_revision_error(err, "%s may not be written to: set NX_MIGRATIONS_PATH to a folder of yours that holds %s/", absolute,
                             alembic->graph->schema);
  g_autofree char *up = up_text(card);
  if (!nx_file_write(down_path, card->down, strlen(card->down), 0644, err) || !nx_file_write(up_path, up, strlen(up), 0644, err))
    return FALSE;
  fprintf(out, "Generating %s ...  done\n", up_path);
  return TRUE;
}

static char *title_of(const char *message)
{
  g_autofree char *title = g_strdup(message && *message ? message : "empty message");
  return g_strdup(g_strstrip(g_strdelimit(title, "\r\n", ' ')));
}

/* Everything but the parents, which `card` has. */
static gboolean write_revision(const NxAlembic *alembic, Card *card, FILE *out, GError **err)
{
  const NxAlembicArguments *arguments = alembic->arguments;
  g_autofree char *id = arguments->rev_id ? g_strdup(arguments->rev_id) : next_id(alembic->graph, err);
  if (!id || !check_id(alembic->graph, id, err))
    return FALSE;
  if (arguments->message && !g_utf8_validate(arguments->message, -1, NULL))
    return nx_revision_error(err, "the message is not UTF-8");
  if (arguments->branch_label && nx_graph_find(alembic->graph, arguments->branch_label))
    return nx_revision_error(err, "Branch name '%s' in revision %s already used by another revision", arguments->branch_label, id);
  g_autofree char *title = title_of(arguments->message);
  g_autofree char *slug = slug_of(arguments->message ? arguments->message : "");
  card->id = id;
  card->title = title;
  card->label = arguments->branch_label;
  return write_pair(alembic, card, slug, out, err);
}

static gboolean check_heads(GPtrArray *parents, gboolean splice, GError **err)
{
  for (guint i = 0; i < parents->len && !splice; i++) {
    const NxRevision *parent = parents->pdata[i];
    if (!nx_revision_is_head(parent))
      return nx_revision_error(err, "Revision %s is not a head revision; please specify --splice to create a new branch from this revision",
                               parent->id);
  }
  return TRUE;
}

static GPtrArray *depends_of(const NxAlembic *alembic, GError **err)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new();
  g_ptr_array_extend(names, alembic->arguments->depends_on, NULL, NULL);
  g_ptr_array_add(names, NULL);
  return nx_graph_resolve_all(alembic->graph, (const char *const *)names->pdata, err);
}

static GPtrArray *parents_of(const NxAlembic *alembic, GError **err)
{
  const char *head = alembic->arguments->head ? alembic->arguments->head : "head";
  g_autoptr(GPtrArray) heads = nx_graph_heads(alembic->graph, FALSE);
  if (g_str_equal(head, "head") && heads->len > 1) {
    nx_revision_error(err,
                      "Multiple heads are present; please specify the head revision on which the new revision should be based, or perform "
                      "a merge.");
    return NULL;
  }
  return nx_graph_resolve(alembic->graph, head, err);
}

gboolean nx_alembic_revision(const NxAlembic *alembic, FILE *out, GError **err)
{
  g_autofree char *up = g_strdup(""), *down = g_strdup("");
  if (alembic->arguments->sql)
    return nx_revision_error(err,
                             "Using --sql with the revision command when revision_environment is not configured does not make any sense");
  g_autoptr(GPtrArray) parents = parents_of(alembic, err);
  g_autoptr(GPtrArray) depends = parents ? depends_of(alembic, err) : NULL;
  if (!depends || !check_heads(parents, alembic->arguments->splice, err))
    return FALSE;
  if (alembic->arguments->autogenerate) {
    g_clear_pointer(&up, g_free);
    g_clear_pointer(&down, g_free);
    if (!nx_autogenerate(alembic, &up, &down, err))
      return FALSE;
    if (!up) {
      fprintf(out, "No changes detected.\n");
      return TRUE;
    }
  }
  Card card = {.parents = parents, .depends = depends, .up = up, .down = down};
  return write_revision(alembic, &card, out, err);
}

gboolean nx_alembic_merge(const NxAlembic *alembic, FILE *out, GError **err)
{
  g_ptr_array_add(alembic->arguments->words, NULL);
  g_autoptr(GPtrArray) parents = nx_graph_resolve_all(alembic->graph, (const char *const *)alembic->arguments->words->pdata, err);
  g_autoptr(GPtrArray) depends = g_ptr_array_new();
  if (!parents || !check_heads(parents, FALSE, err))
    return FALSE;
  Card card = {.parents = parents, .depends = depends, .up = "", .down = ""};
  return write_revision(alembic, &card, out, err);
}
