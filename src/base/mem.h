/* Memory: allocation that cannot fail, and a count of what is alive.
 * The caller owns what it gets and gives it back with mem_free(). Running out of memory logs one
 * line and aborts the process (the source redelivers); bodies of unknown size go through struct
 * buf, which has a maximum, never through here. */
#ifndef TIDEGATE_BASE_MEM_H
#define TIDEGATE_BASE_MEM_H

#include <stddef.h>

#define MUSTCHECK __attribute__((warn_unused_result))
#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Opens a file's statics to its test: c_tests include the .c with UNITTEST defined empty. */
#ifndef UNITTEST
#define UNITTEST static
#endif

void *mem_new(size_t size) MUSTCHECK;                         /* zeroed */
void *mem_array(size_t count, size_t size) MUSTCHECK;         /* zeroed; an overflow aborts */
void *mem_resize(void *old, size_t count, size_t size) MUSTCHECK;
void *mem_try(void *old, size_t size) MUSTCHECK; /* NULL when there is no memory; not zeroed */
char *mem_text(const char *text) MUSTCHECK;                   /* a copy; NULL gives NULL */
char *mem_slice(const char *at, size_t len) MUSTCHECK;        /* a copy with a final NUL */
void mem_free(void *what);                                    /* NULL is fine */

/* Logs one line and aborts: for libraries that report what mem_ would not. */
void mem_exhausted(void) __attribute__((noreturn));

/* Blocks handed out and not yet freed: tests end with the number they began with. */
size_t mem_live(void);

#endif
