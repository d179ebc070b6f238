/* reservation.h — the `reservation` of a session line, and what people answered to a facility's questions. Private to lib/harvest. */
#ifndef NX_RESERVATION_H
#define NX_RESERVATION_H

#include "nx-base.h"

/* A `reservation` with every key of LINES: `source` set, lists empty, all else null. */
json_object *nx_reservation_new(const char *source);

/* One member of `samples`; `elements` is an array or NULL and is consumed. */
json_object *nx_reservation_sample(const char *name, const char *pid, const char *details, json_object *elements);
/* One member of `projects`. */
json_object *nx_reservation_project(const char *name, const char *id, const char *ref);

typedef enum { NX_CONSENT_GIVEN, NX_CONSENT_UNDEFINED, NX_CONSENT_REFUSED } NxConsent;

/* Judges an answer (harvest-nemo §9.3): NULL, blank and `[]`… see there. An array is judged by its first member. */
NxConsent nx_consent_judge(json_object *answer);

/* Question data (harvest-nemo §9): the `user_input` of question `name`, borrowed; NULL when there is none. */
json_object *nx_answer(json_object *questions, const char *name);
/* The same as text: a number or a word of JSON as it is written, NULL for an object or an array. */
char *nx_answer_text(json_object *questions, const char *name);
/* The samples of `sample_group` in the order of the JSON text. */
json_object *nx_answer_samples(json_object *questions);

#endif
