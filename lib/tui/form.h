/* form.h — labelled fields that are checked while they are typed into. */
#ifndef NX_TUI_FORM_H
#define NX_TUI_FORM_H

#include "input.h"

typedef enum {
  NX_FIELD_TEXT,
  NX_FIELD_SECRET, /* stars, until F2 */
  NX_FIELD_ZONE,   /* suggests; F3 chooses from a list */
  NX_FIELD_FOLDER, /* F3 chooses */
  NX_FIELD_FILE,
  NX_FIELD_LINES,  /* several, edited in a box; stars, until F2 */
  NX_FIELD_CHOICE, /* one of `choices` */
  NX_FIELD_SWITCH, /* "true" or "false" */
  NX_FIELD_FIXED,  /* shown, not changed */
  NX_FIELD_BUTTON,
  NX_FIELD_HEADING,
} NxFieldKind;

typedef struct {
  char *name; /* by which the program finds it */
  char *label;
  gboolean required;
  const char *help; /* one line, borrowed; or NULL */
  NxFieldKind kind;
  const char *const *choices; /* borrowed */
  const char *glosses;        /* of the choices: paragraphs of which one begins with `CHOICE: `; borrowed, or NULL */
  int side;                   /* 1: the right column of a wide form */
  NxInput input;
  gboolean disabled;
  gboolean touched;          /* its error is shown */
  char *error, *warning;     /* what `check` said */
  int row, column, width;    /* of the input, in rows of the whole form */
} NxField;

typedef struct NxForm NxForm;
struct NxForm {
  GPtrArray *fields; /* of NxField* */
  guint focus;
  gboolean stacked; /* labels above the inputs, however wide the screen */
  /* Sets the field's error and warning, NULL when there is none; both have been cleared. */
  void (*check)(NxForm *form, NxField *field, gpointer data);
  gpointer data;
  gboolean shows_all; /* errors of untouched fields too */
  int top, height;    /* rows scrolled away, rows in all */
  int first_line, lines;
};

void nx_form_init(NxForm *form);
void nx_form_clear(NxForm *form);
/* name, label and text are copied. */
NxField *nx_form_add(NxForm *form, NxFieldKind kind, const char *name, const char *label, const char *text);
NxField *nx_form_field(const NxForm *form, const char *name);
/* "" when there is no such field. */
const char *nx_form_text(const NxForm *form, const char *name);
NxField *nx_form_focused(const NxForm *form);
void nx_form_focus(NxForm *form, const NxField *field);
/* Checks every field; the number of errors. */
guint nx_form_check(NxForm *form);
void nx_form_draw(NxForm *form, int row, int lines);

typedef enum {
  NX_FORM_IGNORED,
  NX_FORM_MOVED,
  NX_FORM_CHANGED,
  NX_FORM_PRESSED, /* the focused field is a button */
} NxFormResult;
NxFormResult nx_form_key(NxForm *form, int key);
/* TRUE when a letter would be typed, not obeyed. */
gboolean nx_form_takes_text(const NxForm *form);

#endif
