/* nx-alias.h — names and codes of things found in free text: a dictionary of aliases, its file, look-up and scan (igem-db §9). */
#ifndef NX_SNAPSHOT_ALIAS_H
#define NX_SNAPSHOT_ALIAS_H

#include "nx-snapshot.h"

#define NX_ALIAS_FORMAT 3
#define NX_ALIAS_FILE "nlp/alias_dictionary.nxad"

/* Lower case, NFKD, no combining marks, `-_/` as blanks, single blanks (igem-db §9.1). Not UTF-8: as nx_text_utf8. */
char *nx_alias_normalise(const char *text);
/* Codes: trimmed and lower case only. */
char *nx_alias_normalise_code(const char *text);

typedef struct {
  gint64 alias_id, entity_id;
  gint32 type_id;
  const char *value, *norm; /* norm "": made of value */
  const char *kind;         /* preferred, synonym, code, … */
  const char *source, *type_name, *domain; /* or NULL */
  gboolean is_primary;
} NxAlias;

typedef struct {
  guint kept, norms, names, too_short, stopped;
} NxAliasCounts;

/* Collects aliases, in ascending order of their ids, into the bytes of a dictionary. */
typedef struct NxAliasBuilder NxAliasBuilder;
NxAliasBuilder *nx_alias_builder_new(void);
void nx_alias_builder_free(NxAliasBuilder *builder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxAliasBuilder, nx_alias_builder_free)
void nx_alias_builder_add(NxAliasBuilder *builder, const NxAlias *alias);
/* NX_ERROR_INTERRUPTED. */
GBytes *nx_alias_builder_finish(NxAliasBuilder *builder, NxAliasCounts *counts, GError **err);
/* The active aliases of an IGEM snapshot: entity_aliases joined with entity_types; the instruments and users of a NexusLIMS one, which are called by
 * their ids. */
GBytes *nx_alias_build_snapshot(const NxSnapshot *snapshot, NxAliasCounts *counts, GError **err);
/* The same of the rows of a NexusLIMS database; `tables`: the names of those there are, NULL-terminated. NX_ERROR_DATA when none of them holds
 * names, NX_ERROR_FORMAT when one lacks a column, or what the rows' source says. */
GBytes *nx_alias_build_rows(const NxRowSource *rows, const char *const *tables, NxAliasCounts *counts, GError **err);

/* A dictionary. Nothing but its header is looked at beforehand: what is found is checked when it is used, and what does not fit is not found. */
typedef struct NxAliases NxAliases;
NxAliases *nx_aliases_new(GBytes *bytes, GError **err);
/* Maps a file, which nobody may shorten in its place meanwhile: that ends the process (SIGBUS). */
NxAliases *nx_aliases_open(const char *path, GError **err);
/* Whether all bytes have their sum; reads all of them. */
gboolean nx_aliases_check(const NxAliases *aliases, GError **err);
void nx_aliases_free(NxAliases *aliases);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxAliases, nx_aliases_free)

typedef enum { NX_ALIAS_SMART, NX_ALIAS_ALL, NX_ALIAS_BEST } NxAliasMode;
/* Array of matches (igem-db §9.3, fields of 6 but for source_record_id and source_field). n_bytes -1: NUL-terminated, else a NUL is as a byte
 * that is no UTF-8. */
json_object *nx_aliases_scan(const NxAliases *aliases, const char *text, gssize n_bytes, NxAliasMode mode);
/* Array of the aliases whose norm is that of `text`; n_bytes as above. */
json_object *nx_aliases_lookup(const NxAliases *aliases, const char *text, gssize n_bytes);

/* Makes the dictionary of an IGEM snapshot in its folder nlp/ and names it in the manifest. */
gboolean nx_alias_cache_make(const char *folder, gboolean overwrite, NxAliasCounts *counts, gsize *size, GError **err);
/* "present": it fits the tables; "stale": it does not, or is damaged; "absent"; "foreign": another program's. Borrowed. */
const char *nx_alias_cache_state(const NxSnapshot *snapshot, const char *folder);
typedef enum {
  NX_ALIAS_REQUIRE_CACHE = 1 << 0, /* no dictionary that fits is an error */
  NX_ALIAS_TRUST_CACHE = 1 << 1,   /* its bytes are not read and compared with the sum of the manifest, but mapped */
} NxAliasFlags;
/* The dictionary in the folder when it fits the tables, else (warned) one made in memory. */
NxAliases *nx_aliases_of_snapshot(const char *folder, NxAliasFlags flags, GError **err);

#endif
