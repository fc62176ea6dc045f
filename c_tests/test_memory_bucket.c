/* The bucket that other tests stand on keeps the contract too, and the suite works for a bucket
 * that answers later. */
#include "bucket_contract.h"
#include "memory_bucket.h"

static struct bucket *open_one(void *world)
{
    (void)world;
    return &memory_bucket_new()->bucket;
}

static void close_one(void *world, struct bucket *b)
{
    (void)world;
    bucket_free(b);
}

static void turn(void *world, struct bucket *b)
{
    (void)world;
    memory_bucket_step((struct memory_bucket *)b);
}

int main(void)
{
    static const struct bucket_backend backend = {
        .name = "memory bucket", .open = open_one, .close = close_one, .turn = turn};
    return bucket_contract_run(&backend);
}
