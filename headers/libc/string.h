/* cuda.h wants no more of string.h than size_t and NULL. */
#ifndef CUDARPC_LIBC_STRING_H
#define CUDARPC_LIBC_STRING_H

#include <stddef.h>

#endif
