/* site.c — the local web catalogue: every record a page, one index with search and filters, an Atom feed. Static files that work from file://. */
#include "site.h"

#include "destinations.h"

#include <errno.h>
#include <libxslt/security.h>
#include <libxslt/xslt.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  const NxSettings *settings;
  xsltStylesheet *sheet; /* NULL until first used */
  gboolean assets_written;
} Site;

static gboolean site_is_enabled(const NxSettings *settings)
{
  return settings->site_path && *settings->site_path;
}

static gpointer site_open(const NxDestination *self, const NxSettings *settings, NxHttp *http)
{
  (void)self, (void)http;
  Site *site = g_new0(Site, 1);
  site->settings = settings;
  return site;
}

static void site_close(gpointer state)
{
  Site *site = state;
  xsltFreeStylesheet(site->sheet);
  g_free(site);
}

/* ------------------------------------------------------------------------------------------------------- look and template */

static const char *const ASSETS[] = {"index.html", "site.css", "site.js"};

/* Copies what differs: an update of the program brings its own look along. */
static gboolean write_assets(const char *folder, GError **err)
{
  for (gsize i = 0; i < G_N_ELEMENTS(ASSETS); i++) {
    g_autofree char *relative = g_build_filename("site", ASSETS[i], NULL);
    g_autofree char *from = nx_share_path(relative), *to = g_build_filename(folder, ASSETS[i], NULL);
    g_autofree char *new_text = NULL, *old_text = NULL;
    gsize new_length, old_length = 0;
    if (!nx_file_read(from, 1 << 20, &new_text, &new_length, err))
      return FALSE;
    gboolean same = nx_file_read(to, 1 << 20, &old_text, &old_length, NULL) && old_length == new_length && memcmp(old_text, new_text, new_length) == 0;
    if (!same && !nx_file_write(to, new_text, new_length, 0666 & ~022, err))
      return FALSE;
  }
  return TRUE;
}

static gboolean load_sheet(Site *site, GError **err)
{
  if (site->sheet)
    return TRUE;
  g_autofree char *path = nx_share_path("site/record.xsl");
  site->sheet = xsltParseStylesheetFile((const xmlChar *)path);
  if (!site->sheet)
    g_set_error(err, NX_ERROR, NX_ERROR_CONFIG, "the page template %s cannot be read; is NexusLIMS installed completely?", path);
  return site->sheet != NULL;
}

/* ------------------------------------------------------------------------------------------------------------- one record */

static char *record_name(const char *path)
{
  g_autofree char *base = g_path_get_basename(path);
  return g_str_has_suffix(base, ".xml") ? g_strndup(base, strlen(base) - 4) : g_steal_pointer(&base);
}

static gboolean publish(Site *site, NxExportJob *job, const char *name, GError **err)
{
  const char *folder = site->settings->site_path;
  g_auto(NxSitePage) page = {0};
  if (!nx_site_mend(folder, err))
    return FALSE;
  nx_site_page_init(&page, folder, name);
  g_autoptr(json_object) entry =
      nx_folder_make(page.new_folder, err) ? nx_site_record_write(site->settings, site->sheet, job, name, page.new_folder, err) : NULL;
  if (entry)
    return nx_site_page_finish(&page, entry, err);
  nx_site_page_abandon(&page);
  return FALSE;
}

/* A session whose start was corrected has a record of another name. */
static void withdraw_renamed(const Site *site, NxExportJob *job, const char *name)
{
  g_autoptr(GError) problem = NULL;
  const char *known = nx_json_get_string(nx_json_get(job->context, "metadata"), "known_record_id");
  if (known && !g_str_equal(known, name) && !nx_site_withdraw(site->settings->site_path, known, &problem))
    nx_job_warn(job, "the page of the record's former name %s is still there: %s", known, problem->message);
}

static gboolean site_send(gpointer state, NxExportJob *job, GError **err)
{
  Site *site = state;
  const char *folder = site->settings->site_path, *path = job->record_path;
  if (!path) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the export request names no record file (xml_file_path)");
    return FALSE;
  }
  g_autofree char *name = record_name(path), *records = g_build_filename(folder, "records", NULL);
  if (!nx_site_is_page_name(name)) {
    g_set_error(err, NX_ERROR, NX_ERROR_DATA, "the name of the record %s begins with a dot, as only files of the catalogue's own do", path);
    return FALSE;
  }
  if (!nx_folder_make(records, err))
    return FALSE;
  int lock = nx_site_lock(folder, err);
  if (lock < 0)
    return FALSE;
  gboolean good = load_sheet(site, err);
  site->assets_written = site->assets_written || (good && write_assets(folder, err));
  good = good && site->assets_written && publish(site, job, name, err);
  if (good)
    withdraw_renamed(site, job, name);
  close(lock);
  if (!good)
    return FALSE;
  g_autofree char *page = g_build_filename(records, name, "index.html", NULL);
  job->record_id = g_steal_pointer(&name);
  job->record_url = g_filename_to_uri(page, NULL, err);
  return job->record_url != NULL;
}

/* What every record is written into or locked with, once it is there. */
static const char *const WRITTEN[] = {"records", ".lock"};

static gboolean is_writable(const char *folder, GError **err)
{
  if (access(folder, W_OK) != 0)
    return nx_error_from_errno(err, errno, "write into the catalogue", folder);
  for (gsize i = 0; i < G_N_ELEMENTS(WRITTEN); i++) {
    g_autofree char *path = g_build_filename(folder, WRITTEN[i], NULL);
    if (access(path, W_OK) != 0 && errno != ENOENT)
      return nx_error_from_errno(err, errno, "write into the catalogue", path);
  }
  return TRUE;
}

/* Makes nothing: a catalogue that is not there yet comes with its first record. */
static gboolean site_validate(gpointer state, GError **err)
{
  Site *site = state;
  const char *folder = site->settings->site_path;
  if (!load_sheet(site, err))
    return FALSE;
  if (access(folder, F_OK) == 0 || errno != ENOENT)
    return is_writable(folder, err);
  g_autofree char *parent = g_path_get_dirname(folder);
  return access(parent, W_OK) == 0 || nx_error_from_errno(err, errno, "make the catalogue folder in", parent);
}

const NxDestination nx_destination_site = {.name = "site",
                                           .priority = 110,
                                           .is_enabled = site_is_enabled,
                                           .open = site_open,
                                           .close = site_close,
                                           .send = site_send,
                                           .validate = site_validate,
                                           .is_local = TRUE};
