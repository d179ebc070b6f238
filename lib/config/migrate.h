/* migrate.h — settings files of NexusLIMS 1.x and early 2.x (config 11). */
#ifndef NX_MIGRATE_H
#define NX_MIGRATE_H

#include "dotenv.h"
#include "nx-config.h"

typedef struct {
  GString *text;    /* the file with the current names */
  GPtrArray *gone;  /* names that are no longer used, each once, in the order of the file */
  GPtrArray *missing; /* required settings that the new file does not set */
} NxMigration;

/* What the setting `name` was called in NexusLIMS 1.x, or NULL. Not of numbered ones. */
const char *nx_setting_old_name(const char *name);

/* What a person who still sets `name` should know (g_free); NULL: it is no name of an earlier version. */
char *nx_setting_words_on_old(const char *name);

NxMigration *nx_config_migrate(const NxDotenv *old);
void nx_migration_free(NxMigration *migration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxMigration, nx_migration_free)

#endif
