/* labarchives-entries.c — one record as text entries of a notebook page (export §8.6). The service refuses form bodies of about a megabyte, so
 * previews and files are spread over as many entries as they need; at most one entry is in memory. */
#include "labarchives.h"
#include "session-page.h"

#include <string.h>
#include <sys/stat.h>

#define FORM_MAX 900000  /* bytes of an encoded form body */
#define FORM_OTHER 2000  /* of it for everything but the text */
#define PREVIEWS "Preview Images"
#define FILES "Files"
#define FIRST_FILES "The following data files are referenced in this record:"
#define MORE_FILES "More data files that are referenced in this record:"
#define CELLS_IN_ROW 4
#define TABLE_STYLE "border-collapse:collapse;"
#define CELL_STYLE "padding:8px;text-align:center;vertical-align:top;"
#define IMAGE_STYLE "max-width:250px;max-height:250px;border:1px solid #ccc;"

typedef struct {
  char *path, *name;
} Preview;

struct NxLabEntries {
  NxExportJob *job;
  GPtrArray *previews; /* of Preview* */
  GPtrArray *files;    /* of char*: as they are shown, each once */
  guint next_preview, next_file;
  gboolean is_started, had_previews;
};

/* ------------------------------------------------------------------------------------------------------------ what there is */

static void preview_free(gpointer data)
{
  Preview *preview = data;
  g_free(preview->path);
  g_free(preview->name);
  g_free(preview);
}

static const char *text_at(json_object *array, gsize index)
{
  json_object *item = json_object_is_type(array, json_type_array) ? json_object_array_get_idx(array, index) : NULL;
  return json_object_is_type(item, json_type_string) ? json_object_get_string(item) : NULL;
}

/* Adds one to the count of `path`; the new count. */
static guint count_one(GHashTable *counts, const char *path)
{
  guint count = GPOINTER_TO_UINT(g_hash_table_lookup(counts, path)) + 1;
  g_hash_table_insert(counts, (gpointer)path, GUINT_TO_POINTER(count));
  return count;
}

/* The base name, and which of the file's signals it is when it has several in this activity. */
static char *shown_name(const char *path, guint number, guint total)
{
  g_autofree char *name = g_path_get_basename(path);
  return total > 1 ? g_strdup_printf("%s (%u of %u)", name, number, total) : g_steal_pointer(&name);
}

static char *below_root(const char *path, const char *root)
{
  gsize length = root ? strlen(root) : 0;
  while (length > 0 && root[length - 1] == '/')
    length--;
  return g_strdup(length > 0 && strncmp(path, root, length) == 0 && path[length] == '/' ? path + length : path);
}

static void take_activity(NxLabEntries *entries, json_object *activity, GHashTable *seen, const char *root)
{
  json_object *files = nx_json_get(activity, "files"), *previews = nx_json_get(activity, "previews");
  gsize count = json_object_is_type(files, json_type_array) ? json_object_array_length(files) : 0;
  g_autoptr(GHashTable) totals = g_hash_table_new(g_str_hash, g_str_equal), numbers = g_hash_table_new(g_str_hash, g_str_equal);
  for (gsize i = 0; i < count; i++)
    if (text_at(files, i))
      count_one(totals, text_at(files, i));
  for (gsize i = 0; i < count; i++) {
    const char *path = text_at(files, i), *preview = text_at(previews, i);
    if (!path)
      continue;
    guint number = count_one(numbers, path);
    if (preview) {
      Preview *entry = g_new0(Preview, 1);
      *entry = (Preview){.path = g_strdup(preview), .name = shown_name(path, number, GPOINTER_TO_UINT(g_hash_table_lookup(totals, path)))};
      g_ptr_array_add(entries->previews, entry);
    }
    if (g_hash_table_add(seen, g_strdup(path)))
      g_ptr_array_add(entries->files, below_root(path, root));
  }
}

NxLabEntries *nx_labarchives_entries_new(NxExportJob *job, const char *data_root)
{
  NxLabEntries *entries = g_new0(NxLabEntries, 1);
  g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
  json_object *activities = nx_json_get(job->context, "activities");
  entries->job = job;
  entries->previews = g_ptr_array_new_with_free_func(preview_free);
  entries->files = g_ptr_array_new_with_free_func(g_free);
  for (gsize i = 0; json_object_is_type(activities, json_type_array) && i < json_object_array_length(activities); i++)
    take_activity(entries, json_object_array_get_idx(activities, i), seen, data_root);
  return entries;
}

void nx_labarchives_entries_free(NxLabEntries *entries)
{
  if (!entries)
    return;
  g_ptr_array_unref(entries->previews);
  g_ptr_array_unref(entries->files);
  g_free(entries);
}

/* ------------------------------------------------------------------------------------------------------------------- room */

/* Bytes of `text` in a form body: white space and unreserved characters stay one, all others become three. */
static gsize encoded_length(const char *text)
{
  gsize length = 0;
  for (const char *at = text; *at; at++)
    length += g_ascii_isalnum(*at) || strchr("_.-~ ", *at) ? 1 : 3;
  return length;
}

static gsize encoded_length_of(const xmlNode *node)
{
  g_autofree char *text = nx_page_text(node);
  return encoded_length(text) + strlen("%0A");
}

/* Takes from `room` what the node needs; FALSE when it does not fit. */
static gboolean takes_room(const xmlNode *node, gsize *room)
{
  gsize needed = encoded_length_of(node);
  if (needed > *room)
    return FALSE;
  *room -= needed;
  return TRUE;
}

/* ---------------------------------------------------------------------------------------------------------------- previews */

/* A table cell with the picture in it, as the child of nothing; NULL when the preview cannot be read, or is too large for any entry. */
static xmlNode *cell_of(NxLabEntries *entries, const Preview *preview)
{
  g_autofree char *bytes = NULL;
  g_autoptr(GError) problem = NULL;
  struct stat about;
  gsize length;
  if (stat(preview->path, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > FORM_MAX) {
    nx_job_warn(entries->job, "the preview of %s is too large for LabArchives and was left out", preview->name);
    return NULL;
  }
  if (!nx_file_read(preview->path, FORM_MAX, &bytes, &length, &problem)) {
    nx_log_debug("no preview of %s: %s", preview->name, problem->message);
    return NULL;
  }
  gboolean is_jpeg = length >= 2 && memcmp(bytes, "\xFF\xD8", 2) == 0;
  g_autofree char *base64 = g_base64_encode((const guchar *)bytes, length);
  g_autofree char *source = g_strconcat("data:image/", is_jpeg ? "jpeg" : "png", ";base64,", base64, NULL);
  xmlNode *cell = xmlNewNode(NULL, (const xmlChar *)"td");
  nx_page_set(cell, "style", CELL_STYLE);
  xmlNode *image = nx_page_add(cell, "img", NULL);
  nx_page_set(image, "src", source);
  nx_page_set(image, "alt", preview->name);
  nx_page_set(image, "style", IMAGE_STYLE);
  nx_page_add(cell, "br", NULL);
  nx_page_add(cell, "small", preview->name);
  return cell;
}

/* The next preview that can be shown at all; NULL behind the last one. */
static xmlNode *next_cell(NxLabEntries *entries, gsize whole_room)
{
  for (; entries->next_preview < entries->previews->len; entries->next_preview++) {
    const Preview *preview = entries->previews->pdata[entries->next_preview];
    xmlNode *cell = cell_of(entries, preview);
    if (cell && encoded_length_of(cell) <= whole_room)
      return cell;
    if (cell)
      nx_job_warn(entries->job, "the preview of %s is too large for LabArchives and was left out", preview->name);
    xmlFreeNode(cell);
  }
  return NULL;
}

/* Heading and table with as many previews as fit, as a page of its own; NULL when there are none. */
static xmlNode *gallery(NxLabEntries *entries, gsize room)
{
  xmlNode *page = nx_page_new();
  nx_page_add(page, "h2", PREVIEWS);
  xmlNode *table = nx_page_add(page, "table", NULL), *row = NULL;
  nx_page_set(table, "style", TABLE_STYLE);
  gsize frame = encoded_length_of(page), row_frame = encoded_length("\n<tr>\n</tr>");
  gsize whole_room = FORM_MAX - FORM_OTHER - frame - row_frame;
  gsize left = room > frame ? room - frame : 0;
  guint count = 0;
  for (xmlNode *cell = next_cell(entries, whole_room); cell; cell = next_cell(entries, whole_room)) {
    gsize needed = encoded_length_of(cell) + (count % CELLS_IN_ROW == 0 ? row_frame : 0);
    if (needed > left) {
      xmlFreeNode(cell);
      break;
    }
    left -= needed;
    row = count++ % CELLS_IN_ROW == 0 ? nx_page_add(table, "tr", NULL) : row;
    xmlAddChild(row, cell);
    entries->next_preview++;
  }
  if (count > 0)
    return page;
  nx_page_free(page);
  return NULL;
}

/* -------------------------------------------------------------------------------------------------------------------- files */

static void add_files(NxLabEntries *entries, xmlNode *page, gsize *room)
{
  gboolean continued = entries->next_file > 0;
  nx_page_add(page, "h2", FILES);
  nx_page_add(page, "p", continued ? MORE_FILES : FIRST_FILES);
  *room -= MIN(*room, encoded_length_of(page) + encoded_length("\n<ul>\n</ul>"));
  xmlNode *list = entries->files->len > 0 ? nx_page_add(page, "ul", NULL) : NULL;
  guint start = entries->next_file;
  for (; entries->next_file < entries->files->len; entries->next_file++) {
    xmlNode *item = nx_page_add(list, "li", entries->files->pdata[entries->next_file]);
    if (takes_room(item, room) || entries->next_file == start)
      continue;
    xmlUnlinkNode(item);
    xmlFreeNode(item);
    break;
  }
}

/* ------------------------------------------------------------------------------------------------------------------ entries */

static void move_children(xmlNode *to, xmlNode *from)
{
  while (from && from->children) {
    xmlNode *child = from->children;
    xmlUnlinkNode(child);
    xmlAddChild(to, child);
  }
  if (from)
    nx_page_free(from);
}

/* TRUE when the text of `html`, without its white space, is that of `words`, and then a tag comes. */
static gboolean begins_with(const char *html, const char *words)
{
  while (*words || g_ascii_isspace(*html)) {
    if (*html == '<') {
      html += strcspn(html, ">");
      html += *html == '>';
    } else if (g_ascii_isspace(*html))
      html++;
    else if (*words == ' ')
      words++;
    else if (*html++ != *words++)
      return FALSE;
  }
  return *html == '<';
}

gboolean nx_labarchives_is_entry(const char *html)
{
  static const char *const BEGINNINGS[] = {NX_PAGE_TITLE, PREVIEWS, FILES " " FIRST_FILES, FILES " " MORE_FILES};
  for (gsize i = 0; i < G_N_ELEMENTS(BEGINNINGS); i++)
    if (begins_with(html, BEGINNINGS[i]))
      return TRUE;
  return FALSE;
}

/* Session, previews, files: the files come last but choose their room first. */
static xmlNode *first_page(NxLabEntries *entries)
{
  gsize room = FORM_MAX - FORM_OTHER;
  xmlNode *page = nx_page_new(), *files = nx_page_new();
  nx_page_add_session(page, entries->job->context);
  room -= MIN(room, encoded_length_of(page));
  add_files(entries, files, &room);
  xmlNode *pictures = gallery(entries, room);
  entries->had_previews = pictures != NULL;
  move_children(page, pictures);
  move_children(page, files);
  return page;
}

static xmlNode *next_page(NxLabEntries *entries)
{
  gsize room = FORM_MAX - FORM_OTHER;
  if (!entries->is_started)
    return first_page(entries);
  xmlNode *page = entries->next_preview < entries->previews->len ? gallery(entries, room) : NULL;
  entries->had_previews = page != NULL;
  if (page || entries->next_file >= entries->files->len)
    return page;
  page = nx_page_new();
  add_files(entries, page, &room);
  return page;
}

char *nx_labarchives_entries_next(NxLabEntries *entries)
{
  xmlNode *page = next_page(entries);
  entries->is_started = TRUE;
  char *text = page ? nx_page_text(page) : NULL;
  if (page)
    nx_page_free(page);
  return text;
}

void nx_labarchives_entries_restart(NxLabEntries *entries)
{
  entries->next_preview = entries->next_file = 0;
  entries->is_started = FALSE;
}

gboolean nx_labarchives_entries_drop_previews(NxLabEntries *entries)
{
  gboolean had_previews = entries->had_previews;
  g_ptr_array_set_size(entries->previews, 0);
  nx_labarchives_entries_restart(entries);
  return had_previews;
}
