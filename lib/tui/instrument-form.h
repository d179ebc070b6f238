/* instrument-form.h — the fields of an instrument and what may stand in them (tui §2.3). */
#ifndef NX_TUI_INSTRUMENT_FORM_H
#define NX_TUI_INSTRUMENT_FORM_H

#include "form.h"
#include "store.h"

typedef struct {
  GPtrArray *instruments;     /* all of them, borrowed: for uniqueness */
  const NxInstrument *before; /* borrowed; NULL: a new one */
  char *data_root;            /* NX_INSTRUMENT_DATA_PATH, or NULL */
  GPtrArray *nemo_addresses;  /* configured ones */
  char **harvesters;          /* NULL-terminated */
} NxInstrumentChecks;

void nx_instrument_checks_init(NxInstrumentChecks *checks, GPtrArray *instruments, const NxInstrument *before);
void nx_instrument_checks_clear(NxInstrumentChecks *checks);

/* The label of a column in the form and in the list. */
const char *nx_instrument_label(guint column);
/* `checks` is borrowed by the form. */
void nx_instrument_form_make(NxForm *form, NxInstrumentChecks *checks);
/* The row that the form describes. A field that shows what `before` holds (NULL: a new row) leaves it as it is, blanks around it too; an iCalendar
 * instrument without API URL gets one of its own (DECISIONS 41). */
NxInstrument *nx_instrument_form_read(const NxForm *form, const NxInstrument *before);
void nx_instrument_form_fill(NxForm *form, const NxInstrument *instrument);

#endif
