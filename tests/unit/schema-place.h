/* schema-place.h — a database of the IGEM schema for a test, on either engine. */
#ifndef SCHEMA_PLACE_H
#define SCHEMA_PLACE_H

#include "nx-db.h"

#define BASE "7a8b9c0d1e2f"
#define HEAD "846c774a8f66"

/* What is said differently to the two engines. */
typedef struct {
  const char *name;
  const char *objects;      /* one line of text for each fact about the schema, sorted */
  const char *old_variants; /* variant_masters as it was at the base (igem-db 6) */
  const char *plain_tables; /* number of tables that are no partition */
  const char *columns, *indexes;
} Engine;

extern const Engine schema_sqlite, schema_postgresql;

/* To be called first: the repository's migrations are those of the tests, and there may be a PostgreSQL server (FALSE: not here). */
gboolean schema_server_start(void);
void schema_server_stop(void);

/* One database, and the folder that its test may fill. */
typedef struct {
  const Engine *engine;
  NxSchema *schema;
  char *folder, *address;
  GPtrArray *events; /* one line of text for each */
  NxWatcher watcher;
} Place;

/* With no database yet. */
Place *place_new(const Engine *engine);
void place_free(Place *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Place, place_free)

/* Through nx_schema_create. */
void place_create(Place *place);
/* What `create` makes, copied from the first one that it made. */
void place_have(Place *place);
/* The database of release 0.2.0: the head without what the one migration brings. */
void place_have_behind(Place *place);

/* Whether an event like "seeded SystemConfig 4 0 0", "migrated 7a8b9c0d1e2f 846c774a8f66" or "stamped 846c774a8f66" has been told. */
gboolean place_saw(const Place *place, const char *line);
/* Whether a warning with these words has been told. */
gboolean place_was_warned(const Place *place, const char *part);

gint64 place_number(const Place *place, const char *sql);
/* Rows as lines, values separated by |. */
char *place_text(const Place *place, const char *sql);
void place_assert_text(const Place *place, const char *sql, const char *expected);
void place_run(const Place *place, const char *sql);

void place_assert_state(const Place *place, NxState expected, const char *revision);
gboolean place_upgrade(Place *place, gboolean allow_data_loss, GError **err);
void place_assert_upgrades(Place *place);

/* The schema igem of another migrations folder. */
NxSchema *load_schema_from(const char *root, GError **err);
/* A copy of the schema's folder that the test may change: `name` gets `content` (NULL: it is removed). The place has the new one. */
void place_change_schema(Place *place, const char *name, const char *content);
#define NEXT_REVISION "aaaa774a8f66"
/* A further revision, so that the head is the one after HEAD. */
void place_add_revision(Place *place, const char *statements);

#endif
