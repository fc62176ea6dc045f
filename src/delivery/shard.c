#include "delivery/shard.h"

#include "base/digest.h"

static int refuse(struct err *err)
{
    return err_set(err, "BadShard", "expected I/N with 1 <= I <= N <= %d", SHARD_COUNT_MAX);
}

int shard_make(int64_t index, int64_t count, struct shard *out, struct err *err)
{
    if (index < 1 || index > count || count > SHARD_COUNT_MAX)
        return refuse(err);
    *out = (struct shard){(int)index, (int)count};
    return 0;
}

static bool to_number(struct bytes text, int64_t *out)
{
    return text.len && text.at[0] >= '0' && text.at[0] <= '9' && bytes_to_int64(text, out);
}

int shard_read(struct bytes text, struct shard *out, struct err *err)
{
    struct bytes after, before = bytes_cut(text, '/', &after);
    int64_t index, count;
    if (!to_number(before, &index) || !to_number(after, &count))
        return refuse(err);
    return shard_make(index, count, out, err);
}

bool shard_has(struct shard s, struct bytes key)
{
    unsigned char digest[SHA256_BYTES];
    uint64_t hash = 0;
    if (s.count <= 1)
        return true;
    digest_sha256(key, digest);
    for (int i = 0; i < 8; i++)
        hash = hash << 8 | digest[i];
    return hash % (uint64_t)s.count == (uint64_t)s.index - 1;
}
