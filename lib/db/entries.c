/* entries.c — how a revision is written out for a person: the short line and the entry of history (database 4.3 and 4.4). */
#include "revisions.h"

static void append_ids(GString *text, GPtrArray *revisions)
{
  for (guint i = 0; i < revisions->len; i++)
    g_string_append_printf(text, "%s%s", i ? ", " : "", ((NxRevision *)revisions->pdata[i])->id);
}

static void append_parents(GString *text, const NxRevision *revision)
{
  if (revision->parents->len)
    append_ids(text, revision->parents);
  else
    g_string_append(text, "<base>");
}

static void append_labels(GString *text, const NxRevision *revision)
{
  for (guint i = 0; i < revision->labels->len; i++)
    g_string_append_printf(text, "%s%s", i ? ", " : "", (const char *)revision->labels->pdata[i]);
}

static void append_marks(GString *text, const NxRevision *revision, gboolean is_current, gboolean tree_marks)
{
  if (nx_revision_is_real_head(revision))
    g_string_append(text, " (head)");
  else if (nx_revision_is_head(revision))
    g_string_append(text, " (effective head)");
  if (is_current)
    g_string_append(text, " (current)");
  if (tree_marks && revision->children->len > 1)
    g_string_append(text, " (branchpoint)");
  if (tree_marks && revision->parents->len > 1)
    g_string_append(text, " (mergepoint)");
}

static void append_short(GString *text, const NxRevision *revision, gboolean labels, gboolean is_current, gboolean tree_marks)
{
  g_string_append(text, revision->id);
  if (labels && revision->labels->len) {
    g_string_append(text, " (");
    append_labels(text, revision);
    g_string_append_c(text, ')');
  }
  append_marks(text, revision, is_current, tree_marks);
}

char *nx_revision_short(const NxRevision *revision, gboolean labels, gboolean tree_marks)
{
  GString *text = g_string_new(NULL);
  append_short(text, revision, labels, FALSE, tree_marks);
  return g_string_free(text, FALSE);
}

char *nx_revision_line(const NxRevision *revision, gboolean is_current)
{
  GString *text = g_string_new(NULL);
  append_parents(text, revision);
  if (revision->depends->len) {
    g_string_append(text, " (");
    append_ids(text, revision->depends);
    g_string_append_c(text, ')');
  }
  g_string_append(text, " -> ");
  append_short(text, revision, TRUE, is_current, TRUE);
  g_string_append_printf(text, ", %s", revision->title);
  return g_string_free(text, FALSE);
}

static void append_description(GString *text, const NxRevision *revision)
{
  g_autoptr(GString) description = g_string_new(revision->title);
  g_string_append(description, "\n\n");
  if (*revision->prose)
    g_string_append_printf(description, "%s\n\n", revision->prose);
  g_string_append_printf(description, "Revision ID: %s\nRevises:%s", revision->id, revision->parents->len ? " " : "");
  append_ids(description, revision->parents);
  g_string_append_printf(description, "\nCreate Date: %s", revision->date);
  g_auto(GStrv) lines = g_strsplit(description->str, "\n", -1);
  for (char **line = lines; *line; line++)
    g_string_append_printf(text, "    %s\n", *line);
}

char *nx_revision_entry(const NxRevision *revision, gboolean is_current)
{
  GString *text = g_string_new(NULL);
  g_string_append_printf(text, "Rev: %s%s%s%s%s\n", revision->id, nx_revision_is_head(revision) ? " (head)" : "",
                         revision->children->len > 1 ? " (branchpoint)" : "", revision->parents->len > 1 ? " (mergepoint)" : "",
                         is_current ? " (current)" : "");
  g_string_append(text, revision->parents->len > 1 ? "Merges: " : "Parent: ");
  append_parents(text, revision);
  if (revision->depends->len) {
    g_string_append(text, "\nAlso depends on: ");
    append_ids(text, revision->depends);
  }
  if (revision->children->len > 1) {
    g_string_append(text, "\nBranches into: ");
    append_ids(text, revision->children);
  }
  if (revision->labels->len) {
    g_string_append(text, "\nBranch names: ");
    append_labels(text, revision);
  }
  g_string_append_printf(text, "\nPath: %s\n\n", revision->path);
  append_description(text, revision);
  g_string_append_c(text, '\n');
  return g_string_free(text, FALSE);
}
