/* load.c — many rows into a table, the fastest way that the engine has. */
#include "driver.h"

struct NxLoad {
  const NxDbDriver *driver;
  gpointer load;
};

NxLoad *nx_load_start(NxDb *db, const char *table, const char *const *columns, GError **err)
{
  const NxDbDriver *driver = nx_db_driver(db);
  gpointer started = driver->load_start(nx_db_connection(db), table, columns, err);
  if (!started)
    return NULL;
  NxLoad *load = g_new0(NxLoad, 1);
  load->driver = driver;
  load->load = started;
  return load;
}

void nx_load_null(NxLoad *load)
{
  load->driver->load_null(load->load);
}

void nx_load_text(NxLoad *load, const char *text, gsize length)
{
  load->driver->load_text(load->load, text, length);
}

void nx_load_integer(NxLoad *load, gint64 value)
{
  load->driver->load_integer(load->load, value);
}

void nx_load_real(NxLoad *load, double value)
{
  load->driver->load_real(load->load, value);
}

void nx_load_bytes(NxLoad *load, const void *bytes, gsize length)
{
  load->driver->load_bytes(load->load, bytes, length);
}

gboolean nx_load_next(NxLoad *load, GError **err)
{
  return load->driver->load_next(load->load, err);
}

gboolean nx_load_finish(NxLoad **load, GError **err)
{
  NxLoad *finished = g_steal_pointer(load);
  gboolean good = finished->driver->load_end(finished->load, TRUE, err);
  g_free(finished);
  return good;
}

void nx_load_free(NxLoad *load)
{
  if (!load)
    return;
  load->driver->load_end(load->load, FALSE, NULL);
  g_free(load);
}
