/* cuda.h wants no more of stdlib.h than size_t and NULL. */
#ifndef CUDARPC_LIBC_STDLIB_H
#define CUDARPC_LIBC_STDLIB_H

#include <stddef.h>

#endif
