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

NxMigration *nx_config_migrate(const NxDotenv *old);
void nx_migration_free(NxMigration *migration);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxMigration, nx_migration_free)

#endif
