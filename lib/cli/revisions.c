/* revisions.c — revision ids for completion, read from the headers of the migration files (database §8.1); no database is opened. */
#include "nx-base.h"
#include "nx-completion.h"
#include "program.h"
#include <string.h>

#define HEADER_MAX 4096
#define SUFFIX ".up.sql"

typedef struct {
  char *id, *date;
} Revision;

static void revision_free(gpointer data)
{
  Revision *revision = data;
  g_free(revision->id);
  g_free(revision->date);
  g_free(revision);
}

/* The text behind "-- <key>: ". */
static char *header_value(char **lines, const char *key)
{
  g_autofree char *prefix = g_strdup_printf("-- %s:", key);
  for (guint i = 0; lines[i] && g_str_has_prefix(lines[i], "--"); i++)
    if (g_str_has_prefix(lines[i], prefix))
      return g_strstrip(g_strdup(lines[i] + strlen(prefix)));
  return NULL;
}

static void add_revision(GPtrArray *revisions, const char *path)
{
  FILE *file = fopen(path, "re");
  char text[HEADER_MAX + 1];
  if (!file)
    return;
  text[fread(text, 1, HEADER_MAX, file)] = '\0';
  fclose(file);
  g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
  g_autofree char *id = header_value(lines, "revision");
  g_autofree char *date = header_value(lines, "date");
  if (!id || *id == '\0')
    return;
  Revision *revision = g_new0(Revision, 1);
  revision->id = g_steal_pointer(&id);
  revision->date = date ? g_steal_pointer(&date) : g_strdup("");
  g_ptr_array_add(revisions, revision);
}

static int newest_first(gconstpointer a, gconstpointer b)
{
  const Revision *left = *(const Revision *const *)a, *right = *(const Revision *const *)b;
  int order = strcmp(right->date, left->date);
  return order ? order : strcmp(right->id, left->id);
}

static char *migrations_folder(const char *schema)
{
  const char *elsewhere = g_getenv("NX_MIGRATIONS_PATH");
  if (elsewhere && *elsewhere != '\0')
    return g_build_filename(elsewhere, schema, NULL);
  g_autofree char *folder = g_build_filename("migrations", schema, NULL);
  return nx_share_path(folder);
}

static const char *const *revision_words(const char *schema, const char *last)
{
  g_autoptr(GPtrArray) revisions = g_ptr_array_new_with_free_func(revision_free);
  g_autofree char *folder = migrations_folder(schema);
  g_autoptr(GDir) entries = folder ? g_dir_open(folder, 0, NULL) : NULL;
  for (const char *name = entries ? g_dir_read_name(entries) : NULL; name; name = g_dir_read_name(entries)) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    if (g_str_has_suffix(name, SUFFIX))
      add_revision(revisions, path);
  }
  g_ptr_array_sort(revisions, newest_first);
  const char **words = nx_cli_keep(g_new0(const char *, revisions->len + 2));
  for (guint i = 0; i < revisions->len; i++)
    words[i] = g_intern_string(((Revision *)revisions->pdata[i])->id);
  words[revisions->len] = last;
  return words;
}

const char *const *nx_completion_upgrade_words(void)
{
  return revision_words("nexuslims", "head");
}

const char *const *nx_completion_downgrade_words(void)
{
  return revision_words("nexuslims", "base");
}

const char *const *nx_completion_igem_target_words(void)
{
  return revision_words("igem", "head");
}
