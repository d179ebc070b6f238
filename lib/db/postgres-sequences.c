/* postgres-sequences.c — sequences that have to learn of numbers which were given without them (seeds, imports). */
#include "postgres.h"

/* Never back: a number that was given once, to a row that is gone, is not given again. */
gboolean nx_postgres_repair_sequence(gpointer connection, const char *table, const char *column, GError **err)
{
  g_autofree char *table_name = nx_postgres_identifier(connection, table), *column_name = nx_postgres_identifier(connection, column);
  g_autofree char *table_text = nx_postgres_literal(connection, table_name), *column_text = nx_postgres_literal(connection, column);
  g_autofree char *sql = g_strdup_printf("SELECT setval(s, GREATEST((SELECT max(%s) FROM %s), pg_sequence_last_value(s))) "
                                         "FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS s) AS q "
                                         "WHERE s IS NOT NULL AND EXISTS (SELECT FROM %s)",
                                         column_name, table_name, table_text, column_text, table_name);
  return nx_postgres_script(connection, sql, err);
}
