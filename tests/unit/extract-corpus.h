/* extract-corpus.h — what the tests of lib/extract share: files of the corpus with their expected values, opened as the product opens them. */
#ifndef EXTRACT_CORPUS_H
#define EXTRACT_CORPUS_H

#include "input.h"

/* The folder of the corpus, or NULL when it is not there. */
char *corpus_folder(const char *name);
/* The paths of all NAME.expected.json in a folder, sorted. */
GPtrArray *corpus_expectations(const char *folder);

/* One expectation and the file it is about. */
typedef struct {
  char *path;            /* of the data file */
  json_object *expected;
  NxOpened *opened;
  NxInput in;            /* its input */
} CorpusCase;
CorpusCase *corpus_case_open(const char *expectation);
void corpus_case_free(CorpusCase *test);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CorpusCase, corpus_case_free)

/* TRUE when both are the same JSON: key order free, numbers as doubles. *where (owned) names the first difference. */
gboolean corpus_same(json_object *got, json_object *expected, char **where);
/* Fails the test, naming the difference. */
void corpus_assert_same(json_object *got, json_object *expected, const char *what);
/* Fails the test when the keys of two values that are the same come in another order, at any depth. */
void corpus_assert_same_order(json_object *got, json_object *expected, const char *what);

#endif
