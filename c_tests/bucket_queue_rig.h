/* Bucket queue rig: a bucket queue of its own for each test, on a directory, which answers at once,
 * and on a memory bucket, which answers later. It owns queue and bucket from begin to end; a test
 * that leaks fails. It checks nothing of what a queue does. */
#ifndef TIDEGATE_TESTS_BUCKET_QUEUE_RIG_H
#define TIDEGATE_TESTS_BUCKET_QUEUE_RIG_H

#include "delivery/bucket_queue.h"

#include "bucket_calls.h"
#include "leak_check.h"
#include "queue_calls.h"

extern struct rig rig;

int begin_file(void **state);
int end_file(void **state);
int begin_memory(void **state);
int end_memory(void **state);

/* Objects whose content is their key; the list ends with NULL. */
void put_all(const char *const *keys);

#define PUT(...) put_all((const char *const[]){__VA_ARGS__, NULL})
#define RECEIVE(want, now) queue_receive(&rig, want, -1, now)

#define BOTH(test)                                                                       \
    {#test " (file)", test, begin_file, end_file, NULL},                                 \
    {#test " (memory)", test, begin_memory, end_memory, NULL}

#define LATER(test) {#test, test, begin_memory, end_memory, NULL}

#endif
