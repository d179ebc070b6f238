/* libpq.h — PostgreSQL's client library, loaded when an address needs it: a command on a SQLite file does not wait for the twenty libraries
 * that come with it. */
#ifndef NX_DB_LIBPQ_H
#define NX_DB_LIBPQ_H

#include "nx-base.h"

#include <libpq-fe.h>

/* The functions of libpq-fe.h that are used here, without their PQ. */
#define NX_LIBPQ_FUNCTIONS(F)                                                                                                              \
  F(backendPID)                                                                                                                            \
  F(cancel)                                                                                                                                \
  F(clear)                                                                                                                                 \
  F(cmdTuples)                                                                                                                             \
  F(connectdbParams)                                                                                                                       \
  F(conninfoFree)                                                                                                                          \
  F(conninfoParse)                                                                                                                         \
  F(consumeInput)                                                                                                                          \
  F(db)                                                                                                                                    \
  F(errorMessage)                                                                                                                          \
  F(escapeIdentifier)                                                                                                                      \
  F(escapeLiteral)                                                                                                                         \
  F(finish)                                                                                                                                \
  F(flush)                                                                                                                                 \
  F(fname)                                                                                                                                 \
  F(freeCancel)                                                                                                                            \
  F(freemem)                                                                                                                               \
  F(ftype)                                                                                                                                 \
  F(getCancel)                                                                                                                             \
  F(getCopyData)                                                                                                                           \
  F(getResult)                                                                                                                             \
  F(getisnull)                                                                                                                             \
  F(getlength)                                                                                                                             \
  F(getvalue)                                                                                                                              \
  F(host)                                                                                                                                  \
  F(isBusy)                                                                                                                                \
  F(nfields)                                                                                                                               \
  F(port)                                                                                                                                  \
  F(putCopyData)                                                                                                                           \
  F(putCopyEnd)                                                                                                                            \
  F(reset)                                                                                                                                 \
  F(resultErrorField)                                                                                                                      \
  F(resultErrorMessage)                                                                                                                    \
  F(resultStatus)                                                                                                                          \
  F(sendPrepare)                                                                                                                           \
  F(sendDescribePrepared)                                                                                                                  \
  F(sendQuery)                                                                                                                             \
  F(sendQueryParams)                                                                                                                       \
  F(setNoticeProcessor)                                                                                                                    \
  F(setSingleRowMode)                                                                                                                      \
  F(socket)                                                                                                                                \
  F(status)                                                                                                                                \
  F(transactionStatus)                                                                                                                     \
  F(user)

typedef struct {
#define NX_LIBPQ_MEMBER(name) __typeof__(&PQ##name) name;
  NX_LIBPQ_FUNCTIONS(NX_LIBPQ_MEMBER)
#undef NX_LIBPQ_MEMBER
} NxLibpq;

extern NxLibpq nx_pq;
/* Fills nx_pq; to be called before its first use. NX_ERROR_CONFIG when the library is not there. */
gboolean nx_libpq_load(GError **err);

#endif
