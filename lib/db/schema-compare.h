/* schema-compare.h — a live schema against the one that the revisions build (database 8.5). */
#ifndef NX_DB_SCHEMA_COMPARE_H
#define NX_DB_SCHEMA_COMPARE_H

#include "migration.h"

/* How one table differs; what is only in the live one is `extra`. */
typedef struct {
  char *name;
  NxTable *live, *expected;                   /* NULL: the table is not there */
  GPtrArray *extra_columns, *missing_columns; /* NxColumn*, borrowed */
  GPtrArray *extra_indexes, *missing_indexes; /* statements, borrowed */
  GPtrArray *others;                          /* sentences on columns and constraints that are not the same */
} NxTableDifference;

/* Tables that differ, by name. Differences that databases made before migrations have by their origin do not count. */
GPtrArray *nx_schema_differences(NxDb *live, NxDb *expected, GError **err);
/* Every difference in words. */
GPtrArray *nx_schema_sentences(GPtrArray *differences);
/* The sentences of `live` against the schema at `revision`. */
GPtrArray *nx_schema_compare_at(NxDb *live, const NxGraph *graph, const NxRevision *revision, GError **err);

#endif
