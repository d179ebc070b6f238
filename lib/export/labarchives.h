/* labarchives.h — LabArchives, an electronic lab notebook: its signed calls and XML answers (export §8.1–8.4), and the HTML of a record's entries
 * (§8.6). Private to lib/export. */
#ifndef NX_EXPORT_LABARCHIVES_H
#define NX_EXPORT_LABARCHIVES_H

#include "nx-export.h"

#include <libxml/tree.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(xmlDoc, xmlFreeDoc)

/* ------------------------------------------------------------------------------------------------------------- calls */

typedef struct {
  NxHttp *http;
  char *base; /* without '/' at its end; its calls are {base}/{class}/{method} */
  const char *access_key_id, *access_password, *user_id; /* borrowed; user_id NULL: a call for which there is none yet */
  char *signature; /* of the last call: masked in what a server sends back */
} NxLabArchives;

/* base64 of HMAC-SHA-512(password, key id + bare method name + milliseconds since the epoch). */
char *nx_labarchives_sign(const char *access_key_id, const char *access_password, const char *method, const char *expires);

typedef struct {
  const char *class_name, *method; /* "tree_tools", "get_tree_level" */
  const char *const *query;        /* name, value, …, NULL; behind the signature */
  const char *const *form;         /* the same as the body of a POST; or NULL */
  const char *file;                /* POSTed as it is; or NULL */
  gboolean creates;                /* never repeated when it may have worked */
} NxLabCall;

typedef enum {
  NX_LAB_FINE,
  NX_LAB_AUTHENTICATION, /* the credentials are no good */
  NX_LAB_REFUSED,        /* any other error that LabArchives names */
  NX_LAB_FAILED,         /* a bad status without a reason, or an answer that is not its XML */
  NX_LAB_UNREACHED,      /* no answer */
} NxLabTrouble;

typedef struct {
  long status; /* HTTP status; 0: no answer */
  NxLabTrouble trouble;
  gboolean is_xml;
  gboolean ambiguous; /* a creating call that may have worked */
} NxLabOutcome;

/* The answer, or NULL. Calls of a process start at least a second apart; failures that pass are repeated as export §8.3 says. */
xmlDoc *nx_labarchives_call(NxLabArchives *service, const NxLabCall *call, NxLabOutcome *outcome, GError **err);

/* The next element of that name behind `after` (NULL: the first) in `within`, in document order; borrowed. */
xmlNode *nx_labarchives_next(xmlNode *within, xmlNode *after, const char *name);
/* The text of the first element of that name within; NULL when there is none. */
char *nx_labarchives_exact_text(xmlNode *within, const char *name);
/* The same without white space around it; NULL when nothing is left. */
char *nx_labarchives_text(xmlNode *within, const char *name);

/* ----------------------------------------------------------------------------------------------------------- entries */

/* The text entries that show one record: the session, previews and files, in pieces that the service accepts. */
typedef struct NxLabEntries NxLabEntries;
/* `data_root`: the front of file paths that is not shown; or NULL. */
NxLabEntries *nx_labarchives_entries_new(NxExportJob *job, const char *data_root);
void nx_labarchives_entries_free(NxLabEntries *entries);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(NxLabEntries, nx_labarchives_entries_free)
/* TRUE of the HTML of an entry that some record has given, however the service has written its tags: it begins with the same words. */
gboolean nx_labarchives_is_entry(const char *html);
/* The next entry's HTML, owned; NULL when all is said. The first always comes. Previews are read when it is their turn. */
char *nx_labarchives_entries_next(NxLabEntries *entries);
/* Starts again at the first entry. */
void nx_labarchives_entries_restart(NxLabEntries *entries);
/* The same without previews. TRUE when the entry given last had some. */
gboolean nx_labarchives_entries_drop_previews(NxLabEntries *entries);

#endif
