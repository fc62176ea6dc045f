/* File bucket: a directory kept as a bucket, the embedded stand-in for S3 with the same contract.
 * Owns its path; objects are plain files under it, so that people can look at them with their own
 * tools. What a file cannot say (content type, metadata) stands under DIR/.tidegate/, and writes
 * and deletes are made under a lock there, so that several processes may share a directory. It
 * never leaves its directory: keys are checked, and symbolic links in it are not followed (DIR
 * itself may be one).
 *
 * Every operation ends inside its start. Reads take no lock. The ETag is the MD5 of the bytes, in
 * quotes, so a file that a person put there or edited has one too (move it into place: one that
 * is still being written is read as far as it is).
 *
 * Writes are atomic: a reader sees the old object or the new one, each with its own metadata. So
 * it stays when a process is killed at any point; what is left over is cleared by the next
 * writer. Power failure: bytes and metadata are on the disk before the object takes its name, so
 * none is ever torn; the name itself gets there with the file system's next commit, so writes and
 * deletes of the last seconds may be undone, in the order they were made where the file system
 * keeps order. Syncing the directories too would close that gap at twice the price (about 0.7 ms
 * a sync on a fast disk), and the only thread stands still meanwhile.
 *
 * Its own errors: InvalidKey for keys under .tidegate; KeyConflict (not retryable) where one name
 * would have to be a file and a directory, or is a link; too_large for bodies over
 * BUCKET_BODY_MAX; NoSuchBucket when DIR is gone; from the system disk_full and io (retryable)
 * and access_denied.
 *
 * A delete removes the directories that it leaves empty. A listing shows the plain files with
 * valid keys, and fails when a directory in it cannot be read. The ETag it tells of a file that
 * cannot be read, or has more than 1 MiB, is one that no object has: a condition on it fails,
 * HEAD tells the real one. */
#ifndef TIDEGATE_LOCAL_FILE_BUCKET_H
#define TIDEGATE_LOCAL_FILE_BUCKET_H

#include "base/bucket.h"

/* `create`: make the directory, and those above it, when missing (a store); else a missing one is
 * the error NoSuchBucket (a source). Nothing else is made before the first write. */
struct bucket *file_bucket_open(struct bytes dir, bool create, struct err *err);

#endif
