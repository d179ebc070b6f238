/* addresses.h — web, mail and database addresses: checked, brought into one form, masked. */
#ifndef NX_ADDRESSES_H
#define NX_ADDRESSES_H

#include "nx-config.h"

/* Each returns the normal form, or NULL and in *problem (borrowed) what is wrong, in words that follow the setting's name. */

/* http or https with a host: scheme and host in lower case (international hosts in ASCII), default port dropped, empty path /, rest kept. */
char *nx_address_url(const char *text, const char **problem);
/* The same of an address under which everything of a server lies, and which everybody may read: no user, no password, no ? or #, / at its end. */
char *nx_address_root(const char *text, const char **problem);
/* local@domain (config 3); `Name <a@b.c>` becomes a@b.c, the domain lower case. */
char *nx_address_email(const char *text, const char **problem);

#endif
