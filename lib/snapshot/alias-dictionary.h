/* alias-dictionary.h — a dictionary that was opened. Only the header has been checked: every number in the sections is, when it is used. */
#ifndef NX_SNAPSHOT_ALIAS_DICTIONARY_H
#define NX_SNAPSHOT_ALIAS_DICTIONARY_H

#include "alias-file.h"

struct NxAliases {
  GBytes *bytes;
  const AliasHeader *header;
  const AliasRecord *records;
  const AliasNorm *norms;
  const AliasName *names;
  const AliasSlot *slots;
  const guint64 *first, *further;
  const char *pool;
};

/* NULL: ALIAS_NO_TEXT, or beyond the pool. Bytes of any kind. */
const char *alias_text(const NxAliases *aliases, guint32 text);
/* Its text and its aliases are there. */
gboolean alias_norm_is_sane(const NxAliases *aliases, const AliasNorm *norm);
/* The members of an alias that look-up and scan show. */
void alias_add_members(const NxAliases *aliases, json_object *to, const AliasRecord *record);

#endif
