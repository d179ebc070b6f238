/* igem-address.h — which database or snapshot a command of igem-server acts on: the first source that names one, and what the name means
 * (igem-db §1, §2). It acts on that one and on no other. */
#ifndef IGEM_ADDRESS_H
#define IGEM_ADDRESS_H

#include "nx-db.h"

typedef enum {
  IGEM_SQLITE,
  IGEM_POSTGRESQL,
  IGEM_SNAPSHOT,
  IGEM_FOLDER, /* of a SQLite address: a folder that is no snapshot */
  IGEM_MEMORY, /* gone when the program ends */
  IGEM_OTHER,  /* a scheme that nobody knows */
} IgemKind;

typedef struct {
  IgemKind kind;
  char *uri;             /* for people: no password, nothing that a terminal obeys */
  char *scheme;          /* as given: "postgresql+psycopg2" */
  char *place;           /* the path of the file or folder; of the others the address as given */
  char *opened;          /* what lib/db opens; of a snapshot its folder */
  char *host, *database; /* of a server, as given; NULL: the address names none */
} IgemAddress;

void igem_address_free(IgemAddress *address);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IgemAddress, igem_address_free)

/* What `text` names: one of the forms of igem-db §1.2. */
IgemAddress *igem_address_new(const char *text);

/* `typed`: what --db-uri said, first choice first; members may be NULL. Then the schema's variables, then its settings file. Blank counts
 * as unset. NULL and no error: nobody names a database. Errors are those of the settings file (NX_ERROR_CONFIG). */
IgemAddress *igem_address_find(const NxSchema *schema, const char *const typed[2], GError **err);

/* `[database] uri` of the file `name` in the current folder or the next one above it, else of the one in the home folder; a relative SQLite
 * address is one in the folder of the file that has it. NULL without *err: none has it. */
char *igem_settings_uri(const char *name, GError **err);

#endif
