/* autogenerate.h — a new revision out of what a developer changed by hand. */
#ifndef NX_DB_AUTOGENERATE_H
#define NX_DB_AUTOGENERATE_H

#include "alembic.h"

/* The bodies of the pair of files that turn the schema of the head revision into the one of the database, and back. Both NULL: no
 * difference. */
gboolean nx_autogenerate(const NxAlembic *alembic, char **up, char **down, GError **err);

#endif
