/* edit.h — the parts of `config edit`: one form a tab, made from the settings table; what may stand in it; saving; trying a connection. */
#ifndef NX_TUI_EDIT_H
#define NX_TUI_EDIT_H

#include "form.h"
#include "nx-config.h"

enum { NX_TAB_CORE, NX_TAB_CDCS, NX_TAB_FILES, NX_TAB_NEMO, NX_TAB_ELABFTW, NX_TAB_LABARCHIVES, NX_TAB_EMAIL, NX_TAB_SSL, NX_EDIT_TABS };
extern const char *const nx_edit_tabs[];

typedef struct {
  const char *path;
  char *title;
  GHashTable *present; /* the settings of the file as it was read */
  char *text;          /* the file's bytes then; NULL: there was none */
  NxForm forms[NX_EDIT_TABS];
  guint tab;
  char *start; /* what the forms held at the start */
} NxEdit;

/* ---- fields */

/* Fills every form from `present`, from which empty values go, and in which harvesters get their numbers without leading zeros. */
void nx_edit_make_forms(NxEdit *edit);
/* A value of the file as its field shows it. */
char *nx_edit_shown(const NxSetting *setting, const char *stored);
void nx_edit_add_harvester(NxEdit *edit);
void nx_edit_remove_harvester(NxEdit *edit, guint number);
gboolean nx_edit_harvester_is_filled(const NxEdit *edit, guint number);
/* The field of a setting in any form; NULL: it has none. */
NxField *nx_edit_field(const NxEdit *edit, const char *name);
const char *nx_edit_text(const NxEdit *edit, const char *name);
/* The switch of an optional group ("elabftw", "labarchives", "email") is on. */
gboolean nx_edit_is_on(const NxEdit *edit, const char *group);
/* Fields of a group that is off cannot be reached. */
void nx_edit_follow_switches(NxEdit *edit);
/* All texts in one, to tell whether something changed. */
char *nx_edit_snapshot(const NxEdit *edit);

/* ---- checks */

/* The check function of every form; its data is the NxEdit. */
void nx_edit_check(NxForm *form, NxField *field, gpointer data);
/* Sentences about every error, in the order of the tabs; *first is the first bad field and *tab its tab. */
GPtrArray *nx_edit_problems(NxEdit *edit, NxField **first, guint *tab);

/* ---- saving */

/* `*.mib, *.db` as a JSON array, NULL when no pattern was typed: that is no list, but the default. And back; what is no such array, or one that
 * commas would change (none, or one with a comma), stays as it is. */
char *nx_edit_list_to_json(const char *typed);
char *nx_edit_list_from_json(const char *stored);
/* The settings that the file is to hold, of which every one has a field: name → value. */
GHashTable *nx_edit_wanted(const NxEdit *edit);
/* The file was changed by another program since it was read. */
gboolean nx_edit_is_outdated(const NxEdit *edit);
/* Backs the file up when something changes, and writes it. */
gboolean nx_edit_save(const NxEdit *edit, GError **err);

/* ---- trying */

typedef enum { NX_PROBE_GOOD, NX_PROBE_BAD, NX_PROBE_STOPPED } NxProbeResult;
/* Runs `nx-tui-probe WHAT` ("cdcs", "elabftw", "labarchives", "labarchives-user", "mail", "nemo N") with the values of the form; `input` (or NULL) is
 * its standard input. *text is what it said, without secrets; owned. */
NxProbeResult nx_edit_probe(const NxEdit *edit, const char *what, const char *input, char **text);
/* `Get My UID`: asks for a LabArchives login and puts the user id behind it into its field. */
void nx_edit_find_uid(NxEdit *edit);

#endif
