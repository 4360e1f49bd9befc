/* Just enough of stddef.h to parse cuda.h without a C library. */
#ifndef CUDARPC_LIBC_STDDEF_H
#define CUDARPC_LIBC_STDDEF_H

typedef __SIZE_TYPE__ size_t;
typedef __PTRDIFF_TYPE__ ptrdiff_t;

#ifdef __cplusplus
#define NULL __null
#else
#define NULL ((void *)0)
typedef __WCHAR_TYPE__ wchar_t;
#endif

#define offsetof(type, member) __builtin_offsetof(type, member)

#endif
